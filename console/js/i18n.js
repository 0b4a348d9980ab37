// Language: which one, its words, and how it writes numbers, distances and times.

import { serverNow } from "./api.js";
import { words } from "./words.js";

export const LANGUAGES = ["pt-BR", "en"];
const STORED = "viability-proxy.language";

let language = LANGUAGES.includes(localStorage.getItem(STORED)) ? localStorage.getItem(STORED) : LANGUAGES[0];

export const currentLanguage = () => language;

/** @param {string} chosen one of `LANGUAGES` */
export function choose(chosen) {
  language = chosen;
  localStorage.setItem(STORED, chosen);
}

/**
 * The words for `key`. `{name}` is replaced; of "one|other" `values.n` chooses.
 * @param {string} key @param {Record<string, any>} [values]
 */
export function t(key, values = {}) {
  const text = words[key]?.[LANGUAGES.indexOf(language)];
  if (text === undefined) throw new Error(`no words for ${key}`);
  const forms = text.split("|");
  const form = forms.length === 2 && values.n !== 1 ? forms[1] : forms[0];
  return form.replace(/\{(\w+)\}/g, (_, name) =>
    typeof values[name] === "number" ? number(values[name]) : values[name],
  );
}

/** Words of the server that may be new to this page: as they are, then. @param {string} prefix @param {string} code */
export const tOr = (prefix, code) =>
  `${prefix}.${code}` in words ? t(`${prefix}.${code}`) : String(code).replaceAll("_", " ");

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const number = (value, options) => new Intl.NumberFormat(language, options).format(value);

const rounded = (value, digits) => number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** @param {number} metres */
export function distance(metres) {
  if (metres >= 10_000) return `${rounded(metres / 1000, 1)} km`;
  return `${rounded(metres, metres < 100 ? 1 : 0)} m`;
}

/** @param {number} metres */
export const radiusText = (metres) => `${number(metres, { maximumFractionDigits: 1 })} m`;

/** @param {{ lat: number, lng: number }} point as both languages' users paste it elsewhere: with decimal points */
export const pointText = ({ lat, lng }) => `${lat.toFixed(6)}, ${lng.toFixed(6)}`;

/** @param {number} bytes */
export function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let at = 0;
  while (bytes >= 1024 && at < units.length - 1) [bytes, at] = [bytes / 1024, at + 1];
  return `${rounded(bytes, at && bytes < 100 ? 1 : 0)} ${units[at]}`;
}

/** How long: "850 ms", "12,3 s", "4 min". @param {number} seconds */
export function took(seconds) {
  if (seconds < 0.001) return `${rounded(seconds * 1e6, seconds < 1e-5 ? 1 : 0)} µs`;
  if (seconds < 1) return `${rounded(seconds * 1e3, 0)} ms`;
  if (seconds < 100) return `${rounded(seconds, 1)} s`;
  return span(seconds);
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** "3 min", "2 h", "5 d"; with `fine` the next unit too: "3 min 12 s". @param {number} seconds @param {boolean} [fine] */
export function span(seconds, fine = false) {
  const whole = Math.max(0, Math.floor(seconds));
  const at = Math.min(UNITS.findIndex(([, length]) => whole >= length) >>> 0, UNITS.length - 1);
  const [unit, length] = UNITS[at];
  const rest = UNITS[at + 1];
  const first = `${number(Math.floor(whole / length))} ${unit}`;
  if (!fine || !rest) return first;
  return `${first} ${String(Math.floor((whole % length) / rest[1])).padStart(2, "0")} ${rest[0]}`;
}

/** Seconds since an RFC 3339 time. @param {string} time */
export const since = (time) => (serverNow() - Date.parse(time)) / 1000;

/** "há 3 min", "3 min ago". @param {string} time */
export const ago = (time) => t("time.ago", { span: span(since(time)) });

/** The exact time. @param {string} time @param {string | undefined} zone of the tenant */
export function exact(time, zone) {
  const format = { dateStyle: "short", timeStyle: "medium", timeZone: zone };
  return `${new Intl.DateTimeFormat(language, format).format(new Date(time))}${zone ? ` (${zone})` : ""}`;
}
