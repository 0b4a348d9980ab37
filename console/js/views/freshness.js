// The clock of the data: it ages while somebody looks.

import { h, svg } from "../dom.js";
import { exact, since, span, t, tOr } from "../i18n.js";
import { tenant } from "../store.js";

/** Without the tenant's own limit: the default of `freshness.stale_after`. */
const STALE_AFTER = 1_500;
const ROUND = 2 * Math.PI * 26;

/** How old the data are, as one line: "Dados de há 3 min". @param {any} status of a tenant */
export function ageText({ data, state: how }) {
  if (!data) return t("state.absent_long");
  const age = since(data.read_at);
  const limit = tenant()?.stale_after_seconds;
  if (how === "stale")
    return limit ? t("data.stale_since", { span: span(age - limit) }) : t("data.stale", { span: span(age) });
  return t(how === "expired" ? "data.expired" : "data.of", { span: span(age) });
}

export function freshness(status) {
  const { data, state: how } = status;
  const zone = tenant()?.time_zone;
  const age = data ? since(data.read_at) : 0;
  const share = Math.min(age / (tenant()?.stale_after_seconds ?? STALE_AFTER), 1);
  return h(
    "section",
    { class: `freshness is-${how}`, "aria-label": t("data.title") },
    svg(
      "svg",
      { class: "clock", viewBox: "0 0 64 64", "aria-hidden": "true" },
      svg("circle", { class: "clock-face", cx: 32, cy: 32, r: 26 }),
      data &&
        svg("circle", {
          class: "clock-age",
          cx: 32,
          cy: 32,
          r: 26,
          "stroke-dasharray": `${(share * ROUND).toFixed(1)} ${ROUND.toFixed(1)}`,
          transform: "rotate(-90 32 32)",
        }),
      data &&
        svg("path", { class: "clock-hand", d: "M32 32V14", transform: `rotate(${(share * 360).toFixed(1)} 32 32)` }),
      svg("circle", { class: "clock-hub", cx: 32, cy: 32, r: 2.5 }),
    ),
    h(
      "div",
      {},
      h("p", { class: "freshness-state" }, h("span", { class: `dot is-${how}` }), tOr("state", how)),
      h("p", { class: "freshness-age" }, data ? span(age, true) : t("state.absent_long")),
      h(
        "p",
        { class: "quiet" },
        data ? t("data.read_at", { time: exact(data.read_at, zone) }) : t("state.absent_hint"),
      ),
    ),
    ["stale", "expired"].includes(how) && h("p", { class: "freshness-note" }, t(`state.${how}_note`)),
  );
}
