// Asking for something that `state` shows: what was there stays until the answer comes, and only the last answer counts.

import { nothing, set, state } from "../store.js";

const running = new Map();

/**
 * @param {keyof typeof state} slot where the answer goes
 * @param {(signal: AbortSignal) => Promise<any>} request
 * @returns {Promise<boolean>} whether it came
 */
export async function load(slot, request) {
  running.get(slot)?.abort();
  const controller = new AbortController();
  running.set(slot, controller);
  set({ [slot]: { ...state[slot], loading: true } });
  let outcome;
  try {
    outcome = { loading: false, data: await request(controller.signal), error: null };
  } catch (error) {
    if (error.name === "AbortError") return false;
    outcome = { loading: false, data: null, error };
  }
  if (running.get(slot) !== controller) return false;
  set({ [slot]: outcome });
  return !outcome.error;
}

/** Forgets what was asked for and everything that came: nobody is signed in. @param {(keyof typeof state)[]} slots */
export function forget(slots) {
  for (const slot of slots) {
    running.get(slot)?.abort();
    running.delete(slot);
    set({ [slot]: nothing() });
  }
}
