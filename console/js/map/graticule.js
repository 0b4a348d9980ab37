// Lines of latitude and longitude with their degrees at the edge: what the base map has to say at every scale.

import { number, t } from "../i18n.js";
import { colours, watchTheme } from "../theme.js";

const STEPS = [20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];
/** Lines are as far apart at least, in pixels. */
const APART = 110;

/** @param {any} map @param {() => { left: number, bottom: number }} covered what lies over the map's edges, in pixels */
export function addGraticule(map, covered) {
  const element = L.DomUtil.create("canvas", "graticule leaflet-zoom-hide", map.createPane("graticule"));
  let colour;
  const takeColours = () => (colour = colours(["graticule", "faint", "land"]));

  function paint() {
    const size = map.getSize();
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(size.x * scale), Math.round(size.y * scale)];
    if (element.width !== width || element.height !== height) {
      Object.assign(element, { width, height });
      element.style.width = `${size.x}px`;
      element.style.height = `${size.y}px`;
    }
    L.DomUtil.setPosition(element, map.containerPointToLayerPoint([0, 0]));
    const canvas = element.getContext("2d");
    canvas.setTransform(scale, 0, 0, scale, 0, 0);
    canvas.clearRect(0, 0, size.x, size.y);
    Object.assign(canvas, { strokeStyle: colour.graticule, lineWidth: 1, font: "11px system-ui, sans-serif" });
    const bounds = map.getBounds();
    const step = stepFor(size.x / (bounds.getEast() - bounds.getWest()));
    const edge = covered();
    for (const lng of multiples(bounds.getWest(), bounds.getEast(), step)) {
      const x = Math.round(map.latLngToContainerPoint([bounds.getCenter().lat, lng]).x) + 0.5;
      line(canvas, [x, 0], [x, size.y]);
      if (x > edge.left + 40)
        label(canvas, degrees(lng, step, "compass.east", "compass.west"), x, size.y - edge.bottom - 8, "center");
    }
    for (const lat of multiples(Math.max(bounds.getSouth(), -85), Math.min(bounds.getNorth(), 85), step)) {
      const y = Math.round(map.latLngToContainerPoint([lat, bounds.getCenter().lng]).y) + 0.5;
      line(canvas, [0, y], [size.x, y]);
      if (y > 64 && y < size.y - edge.bottom - 32)
        label(canvas, degrees(lat, step, "compass.north", "compass.south"), edge.left + 8, y - 4, "left");
    }
  }

  function label(canvas, text, x, y, align) {
    Object.assign(canvas, {
      textAlign: align,
      fillStyle: colour.faint,
      strokeStyle: colour.land,
      lineWidth: 3,
      lineJoin: "round",
    });
    canvas.strokeText(text, x, y);
    canvas.fillText(text, x, y);
    Object.assign(canvas, { strokeStyle: colour.graticule, lineWidth: 1 });
  }

  takeColours();
  const unwatch = watchTheme(() => {
    takeColours();
    paint();
  });
  map.on("move zoomend resize viewreset", paint);
  map.on("unload", unwatch);
  paint();
}

function line(canvas, from, to) {
  canvas.beginPath();
  canvas.moveTo(...from);
  canvas.lineTo(...to);
  canvas.stroke();
}

const stepFor = (pixelsPerDegree) => STEPS.findLast((step) => step * pixelsPerDegree >= APART) ?? STEPS[0];

function* multiples(from, to, step) {
  for (let at = Math.ceil(from / step); at * step <= to; at += 1) yield at * step;
}

function degrees(value, step, positive, negative) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const text = number(Math.abs(value), { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text}°${Math.abs(value) < 1e-9 ? "" : ` ${t(value > 0 ? positive : negative)}`}`;
}
