// The admin API, as anyone can call it. The token is kept here and nowhere else: a reload asks for it again.

/** An answer that is none. `code` is the server's word, or "unreachable". */
class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {number | null} retryAfter seconds */
  constructor(status, code, message, retryAfter) {
    super(message);
    Object.assign(this, { name: "ApiError", status, code, retryAfter });
  }
}

let token = null;
let refused = () => {};
/** How far the server's clock is ahead of ours, in milliseconds. */
let ahead = 0;

/** Now, by the server's clock. */
export const serverNow = () => Date.now() + ahead;

/** @param {string | null} value @param {() => void} [whenRefused] called when the server takes it no more */
export function signIn(value, whenRefused) {
  token = value;
  refused = whenRefused ?? (() => {});
}

/**
 * @param {string} path below the page's own address, without a leading slash
 * @param {Record<string, any>} [params] those that are null or undefined are left out
 * @param {{ method?: string, signal?: AbortSignal }} [options]
 */
export async function ask(path, params = {}, { method = "GET", signal } = {}) {
  const given = Object.entries(params).filter(([, value]) => value !== null && value !== undefined);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const url = given.length ? `${path}?${query}` : path;
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let response;
  try {
    response = await fetch(url, { method, headers, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", String(error.message), null);
  }
  const date = Date.parse(response.headers.get("date") ?? "");
  // Its seconds are cut off: half of one on average.
  if (date) ahead = Math.abs(date + 500 - Date.now()) < 2000 ? 0 : date + 500 - Date.now();
  if (response.ok) return response.json();
  if (response.status === 401 && token) refused();
  throw await failure(response);
}

async function failure(response) {
  const body = await response.json().catch(() => ({}));
  const retryAfter = Number.parseFloat(response.headers.get("retry-after") ?? "");
  const message = body.message ?? `HTTP ${response.status}`;
  return new ApiError(response.status, body.code ?? "", message, Number.isNaN(retryAfter) ? null : retryAfter);
}
