// The base map that needs no other host: the states of Brazil, for as far as their outlines are exact enough.

import { colours, watchTheme } from "../theme.js";

/** Nearer than this outlines of 450 m would put boxes into the sea. */
const NEAREST = 10;
const LABELS_FROM = 4;
const LABELS_TO = 8;

/** Web mercator, as a share of the world. */
function worldPoint(lng, lat) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** `vendor/README.md` tells of the form. */
function decode({ scale, origin, arcs, states }) {
  const lines = arcs.map((arc) => {
    let [x, y] = [0, 0];
    const line = [];
    for (let at = 0; at < arc.length; at += 2) {
      x += arc[at];
      y += arc[at + 1];
      line.push(worldPoint(origin[0] + scale[0] * x, origin[1] + scale[1] * y));
    }
    return line;
  });
  const ring = (parts) => parts.flatMap((part) => (part >= 0 ? lines[part] : [...lines[~part]].reverse()));
  return {
    borders: lines.map(shape),
    land: states.flatMap(({ rings }) => rings.map((parts) => shape(ring(parts)))),
    labels: states.map(({ uf, label }) => ({ uf, at: worldPoint(label[1], label[0]) })),
  };
}

function shape(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return { points, west: Math.min(...xs), east: Math.max(...xs), north: Math.min(...ys), south: Math.max(...ys) };
}

/** @param {string} url of `brazil.json` */
export function baseLayer(url) {
  let colour = colours(["sea", "land", "border", "faint"]);
  let brazil = { borders: [], land: [], labels: [] };
  const Layer = L.GridLayer.extend({
    createTile(coords) {
      const canvas = Object.assign(L.DomUtil.create("canvas", "base-tile"), { coords });
      this.paint(canvas);
      return canvas;
    },

    paint(element) {
      const { x: column, y: row, z } = element.coords;
      const side = this.getTileSize().x;
      const scale = window.devicePixelRatio || 1;
      Object.assign(element, { width: side * scale, height: side * scale });
      const canvas = element.getContext("2d");
      canvas.scale(scale, scale);
      canvas.fillStyle = z > NEAREST ? colour.land : colour.sea;
      canvas.fillRect(0, 0, side, side);
      if (z > NEAREST) return;
      const world = 256 * 2 ** z;
      const tile = { left: column * side, top: row * side, side, world };
      canvas.fillStyle = colour.land;
      canvas.beginPath();
      for (const one of brazil.land) trace(canvas, one, tile, true);
      canvas.fill();
      Object.assign(canvas, { strokeStyle: colour.border, lineWidth: z < 5 ? 0.75 : 1, lineJoin: "round" });
      canvas.beginPath();
      for (const one of brazil.borders) trace(canvas, one, tile, false);
      canvas.stroke();
      if (z >= LABELS_FROM && z <= LABELS_TO) this.name(canvas, tile);
    },

    name(canvas, { left, top, side, world }) {
      Object.assign(canvas, { fillStyle: colour.faint, font: "600 12px system-ui, sans-serif", textAlign: "center" });
      for (const { uf, at } of brazil.labels) {
        const [x, y] = [at[0] * world - left, at[1] * world - top];
        if (x > -20 && y > -20 && x < side + 20 && y < side + 20) canvas.fillText(uf, x, y);
      }
    },

    paintAll() {
      for (const { el } of Object.values(this._tiles ?? {})) this.paint(el);
    },
  });

  const layer = new Layer({
    tileSize: 512,
    minZoom: 3,
    maxZoom: 21,
    keepBuffer: 1,
    noWrap: true,
    className: "base-layer",
  });
  const unwatch = watchTheme(() => {
    colour = colours(["sea", "land", "border", "faint"]);
    layer.paintAll();
  });
  layer.on("remove", unwatch);
  // Without it the map is plain: nothing depends on it.
  fetch(url)
    .then((response) => response.json())
    .then(
      (packed) => {
        brazil = decode(packed);
        layer.paintAll();
      },
      () => {},
    );
  return layer;
}

function trace(canvas, { points, west, east, north, south }, { left, top, side, world }, closed) {
  if (east * world < left || west * world > left + side || south * world < top || north * world > top + side) return;
  points.forEach(([x, y], at) => canvas[at ? "lineTo" : "moveTo"](x * world - left, y * world - top));
  if (closed) canvas.closePath();
}
