// Beside the map: nearer, farther, everything, and what the symbols mean.

import { h, show } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { symbol } from "./symbols.js";

const KINDS = ["plenty", "last", "none", "draft", "bare", "unreadable"];

/** @param {HTMLElement} place @param {any} map @param {() => void} showAll */
export function addControls(place, map, showAll) {
  const holder = Object.assign(document.createElement("div"), { className: "controls" });
  place.append(holder);
  const button = (name, key, onclick) =>
    h("button", { type: "button", class: "tool", "aria-label": t(key), title: t(key), onclick }, icon(name));
  return {
    show() {
      show(
        holder,
        h(
          "div",
          { class: "zoom", role: "group", "aria-label": t("map.zoom") },
          button("plus", "map.nearer", () => map.zoomIn()),
          button("minus", "map.farther", () => map.zoomOut()),
          button("target", "map.all", showAll),
        ),
        h(
          "details",
          { class: "legend" },
          h("summary", {}, t("legend")),
          h(
            "ul",
            {},
            KINDS.map((kind) => h("li", {}, symbol(kind), h("span", {}, t(`legend.${kind}`)))),
          ),
        ),
      );
    },
  };
}
