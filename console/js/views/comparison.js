// What OZmap says of the same place now.

import { compareHere } from "../data/queries.js";
import { h } from "../dom.js";
import { t, took } from "../i18n.js";
import { icon } from "../icons.js";
import { go } from "../place.js";
import { state } from "../store.js";
import { words as knownWords } from "../words.js";
import { fault } from "./parts.js";

export function comparison() {
  const { loading, data, error } = state.comparison;
  if (loading)
    return h(
      "div",
      { class: "notice", role: "status" },
      h("span", { class: "spinner" }),
      h("p", {}, t("compare.asking")),
    );
  if (error) return fault(error, compareHere);
  if (!data) return null;
  const isSame = data.result === "same";
  const boxes = new Set(data.differences.map((one) => one.box?.id).filter(Boolean)).size;
  const text = isSame ? t("compare.same") : boxes ? t("compare.differs_in", { n: boxes }) : t("compare.differs");
  return h(
    "div",
    { class: `notice ${isSame ? "is-good" : "is-warn"}`, role: "status" },
    icon(isSame ? "check" : "alert"),
    h(
      "div",
      {},
      h("p", {}, `${text} (${took(data.duration_ms / 1000)})`),
      data.result === "stale" && h("p", {}, t("compare.stale")),
      differenceList(data.differences),
    ),
  );
}

/** In words of ours; the server's own, in English, when pointed at. @param {{ kind: string, text: string, box: any }[]} differences */
export const differenceList = (differences) =>
  differences.length > 0 && h("ul", { class: "differences" }, differences.map(difference));

function difference({ kind, text, box }) {
  const words = `difference.${kind}` in knownWords ? t(`difference.${kind}`) : text;
  return h(
    "li",
    { title: text },
    words,
    box && [
      ": ",
      h("button", { type: "button", class: "link", onclick: () => go({ view: "box", box: box.id }) }, box.name),
    ],
  );
}
