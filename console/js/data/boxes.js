// A box's page: found by id or name.

import { ask } from "../api.js";
import { state } from "../store.js";
import { load } from "./load.js";

export const loadBoxes = () =>
  load("boxes", (signal) => ask("admin/explain", { tenant: state.tenant, box: state.box }, { signal }));

/** One call of the live budget. @param {string} id */
export const loadSplitters = (id) =>
  load("splitters", (signal) => ask("admin/splitters", { tenant: state.tenant, box: id }, { method: "POST", signal }));
