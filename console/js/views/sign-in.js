// Signing in with the admin token.

import { ask, signIn } from "../api.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { set, state } from "../store.js";
import { toolsOnly } from "./bar.js";
import { errorText } from "./parts.js";
import { icon } from "../icons.js";

let trying = false;
let fault = null;

/** @param {() => void} refused the server takes the token no more @param {() => void} done */
export function signInView(refused, done) {
  const submit = async (event) => {
    event.preventDefault();
    const field = event.target.elements.token;
    if (!field.value || trying) return;
    [trying, fault] = [true, null];
    set({});
    signIn(field.value.trim());
    try {
      const session = await ask("admin/console");
      signIn(field.value.trim(), refused);
      field.value = "";
      set({ session, signedOutBecause: null });
      done();
    } catch (error) {
      signIn(null);
      fault = error;
      field.select();
    } finally {
      trying = false;
      set({});
    }
  };
  const told = fault ? errorText(fault) : state.signedOutBecause;
  return h(
    "form",
    { class: "sign-in", onsubmit: submit },
    h("div", { class: "sign-in-head" }, h("span", { class: "brand-mark" }), toolsOnly()),
    h("h1", {}, t("sign_in.title")),
    h("p", { class: "quiet" }, t("sign_in.lead")),
    h("label", { for: "token" }, t("sign_in.token")),
    h("input", {
      id: "token",
      name: "token",
      type: "password",
      autocomplete: "off",
      autofocus: true,
      required: true,
      "aria-describedby": "token-note",
      "aria-invalid": told ? "true" : null,
    }),
    h(
      "div",
      { class: "sign-in-note", id: "token-note", role: "status" },
      told ? h("p", { class: "bad" }, icon("alert"), told) : h("p", { class: "quiet" }, t("sign_in.where")),
    ),
    h(
      "button",
      { class: "primary wide", type: "submit", disabled: trying },
      trying && h("span", { class: "spinner" }),
      t("sign_in.enter"),
    ),
  );
}
