// Copying something, and saying that it was.

import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { h, show } from "../dom.js";

const SAID_MS = 1_600;

/** @param {string} name of its icon @param {string} label @param {() => string} text */
export function copyButton(name, label, text) {
  const onclick = async (event) => {
    const button = event.currentTarget;
    const isCopied = await copy(text());
    const draw = (symbol, words) => show(button, icon(symbol), h("span", { role: "status" }, words));
    draw(isCopied ? "check" : "alert", t(isCopied ? "copied" : "not_copied"));
    setTimeout(() => draw(name, label), SAID_MS);
  };
  return h("button", { type: "button", class: "action", onclick }, icon(name), h("span", { role: "status" }, label));
}

/** Also where the page came by plain HTTP from another machine, and the browser has no clipboard for it. */
async function copy(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const field = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  return isCopied;
}
