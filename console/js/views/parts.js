// What several views are made of.

import { h } from "../dom.js";
import { tOr, t } from "../i18n.js";
import { ago, exact, span } from "../i18n.js";
import { icon } from "../icons.js";
import { tenant } from "../store.js";

/** A time as it is told: relative, the exact one in the tenant's time zone when pointed at. @param {string} at */
export const time = (at) => h("time", { datetime: at, title: exact(at, tenant()?.time_zone) }, ago(at));

/** What went wrong, and what to do. @param {any} error @param {(() => void) | null} [again] */
export function fault(error, again = null) {
  return h(
    "div",
    { class: "notice is-bad", role: "alert" },
    icon("alert"),
    h("div", {}, h("p", {}, errorText(error)), again && h("button", { type: "button", class: "link", onclick: again }, t("again"))),
  );
}

/** @param {any} error */
export function errorText(error) {
  if (error.status === 429 || error.retryAfter) {
    const wait = t("error.wait", { span: span(error.retryAfter ?? 30) });
    return error.status === 429 || error.status === 401 ? wait : `${tOr("error", error.code || "other")} ${wait}`;
  }
  if (error.status === 401) return t("error.token");
  if (error.status === 403) return t("error.no_token");
  const known = tOr("error", error.code);
  return known === String(error.code).replaceAll("_", " ") ? t("error.other", { message: error.message }) : known;
}

/** A line that will hold something, of its final height. @param {string} [size] "large" for a heading */
export const skeleton = (size = "") => h("div", { class: `skeleton ${size}`, "aria-hidden": "true" });

/** @param {string} title @param {...any} children */
export const section = (title, ...children) => h("section", { class: "card" }, h("h3", {}, title), children);

/** A name and its value on one line; `null` is told as a dash. @param {string} name @param {any} value @param {string} [title] */
export const fact = (name, value, title) => h("div", { class: "fact" }, h("dt", {}, name), h("dd", { title }, value ?? "–"));

/** @param {string} name @param {string} label @param {() => void} onclick @param {Record<string, any>} [props] */
export const action = (name, label, onclick, props) =>
  h("button", { type: "button", class: "action", onclick, ...props }, icon(name), h("span", {}, label));
