// How a box looks: on the map's canvas, in lists, in the legend. Told apart by shape as well as by colour.

import { svg } from "../dom.js";
import { colours } from "../theme.js";

/** @typedef {"plenty" | "last" | "none" | "draft" | "bare" | "unreadable"} Kind */

/** So many free ports are "the last ones". */
const LAST_ONES = 2;

/** @param {string} state of a tile's box @param {number} free @returns {Kind} */
export function kindOf(state, free) {
  if (state === "draft") return "draft";
  if (state === "no_service_connector") return "bare";
  if (state === "unreadable") return "unreadable";
  if (state === "no_free_port" || !free) return "none";
  return free <= LAST_ONES ? "last" : "plenty";
}

/** Of a box as `/admin/explain` tells it. @returns {Kind} */
export function kindOfBox(box) {
  if (box.stage === "draft") return kindOf("draft", 0);
  if (box.reason === "unreadable") return kindOf("unreadable", 0);
  return box.total_ports === null ? kindOf("no_service_connector", 0) : kindOf("sellable", box.free_ports);
}

const FULL = Math.PI * 2;

/** The colours that `draw` needs, in the theme of now. */
export const symbolColours = () =>
  colours(["plenty", "last", "none", "edge", "cluster", "cluster-rim", "text", "accent"]);

/**
 * @param {CanvasRenderingContext2D} canvas @param {Kind} kind
 * @param {number} x @param {number} y @param {number} radius @param {Record<string, string>} colour
 */
export function draw(canvas, kind, x, y, radius, colour) {
  const isFilled = kind === "plenty";
  canvas.beginPath();
  canvas.arc(x, y, radius, 0, FULL);
  canvas.fillStyle = isFilled ? colour.plenty : colour.edge;
  canvas.fill();
  canvas.setLineDash(kind === "draft" ? [radius * 0.55, radius * 0.45] : []);
  canvas.lineWidth = isFilled ? 1 : 1.75;
  canvas.strokeStyle = isFilled ? colour.edge : kind === "last" ? colour.last : colour.none;
  canvas.stroke();
  canvas.setLineDash([]);
  if (kind === "last") {
    canvas.beginPath();
    canvas.arc(x, y, radius, Math.PI / 2, Math.PI * 1.5);
    canvas.fillStyle = colour.last;
    canvas.fill();
  } else if (kind === "bare") {
    const reach = radius * 0.7;
    canvas.beginPath();
    canvas.moveTo(x - reach, y + reach);
    canvas.lineTo(x + reach, y - reach);
    canvas.stroke();
  } else if (kind === "unreadable") {
    canvas.beginPath();
    canvas.arc(x, y, radius * 0.35, 0, FULL);
    canvas.fillStyle = colour.none;
    canvas.fill();
  }
}

/** The same in a list. @param {Kind} kind */
export function symbol(kind) {
  const parts = { last: svg("path", { d: "M8 2.5a5.5 5.5 0 0 0 0 11z", class: "symbol-fill" }) };
  parts.bare = svg("path", { d: "M4.2 11.8 11.8 4.2", class: "symbol-line" });
  parts.unreadable = svg("circle", { cx: 8, cy: 8, r: 2, class: "symbol-fill" });
  return svg(
    "svg",
    { class: `symbol symbol-${kind}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("circle", { cx: 8, cy: 8, r: 5.5, class: "symbol-rim" }),
    parts[kind] ?? null,
  );
}

/** A group of boxes: grey, its number, and a ring that shows how many of them have free ports. */
export function drawCluster(canvas, { x, y, radius, count, share, label }, colour) {
  canvas.beginPath();
  canvas.arc(x, y, radius, 0, FULL);
  canvas.fillStyle = colour.cluster;
  canvas.fill();
  canvas.lineWidth = 2.5;
  canvas.strokeStyle = colour["cluster-rim"];
  canvas.stroke();
  if (share > 0) {
    canvas.beginPath();
    canvas.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + FULL * share);
    canvas.strokeStyle = colour.plenty;
    canvas.stroke();
  }
  if (count === 1 || !label) return;
  canvas.fillStyle = colour.text;
  canvas.fillText(label, x, y + 0.5);
}
