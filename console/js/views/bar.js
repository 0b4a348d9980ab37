// The bar over everything: which tenant, how fresh, find something, language, light or dark, leave.

import { readPoints } from "../coordinates.js";
import { h } from "../dom.js";
import { choose, currentLanguage, exact, LANGUAGES, t, tOr } from "../i18n.js";
import { icon } from "../icons.js";
import { go } from "../place.js";
import { ofTenant, set, state, tenant } from "../store.js";
import { isDark, switchTheme } from "../theme.js";
import { findBox } from "./box.js";
import { ageText } from "./freshness.js";
import { askAt } from "./query.js";

/** @param {() => void} leave signs out */
export function bar(leave) {
  return [
    h("span", { class: "brand", "aria-hidden": "true" }, h("span", { class: "brand-mark" })),
    tenantChoice(),
    freshnessLine(),
    search(),
    tools(leave),
  ];
}

function tenantChoice() {
  const { tenants } = state.session;
  if (tenants.length < 2) return h("span", { class: "tenant-name" }, state.tenant ?? t("tenants.none"));
  return h(
    "select",
    {
      class: "tenant-name",
      "aria-label": t("tenants.choose"),
      value: state.tenant,
      onchange: (event) => go({ tenant: event.target.value }),
    },
    tenants.map((one) => h("option", { value: one.tenant, selected: one.tenant === state.tenant }, one.tenant)),
  );
}

function freshnessLine() {
  const status = ofTenant(state.status);
  if (!status) return h("span", { class: "age" }, h("span", { class: "skeleton line" }));
  const running = status.refresh.running;
  const title = status.data ? exact(status.data.read_at, tenant()?.time_zone) : tOr("state", status.state);
  return h(
    "button",
    { type: "button", class: "age", title, onclick: () => go({ view: "state" }) },
    h("span", { class: `dot is-${status.state}` }),
    h("span", { class: "age-text" }, ageText(status)),
    running && h("span", { class: "spinner", role: "img", "aria-label": t("refresh.busy") }),
  );
}

/** Coordinates or a box, told apart by what is typed. */
function search() {
  const submit = (event) => {
    event.preventDefault();
    const text = event.target.elements.search.value.trim();
    if (!text) return;
    if (readPoints(text, tenant()?.bounds).length) askAt(text);
    else findBox(text);
    set({ sheet: "half" });
  };
  return h(
    "form",
    { class: "search", role: "search", onsubmit: submit },
    icon("search"),
    h("input", {
      name: "search",
      type: "search",
      "aria-label": t("search"),
      placeholder: t("search"),
      autocomplete: "off",
      spellcheck: "false",
    }),
  );
}

function tools(leave) {
  const language = currentLanguage();
  const other = LANGUAGES.find((one) => one !== language);
  const dark = isDark();
  return h(
    "div",
    { class: "tools" },
    h(
      "button",
      {
        type: "button",
        class: "tool",
        lang: other,
        "aria-label": t("language.other"),
        title: t("language.other"),
        onclick: () => switchLanguage(other),
      },
      language === "en" ? "PT" : "EN",
    ),
    h(
      "button",
      {
        type: "button",
        class: "tool",
        "aria-label": t(dark ? "theme.light" : "theme.dark"),
        title: t(dark ? "theme.light" : "theme.dark"),
        onclick: () => themeThen(),
      },
      icon(dark ? "sun" : "moon"),
    ),
    leave &&
      h(
        "button",
        { type: "button", class: "tool", "aria-label": t("leave"), title: t("leave"), onclick: leave },
        icon("leave"),
      ),
  );
}

export function switchLanguage(chosen) {
  choose(chosen);
  document.documentElement.lang = chosen;
  document.title = t("title");
  set({});
}

function themeThen() {
  switchTheme();
  set({});
}

/** Language and theme for who isn't signed in. */
export const toolsOnly = () => tools(null);
