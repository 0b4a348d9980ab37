// A query: can this point be connected, and does OZmap say the same?

import { ask } from "../api.js";
import { set, state } from "../store.js";
import { load } from "./load.js";

const here = () => ({ tenant: state.tenant, lat: state.point.lat, lng: state.point.lng, radius: state.radius });

/** A slider moves faster than anybody reads. */
const PAUSE_MS = 60;
let waiting;

export function askHere() {
  clearTimeout(waiting);
  set({ query: { ...state.query, loading: true } });
  waiting = setTimeout(
    () => state.point && load("query", (signal) => ask("admin/explain", here(), { signal })),
    PAUSE_MS,
  );
}

/** One call of the live budget. */
export const compareHere = () =>
  load("comparison", (signal) => ask("admin/compare", here(), { method: "POST", signal }));
