// Estado: how old are the data, what has been read, what is under way, and is OZmap well?

import { loadOperations } from "../data/operations.js";
import { h } from "../dom.js";
import { number, size, span, t, tOr } from "../i18n.js";
import { go } from "../place.js";
import { ofTenant, state } from "../store.js";
import { differences } from "./differences.js";
import { freshness } from "./freshness.js";
import { fact, fault, section, skeleton, time } from "./parts.js";
import { refresh } from "./refresh.js";
import { runsChart } from "./runs.js";

export function stateView() {
  const status = ofTenant(state.status);
  if (state.status.error) return fault(state.status.error, loadOperations);
  if (!status) return [skeleton("tall"), skeleton("row"), skeleton("tall"), skeleton("row")];
  return [
    freshness(status),
    section(t("refresh.title"), refresh(status)),
    section(t("runs.title"), runsChart(ofTenant(state.runs))),
    status.data && section(t("counts.title"), counts(status.data)),
    section(t("ozmap.title"), ozmap(status)),
    section(t("differences.title"), differences(ofTenant(state.differences))),
    section(t("memory.title"), memory(status)),
    tenants(),
    h(
      "p",
      { class: "quiet" },
      t("service.line", { version: state.status.data.version, span: span(state.status.data.uptime_seconds) }),
    ),
  ];
}

function counts({ boxes, sellable, free_ports: free, refused, unplaced }) {
  const reasons = Object.entries(refused).filter(([, count]) => count > 0);
  return h(
    "dl",
    { class: "facts" },
    fact(t("counts.boxes"), number(boxes)),
    fact(t("counts.sellable"), number(sellable)),
    fact(t("counts.free_ports"), number(free)),
    reasons.map(([reason, count]) => fact(tOr("counts", reason), number(count))),
    unplaced > 0 && fact(t("counts.unplaced"), number(unplaced)),
  );
}

function ozmap({ live_calls: live, refresh: { changes, last_changes: last } }) {
  const budget =
    live.calls_per_second === undefined
      ? null
      : t("ozmap.budget_of", { left: live.left, second: live.calls_per_second, once: live.calls_at_once });
  const reliance = Object.entries(changes.reliance);
  return [
    live.breaker !== "closed" && h("div", { class: "notice is-warn", role: "status" }, h("p", {}, t("ozmap.down"))),
    h(
      "dl",
      { class: "facts" },
      fact(
        t("ozmap.breaker"),
        h(
          "span",
          { class: `state-word is-${live.breaker === "closed" ? "good" : "warn"}` },
          tOr("breaker", live.breaker),
        ),
        t(`breaker_note.${live.breaker}`),
      ),
      fact(t("ozmap.budget"), budget),
      fact(
        t("ozmap.changes"),
        changes.every_seconds ? t("ozmap.every", { span: span(changes.every_seconds) }) : t("off"),
      ),
      last &&
        fact(
          t("ozmap.last_changes"),
          last.result === "ok" ? time(last.started_at) : [t("result.failed"), " ", time(last.started_at)],
          last.error,
        ),
      reliance.map(([list, how]) =>
        fact(t("ozmap.reliance", { list: tOr("list", list) }), tOr("reliance", how), changes.why_not[list]),
      ),
    ),
  ];
}

function memory({ stored, cache }) {
  return h(
    "dl",
    { class: "facts" },
    fact(t("memory.file"), stored ? size(stored.bytes) : t("memory.no_file")),
    stored && fact(t("memory.written"), time(stored.written_at)),
    cache && fact(t("memory.live"), size(cache.live_bytes)),
    cache && fact(t("memory.scopes"), size(cache.scopes_bytes)),
  );
}

function tenants() {
  const all = state.status.data.tenants;
  if (all.length < 2) return null;
  const row = ({ tenant, state: how, data }) =>
    h(
      "li",
      { "data-key": tenant },
      h(
        "button",
        {
          type: "button",
          class: "tenant",
          "aria-current": tenant === state.tenant ? "true" : null,
          onclick: () => go({ tenant }),
        },
        h("span", { class: `dot is-${how}` }),
        h("span", {}, tenant),
        h("span", { class: "quiet" }, data ? t("data.age", { span: span(data.age_seconds) }) : tOr("state", how)),
      ),
    );
  return section(t("tenants.title"), h("ul", { class: "tenants" }, all.map(row)));
}
