// Going somewhere: the address, what is looked at, and what has to be asked for it change together.

import { readAddress, writeAddress } from "./address.js";
import { loadBoxes } from "./data/boxes.js";
import { loadOperations } from "./data/operations.js";
import { askHere } from "./data/queries.js";
import { nothing, set, state, tenant } from "./store.js";

const OF_A_TENANT = { point: null, box: null, radius: null };
/** A radius to begin with where the tenant has no default. */
const SOME_RADIUS = 150;

/**
 * @param {Partial<Pick<typeof state, "view" | "tenant" | "point" | "radius" | "box">>} changes
 * @param {{ replace?: boolean }} [options] `replace`: no step to come back to, as for each move of a slider
 */
export function go(changes, { replace = false } = {}) {
  const movesAway = changes.tenant && changes.tenant !== state.tenant;
  const place = { view: state.view, tenant: state.tenant, point: state.point, radius: state.radius, box: state.box };
  Object.assign(place, movesAway ? OF_A_TENANT : {}, changes);
  const address = writeAddress(place);
  if (address !== location.hash) history[replace ? "replaceState" : "pushState"](null, "", address);
  arrive(place);
}

/** Goes where the address says; called at the beginning, and on the way back and forward. */
export function followAddress() {
  const place = readAddress(location.hash);
  const known = state.session.tenants.some((one) => one.tenant === place.tenant);
  arrive({ ...place, tenant: known ? place.tenant : (state.session.tenants[0]?.tenant ?? null) });
}

function arrive(place) {
  const before = { ...state };
  const isElsewhere = place.tenant !== before.tenant;
  set(place);
  if (!state.radius)
    set({ radius: Math.min(tenant()?.default_radius_m ?? SOME_RADIUS, tenant()?.max_radius_m ?? SOME_RADIUS) });
  if (isElsewhere) set({ query: nothing(), boxes: nothing(), order: nothing(), markedRun: null, leftAsIs: null });
  const samePoint = place.point?.lat === before.point?.lat && place.point?.lng === before.point?.lng;
  if (isElsewhere || !samePoint || place.radius !== before.radius) {
    set({ comparison: nothing(), shown: 50, readings: [], typedFault: null });
    if (state.point) askHere();
    else set({ query: nothing() });
  }
  if (isElsewhere || place.box !== before.box) {
    set({ splitters: nothing() });
    if (place.box) loadBoxes();
    else set({ boxes: nothing() });
  }
  if (place.view === "state" && before.view !== "state") loadOperations();
}
