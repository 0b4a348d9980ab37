// The refresh: under way with its progress, ordered by a button, refused with a question.

import { orderRefresh } from "../data/operations.js";
import { h } from "../dom.js";
import { t, took, tOr } from "../i18n.js";
import { icon } from "../icons.js";
import { nothing, set, state } from "../store.js";
import { fault, time } from "./parts.js";

export function refresh({ refresh: { running, last } }) {
  const isBusy = Boolean(running) || state.order.loading;
  return [
    isBusy ? progress(running) : h("p", { class: "progress-line" }, last ? lastLine(last) : t("refresh.never")),
    h(
      "button",
      { type: "button", class: "primary wide", disabled: isBusy, onclick: () => orderRefresh(false) },
      isBusy ? h("span", { class: "spinner" }) : icon("refresh"),
      t(isBusy ? "refresh.busy" : "refresh.now"),
    ),
    outcome(last),
  ];
}

function lastLine(run) {
  return [
    t(run.result === "ok" ? "refresh.last" : "refresh.last_failed"),
    " ",
    time(run.started_at),
    `, ${t("refresh.took", { took: took(run.duration_seconds) })}`,
  ];
}

function progress(running) {
  const { phase = "waiting", rows = 0, rows_total: total = null } = running?.progress ?? {};
  const rowsText = total ? t("refresh.rows_of", { rows, total }) : rows ? t("refresh.rows", { rows }) : "";
  return h(
    "div",
    { class: "progress" },
    h("p", { class: "progress-line" }, `${t("refresh.running", { phase: tOr("phase", phase) })} ${rowsText}`),
    h(
      "div",
      {
        class: total ? "bar" : "bar is-open",
        role: "progressbar",
        "aria-label": t("refresh.title"),
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": total ? Math.round((rows / total) * 100) : null,
      },
      h("span", { style: { width: `${total ? Math.min((rows / total) * 100, 100).toFixed(1) : 100}%` } }),
    ),
  );
}

/** What came of the order, or of the last refresh where it wasn't good. */
function outcome(last) {
  if (state.order.loading) return null;
  if (state.order.error) return fault(state.order.error);
  const ordered = state.order.data?.runs.find((run) => run.tenant === state.tenant);
  const run = ordered?.result ? ordered : last;
  if (!run?.result) return null;
  if (run.result === "refused") return refused(run);
  if (run.result !== "ok")
    return h(
      "div",
      { class: "notice is-bad", role: "alert" },
      icon("alert"),
      h("div", {}, h("p", {}, tOr("failure", run.result)), h("p", { class: "said", lang: "en" }, run.error)),
    );
  if (!ordered) return null;
  const { boxes, changed } = run.published;
  const text = changed === null ? t("refresh.done", { n: boxes }) : t("refresh.done_changed", { n: changed });
  return h(
    "div",
    { class: "notice is-good", role: "status" },
    icon("check"),
    h("p", {}, `${text} (${took(run.duration_seconds)})`),
  );
}

/** Nobody but a person can say whether the network really shrank. */
function refused(run) {
  if (run.run === state.leftAsIs) return null;
  const shrunk = run.refused?.find((one) => one.held > one.read);
  const percent = shrunk && Math.round((1 - shrunk.read / shrunk.held) * 100);
  const question = run.final
    ? t("refresh.refused_for_good")
    : shrunk
      ? t("refresh.shrunk", { percent, what: tOr("objection", shrunk.kind) })
      : t("refresh.refused");
  return h(
    "div",
    { class: "notice is-warn", role: "group", "aria-labelledby": "question" },
    icon("alert"),
    h(
      "div",
      {},
      h("p", { id: "question", role: "alert" }, h("strong", {}, question)),
      h("p", { class: "said", lang: "en" }, run.error),
      !run.final && h("p", {}, t("refresh.accept_note")),
      h(
        "div",
        { class: "buttons" },
        !run.final &&
          h("button", { type: "button", class: "secondary", onclick: () => orderRefresh(true) }, t("refresh.accept")),
        h(
          "button",
          { type: "button", class: "secondary", onclick: () => set({ leftAsIs: run.run, order: nothing() }) },
          t("refresh.keep"),
        ),
      ),
    ),
  );
}
