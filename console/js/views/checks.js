// The rules that a box was judged by, in words, each with what it was judged from.

import { h } from "../dom.js";
import { distance, number, t, tOr } from "../i18n.js";
import { icon } from "../icons.js";
import { words } from "../words.js";

/** As the words stand: the more telling first. */
const ORDER = Object.keys(words)
  .filter((key) => key.startsWith("input."))
  .map((key) => key.slice("input.".length));
const USUAL = {
  blocked_ports_are_free: false,
  property_ports_are_free: false,
  read: "whole",
  is_known: true,
  boundary: "inclusive",
};

/** @param {{ rule: string, passed: boolean, inputs: Record<string, any> }[]} checks */
export function checks(all) {
  return h(
    "ul",
    { class: "checks" },
    all.map(({ rule, passed, inputs }) =>
      h(
        "li",
        { class: passed ? "is-passed" : "is-failed" },
        icon(passed ? "check" : "cross"),
        h(
          "span",
          {},
          h("span", { class: "unseen" }, t(passed ? "check.passed" : "check.failed")),
          tOr("rule", rule),
          h(
            "span",
            { class: "inputs" },
            Object.entries(inputs ?? {})
              .sort(([one], [other]) => ORDER.indexOf(one) - ORDER.indexOf(other))
              .map(([name, value]) => input(name, value))
              .filter(Boolean)
              .join(" · "),
          ),
        ),
      ),
    ),
  );
}

/** "livres: 3". Names that have no words yet are told as they are; what goes without saying isn't told. */
function input(name, value) {
  const isUsual = USUAL[name] === value || (Array.isArray(value) && !value.length);
  if (value === null || value === undefined || isUsual) return null;
  return `${tOr("input", name)}: ${written(name, value)}`;
}

function written(name, value) {
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (typeof value === "number")
    return /_m$/.test(name) ? distance(value) : number(value, { maximumFractionDigits: 2 });
  if (Array.isArray(value)) return value.map((one) => written(name, one)).join(", ");
  if (typeof value === "object")
    return Object.entries(value)
      .map(([key, one]) => input(key, one))
      .join(", ");
  return `value.${value}` in words ? t(`value.${value}`) : String(value);
}
