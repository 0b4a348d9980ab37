// How answers compared with OZmap's own: the sample that is taken all the time.

import { h } from "../dom.js";
import { number, t, tOr } from "../i18n.js";
import { differenceList } from "./comparison.js";
import { fact, skeleton, time } from "./parts.js";

const VERDICTS = ["same", "stale", "differs", "error"];

/** @param {any} told of the tenant by `/admin/differences` */
export function differences(told) {
  if (!told) return skeleton("row");
  if (!told.every_seconds) return h("p", { class: "quiet" }, t("differences.off"));
  return [
    h(
      "dl",
      { class: "facts" },
      VERDICTS.map((verdict) =>
        fact(t(`differences.${verdict}`), number(told.compared[verdict] ?? 0), t(`differences.${verdict}_note`)),
      ),
    ),
    told.last
      ? h("p", { class: "quiet" }, t("differences.last"), " ", time(told.last))
      : h("p", { class: "quiet" }, t("differences.none_yet")),
    told.differences.length > 0 && h("ul", { class: "findings" }, told.differences.map(finding)),
  ];
}

function finding({ at, result, near, cause, differences: all }) {
  return h(
    "li",
    {},
    h(
      "p",
      {},
      h("span", { class: `state-word is-${result === "stale" ? "good" : "warn"}` }, tOr("finding", result)),
      " ",
      time(at),
      ` · ${near}`,
    ),
    h("p", { class: "quiet", lang: "en" }, cause),
    differenceList(all),
  );
}
