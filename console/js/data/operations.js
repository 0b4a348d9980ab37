// How the service does: its state, its refreshes, and the order of one.

import { ask } from "../api.js";
import { ofTenant, set, state, tenant } from "../store.js";
import { load } from "./load.js";

const AT_REST_MS = 5_000;
const RUNNING_MS = 400;
let timer;

const isRunning = () => Boolean(ofTenant(state.status)?.refresh.running);

/** Everything that the view of the state shows. */
export function loadOperations() {
  load("runs", (signal) => ask("admin/runs", {}, { signal }));
  load("differences", (signal) => ask("admin/differences", {}, { signal }));
}

/** Looks at the state from now on, more often while something is under way. */
export async function keepLooking() {
  clearTimeout(timer);
  const before = ofTenant(state.status);
  if (!document.hidden) await load("status", (signal) => ask("admin/status", {}, { signal }));
  if (!state.session) return;
  const now = ofTenant(state.status);
  const hasEnded = before?.refresh.running && before.refresh.running.run !== now?.refresh.running?.run;
  const isNew = before && now && before.data?.generation !== now.data?.generation;
  if (state.view === "state" && (hasEnded || isNew)) loadOperations();
  if (isNew && !tenant()?.bounds) learnBounds();
  clearTimeout(timer);
  timer = setTimeout(keepLooking, isRunning() || state.order.loading ? RUNNING_MS : AT_REST_MS);
}

/** Where the first data lie, for who signed in before them. */
const learnBounds = () =>
  ask("admin/console").then(
    (session) => state.session && set({ session }),
    () => {},
  );

/** What ended is told by the order's own answer. @param {boolean} acceptShrink publish what was read, though it shrank */
export async function orderRefresh(acceptShrink) {
  const parameters = { tenant: state.tenant, wait: "10m", accept_shrink: acceptShrink ? "true" : null };
  set({ order: { loading: true, data: null, error: null } });
  setTimeout(keepLooking, 50);
  await load("order", (signal) => ask("admin/refresh", parameters, { method: "POST", signal }));
  loadOperations();
  keepLooking();
}
