// The last refreshes as bars: above the line how long each took, below it how much it changed.

import { h, svg } from "../dom.js";
import { exact, number, t, took, tOr } from "../i18n.js";
import { set, state, tenant } from "../store.js";
import { skeleton } from "./parts.js";

const SHOWN = 20;
const [STEP, WIDTH, UP, DOWN] = [16, 10, 56, 28];

/** @param {{ runs: any[] } | null} told */
export function runsChart(told) {
  if (!told) return skeleton("tall");
  const runs = told.runs
    .filter((run) => run.duration_seconds !== undefined)
    .slice(0, SHOWN)
    .reverse();
  if (!runs.length) return h("p", { class: "quiet" }, t("runs.none"));
  const longest = Math.max(...runs.map((run) => run.duration_seconds), 0.001);
  const most = Math.max(...runs.map(changed), 1);
  const marked = runs.find((run) => run.run === state.markedRun) ?? runs.at(-1);
  const bars = runs.map((run, at) => {
    const up = Math.max((run.duration_seconds / longest) * UP, 2);
    // So that few can be seen beside many.
    const down = changed(run) > 0 ? Math.max((Math.log1p(changed(run)) / Math.log1p(most)) * DOWN, 2) : 0;
    const x = at * STEP + (STEP - WIDTH) / 2;
    const mark = () => set({ markedRun: run.run });
    return svg(
      "g",
      {
        class: `run ${run.result === "ok" ? "is-ok" : "is-failed"}${run === marked ? " is-marked" : ""}`,
        onpointerenter: mark,
        onclick: mark,
      },
      svg("rect", { x: at * STEP, y: 0, width: STEP, height: UP + DOWN + 4, class: "run-room" }),
      svg("rect", { x, y: UP - up, width: WIDTH, height: up, rx: 2, class: "run-took" }),
      run.result !== "ok" && svg("path", { d: `M${x + 2} ${UP + 6}l6 6m0-6l-6 6`, class: "run-cross" }),
      down > 0 && svg("rect", { x, y: UP + 4, width: WIDTH, height: down, rx: 2, class: "run-changed" }),
    );
  });
  const width = SHOWN * STEP;
  return h(
    "figure",
    { class: "runs" },
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${UP + DOWN + 4}`, role: "img", "aria-label": t("runs.chart", { n: runs.length }) },
      svg("path", { d: `M0 ${UP + 2}H${width}`, class: "run-line" }),
      bars,
    ),
    h(
      "figcaption",
      {},
      h("span", { class: `state-word is-${marked.result === "ok" ? "good" : "bad"}` }, resultWord(marked)),
      ` ${line(marked)}`,
    ),
    h("details", {}, h("summary", {}, t("runs.table")), table(runs)),
  );
}

/** Boxes that a run changed; a reading of everything that built anew counts none. */
const changed = (run) => run.published?.changed ?? 0;
const resultWord = ({ result }) => t(`result.${["ok", "refused"].includes(result) ? result : "failed"}`);
const startedAt = (run) => exact(run.started_at, tenant()?.time_zone).replace(/ \(.*/, "");

function line(run) {
  const parts = [startedAt(run), tOr("kind", run.kind), tOr("trigger", run.trigger), took(run.duration_seconds)];
  if (run.published)
    parts.push(
      run.published.changed === null
        ? t("runs.built", { n: run.published.boxes })
        : t("runs.changed", { n: run.published.changed }),
    );
  return parts.join(" · ");
}

function table(runs) {
  const head = ["runs.when", "runs.kind", "runs.took", "runs.boxes_changed"];
  const row = (run) =>
    h(
      "tr",
      { "data-key": String(run.run) },
      h("td", {}, startedAt(run)),
      h("td", {}, `${tOr("kind", run.kind)}${run.result === "ok" ? "" : `, ${resultWord(run)}`}`),
      h("td", { class: "figure" }, took(run.duration_seconds)),
      h(
        "td",
        { class: "figure" },
        run.published?.changed === null || !run.published ? "–" : number(run.published.changed),
      ),
    );
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": t("runs.title") },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((key) => h("th", { scope: "col" }, t(key))),
        ),
      ),
      h("tbody", {}, [...runs].reverse().map(row)),
    ),
  );
}
