// The verdict: large, with what it rests on, and where the answer would come from.

import { h } from "../dom.js";
import { number, radiusText, span, t, took, tOr } from "../i18n.js";
import { icon } from "../icons.js";
import { serverNow } from "../api.js";

export function verdict(data) {
  const { viable, certain } = data.verdict;
  return h(
    "div",
    { class: `verdict ${viable ? "is-yes" : "is-no"}` },
    h("span", { class: "verdict-mark" }, icon(viable ? "check" : "cross")),
    h("h2", { "aria-live": "polite" }, t(viable ? "verdict.yes" : "verdict.no")),
    h("p", { "aria-live": "polite" }, basis(data)),
    !certain && h("p", { class: "doubt" }, icon("alert"), t(`doubt.${data.verdict.doubt ?? "boxes"}`)),
    h("p", { class: "provenance" }, provenance(data)),
  );
}

/** What it rests on. */
function basis({ boxes, left_out: leftOut, query }) {
  const radius = radiusText(query.radius);
  if (!boxes.length) return t("verdict.nothing_near", { radius });
  const offered = boxes.filter((box) => box.outcome === "offered");
  if (offered.length) {
    const ports = offered.reduce((sum, box) => sum + box.free_ports, 0);
    return `${t("ports.free", { n: ports })} ${t("verdict.in_boxes", { n: offered.length })}`;
  }
  const reasons = new Map();
  for (const box of boxes) if (box.reason) reasons.set(box.reason, (reasons.get(box.reason) ?? 0) + 1);
  const told = [...reasons]
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${number(count)} ${tOr("reason", reason)}`);
  return `${t("verdict.none_of", { n: boxes.length + leftOut, radius })} ${told.join(" · ")}`;
}

/** "do índice, dados de há 3 min, 21 µs" */
function provenance({ answered_by: { source, reason }, read_at: readAt, duration_us: duration }) {
  const age = t("data.age", { span: span((serverNow() - Date.parse(readAt)) / 1000) });
  const judged = took(duration / 1e6);
  if (source === "index") return t("from.index", { age, judged });
  if (source === "recheck") return t("from.recheck", { age });
  return t("from.live", { why: tOr("live", reason ?? "stale"), age, judged });
}
