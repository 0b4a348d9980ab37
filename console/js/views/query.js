// Consulta: can this place be connected, by which boxes, and why not by the others?

import { readPoints } from "../coordinates.js";
import { askHere, compareHere } from "../data/queries.js";
import { h } from "../dom.js";
import { pointText, radiusText, t } from "../i18n.js";
import { icon } from "../icons.js";
import { go } from "../place.js";
import { set, state, tenant } from "../store.js";
import { copyButton } from "./copy.js";
import { boxRow } from "./box-parts.js";
import { comparison } from "./comparison.js";
import { action, fault, skeleton } from "./parts.js";
import { verdict } from "./verdict.js";

export function queryView() {
  return [form(), radiusField(), state.point ? result() : h("p", { class: "hint" }, t("query.hint"))];
}

function form() {
  return h(
    "form",
    { class: "field", onsubmit: submit, novalidate: true },
    h("label", { for: "point" }, t("query.point")),
    h(
      "div",
      { class: "joined" },
      h("input", {
        id: "point",
        name: "point",
        value: state.point ? pointText(state.point) : "",
        placeholder: "-27.595400, -48.548000",
        autocomplete: "off",
        spellcheck: "false",
        "aria-describedby": "point-note",
        "aria-invalid": state.typedFault ? "true" : null,
      }),
      h("button", { class: "primary", type: "submit" }, t("query.ask")),
    ),
    h(
      "div",
      { id: "point-note", class: "note", role: "status" },
      state.typedFault && h("p", { class: "bad" }, state.typedFault),
      readings(),
    ),
  );
}

function submit(event) {
  event.preventDefault();
  askAt(event.target.elements.point.value);
}

/** What was typed as a place, wherever it was typed. @param {string} text */
export function askAt(text) {
  const points = readPoints(text, tenant()?.bounds);
  if (points.length === 1) {
    const isHere = points[0].lat === state.point?.lat && points[0].lng === state.point?.lng;
    set({ readings: [], typedFault: null });
    go({ view: "query", point: points[0] });
    if (isHere) askHere();
  } else {
    set({ view: "query", readings: points, typedFault: points.length ? null : t("query.unreadable") });
  }
}

/** Which of them is meant? */
function readings() {
  if (!state.readings.length) return null;
  const choose = (point) => () => {
    document.querySelector("#point").value = pointText(point);
    go({ view: "query", point });
    set({ readings: [] });
  };
  return [
    h("p", {}, t("query.which")),
    h(
      "ul",
      { class: "choices" },
      state.readings.map((point) =>
        h("li", {}, h("button", { type: "button", onclick: choose(point) }, icon("target"), pointText(point))),
      ),
    ),
  ];
}

/** Finer where radii are mostly chosen. @param {number} max @param {(number | null | undefined)[]} others that must be among them */
function steps(max, others) {
  const found = new Set([max, ...others.filter((one) => one && one <= max)]);
  for (let at = 10; at < max; at += at < 100 ? 10 : at < 500 ? 25 : at < 1000 ? 50 : 100) found.add(at);
  return [...found].sort((a, b) => a - b);
}

function radiusField() {
  const { max_radius_m: max = 2000, default_radius_m: usual } = tenant() ?? {};
  const all = steps(max, [usual, state.radius]);
  const at = (radius) => all.indexOf(radius);
  const place = usual ? `calc(9px + (100% - 18px) * ${at(usual) / (all.length - 1)})` : null;
  const isBeyond = state.radius > max;
  return h(
    "div",
    { class: "field radius" },
    h("label", { for: "radius" }, t("query.radius")),
    h("output", { for: "radius", class: "radius-value" }, radiusText(state.radius)),
    h("input", {
      id: "radius",
      type: "range",
      min: 0,
      max: all.length - 1,
      step: 1,
      value: String(isBeyond ? all.length - 1 : at(state.radius)),
      "aria-valuetext": radiusText(state.radius),
      oninput: (event) => go({ radius: all[event.target.valueAsNumber] }, { replace: true }),
      style: { "--share": `${((isBeyond ? 1 : at(state.radius) / (all.length - 1)) * 100).toFixed(2)}%` },
    }),
    usual &&
      h(
        "button",
        {
          type: "button",
          class: "usual",
          style: { left: place },
          onclick: () => go({ radius: usual }, { replace: true }),
          title: t("query.usual_title"),
        },
        t("query.usual", { radius: radiusText(usual) }),
      ),
  );
}

function result() {
  const { data, error, loading } = state.query;
  if (error) return fault(error, askHere);
  if (!data)
    return h(
      "div",
      { class: "result" },
      skeleton("large"),
      skeleton(),
      skeleton("row"),
      skeleton("row"),
      skeleton("row"),
    );
  return h(
    "div",
    {
      class: loading ? "result is-loading" : "result",
      "aria-busy": loading ? "true" : null,
      "data-of": `${data.query.lat},${data.query.lng}`,
    },
    verdict(data),
    h(
      "div",
      { class: "actions" },
      action("compare", t("query.compare"), compareHere, { disabled: state.comparison.loading }),
      action("braces", "JSON", () => set({ showJson: !state.showJson }), {
        "aria-expanded": String(state.showJson),
        "aria-controls": "answer",
      }),
      copyButton("link", t("query.copy_link"), () => location.href),
    ),
    comparison(),
    state.showJson && json(data.answer),
    boxes(data),
  );
}

function json(answer) {
  const text = JSON.stringify(answer, null, 2);
  return h(
    "div",
    { id: "answer", class: "json" },
    h("p", { class: "quiet" }, t("query.json_note")),
    h("pre", { tabindex: 0, "aria-label": "JSON" }, text),
    copyButton("braces", t("query.copy_json"), () => JSON.stringify(answer)),
  );
}

function boxes({ boxes: all, left_out: leftOut }) {
  const groups = [
    ["offered", all.filter((box) => box.outcome === "offered")],
    ["refused", all.filter((box) => box.outcome === "refused")],
    ["not_listed", all.filter((box) => box.outcome === "not_listed")],
  ];
  let room = state.shown;
  const lists = groups.map(([name, group]) => {
    const part = group.slice(0, room);
    room -= part.length;
    return (
      part.length > 0 && [
        h("h3", {}, t(`query.${name}`, { n: group.length })),
        h("ul", { class: "box-list" }, part.map(boxRow)),
      ]
    );
  });
  const hidden = all.length - Math.min(all.length, state.shown);
  return [
    lists,
    hidden > 0 &&
      h(
        "button",
        { type: "button", class: "more", onclick: () => set({ shown: state.shown + 100 }) },
        t("query.more", { n: hidden }),
      ),
    leftOut > 0 && h("p", { class: "quiet" }, t("query.left_out", { n: leftOut })),
  ];
}
