// Reads coordinates as people paste them: decimal points or commas, degrees, hemispheres in Portuguese or English, links.

/** @typedef {{ lat: number, lng: number }} Point */
/** @typedef {{ west: number, south: number, east: number, north: number }} Bounds */

/** Brazil, for a tenant whose own bounds aren't known. */
const BRAZIL = { west: -74, south: -34, east: -32, north: 5.5 };
/** How far from the tenant's boxes somebody may ask without being asked back, in degrees. */
const AROUND = 2;

const NUMBER = String.raw`[-+]?\d+(?:[.,]\d+)?`;
const HEMISPHERES = { N: ["lat", 1], S: ["lat", -1], E: ["lng", 1], L: ["lng", 1], W: ["lng", -1], O: ["lng", -1] };

/**
 * One point; several where it isn't clear which is meant; none where these are no coordinates.
 * @param {string} text @param {Bounds | null} [bounds] of the tenant's boxes
 * @returns {Point[]}
 */
export function readPoints(text, bounds) {
  const plain = text.replace(/[−–]/g, "-").trim();
  const labelled = byLabels(plain) ?? byHemispheres(plain);
  if (labelled) return isOnEarth(labelled) ? [labelled] : [];
  const pair = fromLink(plain) ?? fromDegrees(plain) ?? fromPair(plain);
  return pair ? plausible(pair[0], pair[1], bounds ?? BRAZIL) : [];
}

const decimal = (text) => Number.parseFloat(text.replace(",", "."));
const isOnEarth = ({ lat, lng }) => Math.abs(lat) <= 90 && Math.abs(lng) <= 180;

const isNear = ({ lat, lng }, { west, south, east, north }) =>
  lat >= south - AROUND && lat <= north + AROUND && lng >= west - AROUND && lng <= east + AROUND;

/** As it stands, if it is near the boxes; else also what it would be swapped, or with a sign that was left out. */
function plausible(first, second, bounds) {
  const asTyped = { lat: first, lng: second };
  if (isOnEarth(asTyped) && isNear(asTyped, bounds)) return [asTyped];
  const others = [
    { lat: second, lng: first },
    { lat: -first, lng: -second },
    { lat: first, lng: -second },
    { lat: -second, lng: -first },
  ];
  const near = others.filter((point) => isOnEarth(point) && isNear(point, bounds));
  const distinct = near.filter(
    (one, at) => near.findIndex((other) => other.lat === one.lat && other.lng === one.lng) === at,
  );
  return [asTyped, ...distinct.slice(0, 2)].filter(isOnEarth);
}

/** "lat: -27.5, lng: -48.5", JSON, "latitude=…&longitude=…", in any order. */
function byLabels(text) {
  const lat = new RegExp(`lat(?:itude)?["']?\\s*[:=]?\\s*(${NUMBER})`, "i").exec(text);
  const lng = new RegExp(`(?:lng|lon|long)(?:gitude|itude)?["']?\\s*[:=]?\\s*(${NUMBER})`, "i").exec(text);
  return lat && lng ? { lat: decimal(lat[1]), lng: decimal(lng[1]) } : null;
}

/** `27°35'43" S, 48°32'52" O`, `S 27,5954 W 48,5480`: the letters say which is which. */
function byHemispheres(text) {
  const after = /^(.*\d.*?)([NSLEOW])\b[\s,;/]*(.*\d.*?)([NSLEOW])$/i.exec(text);
  const before = /^([NSLEOW])\s*(\d.*?)[\s,;/]+([NSLEOW])\s*(\d.*)$/i.exec(text);
  const parts = after
    ? [after[1], after[2], after[3], after[4]]
    : before && [before[2], before[1], before[4], before[3]];
  if (!parts) return null;
  const point = {};
  for (const [value, letter] of [parts.slice(0, 2), parts.slice(2)]) {
    const [axis, sign] = HEMISPHERES[letter.toUpperCase()];
    point[axis] = sign * Math.abs(angle(value) ?? Number.NaN);
  }
  return Number.isFinite(point.lat) && Number.isFinite(point.lng) ? point : null;
}

/** Degrees, minutes and seconds, the last of which may have decimals. */
function angle(text) {
  const parts = text.match(/\d+(?:[.,]\d+)?/g);
  if (!parts || parts.length > 3) return null;
  const [degrees, minutes = 0, seconds = 0] = parts.map(decimal);
  if (minutes >= 60 || seconds >= 60) return null;
  return (text.trim().startsWith("-") ? -1 : 1) * (degrees + minutes / 60 + seconds / 3600);
}

/** `-27°35'43" -48°32'52"`, without letters. */
function fromDegrees(text) {
  if (!text.includes("°")) return null;
  const halves =
    /^(-?\s*\d+\s*°[^°]*?)[\s,;/]+(-?\s*\d+\s*°[^°]*)$/.exec(text) ??
    /^(-?[\d.,]+)\s*°[\s,;/]+(-?[\d.,]+)\s*°$/.exec(text);
  const pair = halves && [angle(halves[1]), angle(halves[2])];
  return pair && pair.every((value) => value !== null) ? pair : null;
}

/** Links of map sites: `…/@-27.59,-48.54,17z`, `?q=-27.59,-48.54`, `#map=17/-27.59/-48.54`. */
function fromLink(text) {
  if (!/^(https?:|geo:)/i.test(text)) return null;
  const pattern =
    /(?:@|!3d|[?&](?:q|ll|query|center)=|#map=[\d.]+\/|geo:)(-?\d+\.\d+)(?:,|%2C|\/|!4d)\s*\+?(-?\d+\.\d+)/i;
  const found = pattern.exec(text);
  return found && [Number.parseFloat(found[1]), Number.parseFloat(found[2])];
}

/** Two numbers, and how they are parted: a comma parts only where it can't be a decimal one. */
function fromPair(text) {
  const bare = text.replace(/^[[(]\s*|\s*[\])]$/g, "");
  const forms = [
    /^([-+]?\d+(?:\.\d+)?)\s*[,;/|\s]\s*([-+]?\d+(?:\.\d+)?)$/,
    /^([-+]?\d+(?:,\d+)?)\s*(?:[;/|]|,\s|\s)\s*([-+]?\d+(?:,\d+)?)$/,
    /^([-+]?\d+,\d+),([-+]?\d+,\d+)$/,
  ];
  const found = forms.map((form) => form.exec(bare)).find((match) => match && !looksLikeOneNumber(bare));
  return found ? [decimal(found[1]), decimal(found[2])] : null;
}

/** "27,5954" is one number with a decimal comma, no pair. */
const looksLikeOneNumber = (text) => /^[-+]?\d+,\d+$/.test(text) && Number(text.split(",")[1]) > 180;
