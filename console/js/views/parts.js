// What several views are made of.

import { h } from "../dom.js";
import { ago, exact, span, t } from "../i18n.js";
import { icon } from "../icons.js";
import { tenant } from "../store.js";
import { words } from "../words.js";

/** A time as it is told: relative, the exact one in the tenant's time zone when pointed at. @param {string} at */
export const time = (at) => h("time", { datetime: at, title: exact(at, tenant()?.time_zone) }, ago(at));

/** What went wrong, and what to do. @param {any} error @param {(() => void) | null} [again] */
export function fault(error, again = null) {
  return h(
    "div",
    { class: "notice is-bad", role: "alert" },
    icon("alert"),
    h(
      "div",
      {},
      h("p", {}, errorText(error)),
      again && h("button", { type: "button", class: "link", onclick: again }, t("again")),
    ),
  );
}

/** In words that say what to do; the server's own where its code has none here. @param {any} error */
export function errorText({ code, message, retryAfter }) {
  const text = `error.${code}` in words ? t(`error.${code}`) : t("error.other", { message });
  return retryAfter ? `${text} ${t("error.wait", { span: span(retryAfter) })}` : text;
}

/** A line that will hold something, of its final height. @param {string} [size] "large" for a heading */
export const skeleton = (size = "") => h("div", { class: `skeleton ${size}`, "aria-hidden": "true" });

/** @param {string} title @param {...any} children */
export const section = (title, ...children) => h("section", { class: "card" }, h("h3", {}, title), children);

/** A name and its value on one line; `null` is told as a dash. @param {string} name @param {any} value @param {string} [title] */
export const fact = (name, value, title) =>
  h("div", { class: "fact" }, h("dt", {}, name), h("dd", { title }, value ?? "–"));

/** @param {string} name @param {string} label @param {() => void} onclick @param {Record<string, any>} [props] */
export const action = (name, label, onclick, props) =>
  h("button", { type: "button", class: "action", onclick, ...props }, icon(name), h("span", {}, label));
