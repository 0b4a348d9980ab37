// The panel with its three views; on a phone a sheet from below with three heights.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { go } from "../place.js";
import { set, state } from "../store.js";
import { boxView } from "./box.js";
import { queryView } from "./query.js";
import { stateView } from "./state.js";

const VIEWS = { query: queryView, state: stateView, box: boxView };
const HEIGHTS = ["low", "half", "full"];

export function panel() {
  const names = Object.keys(VIEWS);
  const tab = (name) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${name}`,
        "aria-selected": String(name === state.view),
        "aria-controls": "view",
        tabindex: name === state.view ? 0 : -1,
        onclick: () => {
          if (state.sheet === "low") set({ sheet: "half" });
          go({ view: name });
        },
      },
      t(`view.${name}`),
    );
  return [
    handle(),
    h(
      "div",
      { class: "tabs", role: "tablist", "aria-label": t("views"), onkeydown: (event) => moveTab(event, names) },
      names.map(tab),
    ),
    h(
      "div",
      {
        id: "view",
        class: `view view-${state.view}`,
        role: "tabpanel",
        "aria-labelledby": `tab-${state.view}`,
        tabindex: 0,
        "data-key": state.view,
      },
      VIEWS[state.view](),
    ),
  ];
}

/** Arrows move between tabs, as a list of tabs is used by keyboard. */
function moveTab(event, names) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = names[(names.indexOf(state.view) + step + names.length) % names.length];
  go({ view: next });
  document.querySelector(`#tab-${next}`).focus();
}

/** Dragged, or pressed for the next height. */
function handle() {
  return h("button", {
    type: "button",
    class: "handle",
    "aria-label": t("sheet", { height: t(`sheet.${state.sheet}`) }),
    onclick: nextHeight,
    onpointerdown: drag,
  });
}

let wasDragged = false;

function nextHeight() {
  if (wasDragged) wasDragged = false;
  else set({ sheet: HEIGHTS[(HEIGHTS.indexOf(state.sheet) + 1) % HEIGHTS.length] });
}

function drag(down) {
  const sheet = down.currentTarget.closest("#panel");
  const from = sheet.getBoundingClientRect().height;
  const controller = new AbortController();
  const { signal } = controller;
  down.currentTarget.setPointerCapture(down.pointerId);
  wasDragged = false;
  const heightAt = (event) => from + down.clientY - event.clientY;
  const move = (event) => {
    if (Math.abs(event.clientY - down.clientY) < 6) return;
    wasDragged = true;
    sheet.classList.add("is-dragged");
    sheet.style.height = `${heightAt(event)}px`;
  };
  const end = (event) => {
    controller.abort();
    sheet.classList.remove("is-dragged");
    sheet.style.height = "";
    if (!wasDragged) return;
    const share = heightAt(event) / window.innerHeight;
    set({ sheet: share < 0.3 ? "low" : share < 0.68 ? "half" : "full" });
  };
  down.currentTarget.addEventListener("pointermove", move, { signal });
  down.currentTarget.addEventListener("pointerup", end, { signal });
  down.currentTarget.addEventListener("pointercancel", end, { signal });
}
