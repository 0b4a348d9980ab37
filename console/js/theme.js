// Light or dark: as the system is, until somebody chooses. The colours are in css/theme.css.

const STORED = "viability-proxy.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const watchers = new Set();

export const isDark = () => {
  const chosen = localStorage.getItem(STORED);
  return chosen ? chosen === "dark" : system.matches;
};

function apply() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  for (const watcher of watchers) watcher();
}

export function startTheme() {
  system.addEventListener("change", apply);
  apply();
}

export function switchTheme() {
  localStorage.setItem(STORED, isDark() ? "light" : "dark");
  apply();
}

/** @param {() => void} watcher called after each change @returns {() => void} ends it */
export function watchTheme(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Colours of the style sheet, for a canvas. @param {string[]} names without the dashes @returns {Record<string, string>} */
export function colours(names) {
  const probe = document.createElement("i");
  document.body.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found);
}
