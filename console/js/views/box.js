// Caixa: one box, its ports and splitters, and why it is or isn't offered.

import { loadBoxes, loadSplitters } from "../data/boxes.js";
import { h } from "../dom.js";
import { number, pointText, t, tOr } from "../i18n.js";
import { icon } from "../icons.js";
import { kindOfBox, symbol } from "../map/symbols.js";
import { go } from "../place.js";
import { state } from "../store.js";
import { dots, portsText, reasonText } from "./box-parts.js";
import { checks } from "./checks.js";
import { copyButton } from "./copy.js";
import { action, fact, fault, section, skeleton, time } from "./parts.js";

export function boxView() {
  return [form(), state.box ? result() : h("p", { class: "hint" }, t("box.hint"))];
}

function form() {
  const submit = (event) => {
    event.preventDefault();
    const wanted = event.target.elements.box.value.trim();
    if (wanted) findBox(wanted);
  };
  const boxes = state.boxes.data?.boxes ?? [];
  return h(
    "form",
    { class: "field", onsubmit: submit },
    h("label", { for: "box" }, t("box.find")),
    h(
      "div",
      { class: "joined" },
      h("input", {
        id: "box",
        name: "box",
        value: boxes.length === 1 ? boxes[0].name : (state.box ?? ""),
        placeholder: t("box.placeholder"),
        autocomplete: "off",
        spellcheck: "false",
      }),
      h("button", { class: "primary", type: "submit" }, t("box.show")),
    ),
  );
}

/** @param {string} wanted an id or the beginning of a name */
export function findBox(wanted) {
  const isSame = wanted === state.box;
  go({ view: "box", box: wanted });
  if (isSame) loadBoxes();
}

function result() {
  const { data, error, loading } = state.boxes;
  if (error && error.status !== 404) return fault(error, loadBoxes);
  if (!data && !error)
    return h("div", { class: "result" }, skeleton("large"), skeleton(), skeleton("row"), skeleton("row"));
  const boxes = data?.boxes ?? [];
  if (!boxes.length)
    return h(
      "div",
      { class: "notice", role: "status" },
      icon("search"),
      h("p", {}, t("box.none", { text: state.box })),
    );
  const body = boxes.length === 1 ? page(boxes[0], data) : matches(boxes, data.left_out);
  return h("div", { class: loading ? "result is-loading" : "result" }, body);
}

function matches(boxes, leftOut) {
  return [
    h("p", { role: "status" }, t("box.several", { n: boxes.length })),
    h(
      "ul",
      { class: "box-list" },
      boxes.map((box) =>
        h(
          "li",
          { "data-key": box.id, class: "box-row" },
          h(
            "button",
            { type: "button", onclick: () => go({ box: box.id }) },
            symbol(kindOfBox(box)),
            h("span", { class: "box-name" }, box.name),
            h("span", { class: "box-distance" }, portsText(box)),
            h(
              "span",
              { class: "box-detail" },
              h("span", {}, box.outcome === "offered" ? tOr("stage", box.stage) : reasonText(box.reason)),
            ),
          ),
        ),
      ),
    ),
    leftOut > 0 && h("p", { class: "quiet" }, t("box.left_out", { n: leftOut })),
  ];
}

function page(box, { generation }) {
  const isOffered = box.outcome === "offered";
  return [
    h(
      "div",
      { class: `verdict ${isOffered ? "is-yes" : "is-no"}`, role: "status" },
      h("span", { class: "verdict-mark" }, symbol(kindOfBox(box))),
      h("h2", { class: "box-title" }, box.name),
      h("p", {}, isOffered ? t("box.offered") : reasonText(box.reason ?? box.outcome)),
      h("p", { class: "provenance" }, tOr("stage", box.stage)),
    ),
    h(
      "div",
      { class: "actions" },
      action("target", t("box.ask_here"), () => go({ view: "query", point: { lat: box.lat, lng: box.lng } })),
      copyButton("link", t("query.copy_link"), () => location.href),
    ),
    section(t("box.ports"), ports(box)),
    section(t("box.why"), checks(box.checks)),
    section(
      t("box.data"),
      h(
        "dl",
        { class: "facts" },
        box.updated_at !== undefined &&
          fact(t("box.changed"), box.updated_at ? time(box.updated_at) : t("box.changed_unknown")),
        fact(t("box.place"), pointText(box)),
        fact(t("box.id"), h("code", {}, box.id)),
        fact(t("box.project"), h("code", {}, box.project)),
        fact(t("data.generation"), number(generation)),
      ),
    ),
    section(t("box.splitters"), splitters(box)),
  ];
}

function ports(box) {
  if (box.total_ports === null) return h("p", { class: "quiet" }, t("ports.no_splitter_long"));
  return h("div", { class: "ports" }, dots(box.free_ports, box.total_ports), h("p", {}, portsText(box)));
}

function splitters({ id }) {
  const { loading, data, error } = state.splitters;
  const button = h(
    "button",
    { type: "button", class: "secondary", disabled: loading, onclick: () => loadSplitters(id) },
    loading ? h("span", { class: "spinner" }) : icon("refresh"),
    t(loading ? "box.reading" : "box.read"),
  );
  if (error) return [fault(error), button];
  if (!data) return [h("p", { class: "quiet" }, t("box.read_note")), button];
  if (!data.splitters.length) return [h("p", { role: "status" }, t("box.no_splitters")), button];
  const row = ({ id: splitter, kind, total_ports: total, free_ports: free, serves_clients: serves }) =>
    h(
      "tr",
      { "data-key": splitter },
      h(
        "th",
        { scope: "row", title: splitter },
        tOr("connector", kind),
        serves === false && h("span", { class: "quiet" }, ` ${t("connector.not_serving")}`),
      ),
      h("td", {}, dots(free, total, 8)),
      h("td", { class: "figure" }, t("ports.short", { free, total })),
    );
  return [
    h(
      "table",
      { class: "splitters" },
      h("caption", { class: "unseen" }, t("box.splitters")),
      h(
        "thead",
        { class: "unseen" },
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("box.splitter")),
          h("th", { scope: "col" }, t("box.ports")),
          h("th", { scope: "col" }, t("box.free")),
        ),
      ),
      h("tbody", {}, data.splitters.map(row)),
    ),
    button,
  ];
}
