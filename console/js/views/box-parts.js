// How a box is told: its row in a list, its ports as dots, why it is or isn't offered.

import { h, svg } from "../dom.js";
import { distance, t, tOr } from "../i18n.js";
import { kindOfBox, symbol } from "../map/symbols.js";
import { go } from "../place.js";
import { set } from "../store.js";

/** More ports are told as a number alone. */
const MOST_DOTS = 32;
const DOT = 9;

/** Ports as dots, the free ones filled. @param {number} free @param {number} total @param {number} [aRow] dots a row */
export function dots(free, total, aRow = 16) {
  if (total > MOST_DOTS) return null;
  const at = (index) =>
    `M${(index % aRow) * DOT + 1.25} ${Math.floor(index / aRow) * DOT + 4.5}a3.25 3.25 0 1 0 6.5 0a3.25 3.25 0 1 0-6.5 0`;
  const range = (from, to) => Array.from({ length: to - from }, (_, index) => at(from + index)).join("");
  const [width, height] = [Math.min(total, aRow) * DOT, Math.ceil(total / aRow) * DOT];
  const kind = free === 0 ? "none" : free <= 2 ? "last" : "plenty";
  return svg(
    "svg",
    { class: `dots dots-${kind}`, viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" },
    svg("path", { class: "dots-taken", d: range(free, total) }),
    svg("path", { class: "dots-free", d: range(0, free) }),
  );
}

/** "3 de 8 livres". */
export const portsText = ({ free_ports: free, total_ports: total }) =>
  total === null ? t("ports.no_splitter") : t("ports.of", { free, total });

/** Why it isn't offered, in words. @param {string} reason */
export const reasonText = (reason) => t("refused.because", { reason: tOr("reason", reason) });

export function boxRow(box) {
  const isOffered = box.outcome === "offered";
  const pointAt = (id) => () => set({ pointedAt: id });
  return h(
    "li",
    { "data-key": box.id, class: isOffered ? "box-row" : "box-row is-refused" },
    h(
      "button",
      {
        type: "button",
        onclick: () => go({ view: "box", box: box.id }),
        onpointerenter: pointAt(box.id),
        onpointerleave: pointAt(null),
        onfocus: pointAt(box.id),
        onblur: pointAt(null),
      },
      symbol(kindOfBox(box)),
      h("span", { class: "box-name" }, box.name),
      h("span", { class: "box-distance" }, distance(box.distance_m)),
      h(
        "span",
        { class: "box-detail" },
        isOffered && box.total_ports !== null && dots(box.free_ports, box.total_ports),
        h(
          "span",
          {},
          isOffered ? portsText(box) : box.outcome === "refused" ? reasonText(box.reason) : tOr("reason", box.reason),
        ),
        isOffered && box.stage === "not_implanted" && h("span", { class: "tag" }, t("stage.not_implanted")),
      ),
    ),
  );
}
