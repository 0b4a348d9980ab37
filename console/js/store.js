// What the page knows, in one place. Whoever changes it says so with `set`; who shows it is called once a frame.

/**
 * @typedef {{ loading: boolean, data: any, error: Error | null }} Loaded
 * @typedef {{ tenant: string, time_zone: string, default_radius_m: number | null, max_radius_m: number,
 *   bounds: import("./coordinates.js").Bounds | null,
 *   tiles: { url: string, attribution: string } | null, stale_after_seconds?: number, expires_after_seconds?: number }} Tenant
 */

/** Nothing loaded yet. @returns {Loaded} */
export const nothing = () => ({ loading: false, data: null, error: null });

export const state = {
  /** What `/admin/console` said, once signed in. @type {{ version: string, tenants: Tenant[] } | null} */
  session: null,
  /** Why somebody who was signed in has to sign in again. @type {string | null} */
  signedOutBecause: null,

  // The address.
  /** @type {"query" | "state" | "box"} */
  view: "query",
  /** @type {string | null} */
  tenant: null,
  /** @type {import("./coordinates.js").Point | null} */
  point: null,
  /** In metres. @type {number | null} */
  radius: null,
  /** A box's id, or what was typed to find one. @type {string | null} */
  box: null,

  query: nothing(),
  comparison: nothing(),
  boxes: nothing(),
  splitters: nothing(),
  status: nothing(),
  runs: nothing(),
  differences: nothing(),
  /** The order of a refresh, from the click to its end. */
  order: nothing(),

  /** Points that what was typed may mean. @type {import("./coordinates.js").Point[]} */
  readings: [],
  /** What is wrong with what was typed. @type {string | null} */
  typedFault: null,
  showJson: false,
  /** How many boxes of a long list are shown. */
  shown: 50,
  /** The box that is pointed at in a list. @type {string | null} */
  pointedAt: null,
  /** The run that the chart tells of. @type {number | null} */
  markedRun: null,
  /** A refused run whose question was answered: the data stay. @type {number | null} */
  leftAsIs: null,
  /** How high the sheet stands on a phone. @type {"low" | "half" | "full"} */
  sheet: "half",
};

const watchers = new Set();
let scheduled = false;

/** @param {Partial<typeof state>} changes */
export function set(changes) {
  Object.assign(state, changes);
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    for (const watcher of watchers) watcher();
  });
}

/** @param {() => void} watcher @returns {() => void} ends it */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** The tenant that is looked at. @returns {Tenant | undefined} */
export const tenant = () => state.session?.tenants.find((one) => one.tenant === state.tenant);

/** What `list` of `{ tenants: […] }` says of the tenant that is looked at. @param {Loaded} loaded */
export const ofTenant = (loaded) => loaded.data?.tenants?.find((one) => one.tenant === state.tenant) ?? null;
