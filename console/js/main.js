// Wires the page: who isn't signed in sees the form for it; who is sees the map, the bar and the panel.

import { signIn } from "./api.js";
import { forget } from "./data/load.js";
import { keepLooking, loadOperations } from "./data/operations.js";
import { h, show } from "./dom.js";
import { currentLanguage, t } from "./i18n.js";
import { createMap } from "./map/map.js";
import { followAddress } from "./place.js";
import { set, state, watch } from "./store.js";
import { startTheme } from "./theme.js";
import { bar, switchLanguage } from "./views/bar.js";
import { panel } from "./views/panel.js";
import { signInView } from "./views/sign-in.js";

/** Ages are told anew so often. */
const TICK_MS = 1_000;
const LOADED = ["query", "comparison", "boxes", "splitters", "status", "runs", "differences", "order"];

const page = document.querySelector("#page");
/** The map draws itself: nothing in there is drawn by `draw`. */
const place = document.querySelector("#place");
let map = null;

function draw() {
  if (!state.session) {
    const isRefused = () => leave(t("error.token_gone"));
    show(page, h("main", { class: "gate", "data-key": "gate" }, signInView(isRefused, enter)));
    page.querySelector("[autofocus]:not(.was-focused)")?.focus();
    page.querySelector("[autofocus]")?.classList.add("was-focused");
    return;
  }
  show(
    page,
    h(
      "header",
      { id: "bar", "data-key": "bar" },
      bar(() => leave(null)),
    ),
    h(
      "main",
      { id: "panel", class: `is-${state.sheet}`, "data-key": "panel" },
      h("h1", { class: "unseen" }, t("title")),
      panel(),
    ),
  );
  map.relabel();
}

function enter() {
  followAddress();
  place.hidden = false;
  map = createMap(place);
  keepLooking();
  if (state.view === "state") loadOperations();
}

function leave(because) {
  signIn(null);
  forget(LOADED);
  map?.close();
  map = null;
  place.hidden = true;
  set({ session: null, signedOutBecause: because, tenant: null, point: null, radius: null, box: null });
}

startTheme();
switchLanguage(currentLanguage());
watch(draw);
window.addEventListener("popstate", () => state.session && followAddress());
document.addEventListener("visibilitychange", () => !document.hidden && state.session && keepLooking());
setInterval(() => state.session && !document.hidden && set({}), TICK_MS);
draw();
