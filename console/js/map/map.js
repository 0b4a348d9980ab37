// The map: what lies where, and where somebody asks.

import { t } from "../i18n.js";
import { go } from "../place.js";
import { ofTenant, state, tenant, watch } from "../store.js";
import { askedLayer } from "./asked.js";
import { baseLayer } from "./base.js";
import { addControls } from "./controls.js";
import { addGraticule } from "./graticule.js";
import { boxLayer } from "./tiles.js";

const PANEL_WIDTH = 360;
const BAR_HEIGHT = 48;
/** Of the window, as css/layout.css has it. */
const SHEET_HALF = 0.52;
const BRAZIL = [
  [-33.8, -74],
  [5.3, -34.8],
];

const isPhone = () => matchMedia("(max-width: 720px)").matches;

/** What of the map lies under the panel, in pixels from the left and from below. */
function covered() {
  if (!isPhone()) return { left: PANEL_WIDTH, bottom: 0 };
  const sheet = document.querySelector("#panel")?.getBoundingClientRect();
  const half = window.innerHeight * SHEET_HALF;
  return { left: 0, bottom: sheet ? Math.min(window.innerHeight - sheet.top, half) : half };
}

const WORLD = [
  [-85, -180],
  [85, 180],
];

/** @param {HTMLElement} place what holds the map and its legend */
export function createMap(place) {
  const element = Object.assign(document.createElement("div"), { id: "map", tabIndex: 0 });
  element.setAttribute("role", "region");
  place.append(element);
  const map = L.map(element, {
    zoomControl: false,
    minZoom: 3,
    maxZoom: 21,
    attributionControl: false,
    maxBounds: WORLD,
    maxBoundsViscosity: 1,
  });
  showTenant(map);
  const boxes = boxLayer();
  const ground = layGround(map);
  boxes.setZIndex(2).addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  addGraticule(map, covered);
  const controls = addControls(place, map, () => showAll(map));
  const asked = askedLayer(map);

  map.on("click", ({ latlng }) => pick(map, boxes, latlng));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== element) return;
    pick(map, boxes, map.containerPointToLatLng(visibleCentre(map)));
  });
  addPointer(map, boxes);

  const shown = {
    tenant: state.tenant,
    point: state.point,
    generation: undefined,
    box: null,
    bounds: tenant()?.bounds,
  };
  const follow = () => {
    const isElsewhere = state.tenant !== shown.tenant;
    if (isElsewhere) ground.lay();
    // The first data of a tenant are as good as a new place.
    if (isElsewhere || (!shown.bounds && tenant()?.bounds)) {
      boxes.redraw();
      showTenant(map);
    }
    Object.assign(shown, { tenant: state.tenant, bounds: tenant()?.bounds });
    asked.update();
    if (state.point && state.point !== shown.point && !isSame(state.point, shown.point)) showCircle(map);
    shown.point = state.point;
    const found = state.view === "box" && state.boxes.data?.boxes.length === 1 ? state.boxes.data.boxes[0] : null;
    if (found && found.id !== shown.box) showPlace(map, found);
    shown.box = found?.id ?? null;
    const status = ofTenant(state.status);
    const generation = status ? (status.data?.generation ?? null) : undefined;
    if (!isElsewhere && shown.generation !== undefined && generation !== shown.generation) boxes.refresh();
    shown.generation = generation;
  };
  const unwatch = watch(follow);
  follow();
  return {
    /** After a change of language. */
    relabel: () => {
      element.setAttribute("aria-label", t("map"));
      controls.show();
    },
    close: () => {
      unwatch();
      map.remove();
      place.replaceChildren();
    },
  };
}

/** What lies below the boxes: the tenant's own pictures, or the outlines that need nobody. */
function layGround(map) {
  const credit = L.control.attribution({ prefix: false, position: "bottomright" });
  let base = null;
  const lay = () => {
    base?.remove();
    credit.remove();
    const tiles = tenant()?.tiles;
    base = tiles
      ? L.tileLayer(tiles.url, { maxZoom: 21, maxNativeZoom: 19, attribution: textOf(tiles.attribution) })
      : baseLayer("console/vendor/brazil.json");
    if (tiles) credit.addTo(map);
    base.setZIndex(1).addTo(map);
  };
  lay();
  return { lay };
}

/** Somebody's configuration, shown as text. */
function textOf(markup) {
  const holder = document.createElement("span");
  holder.textContent = markup ?? "";
  return holder.innerHTML;
}

const isSame = (one, other) => one && other && one.lat === other.lat && one.lng === other.lng;

function pick(map, boxes, latlng) {
  const mark = boxes.markAt(latlng);
  if (mark?.id) go({ view: "box", box: mark.id });
  else if (mark) map.setView([mark.lat, mark.lng], Math.min(map.getZoom() + 2, 21));
  else go({ view: "query", point: { lat: Number(latlng.lat.toFixed(6)), lng: Number(latlng.lng.toFixed(6)) } });
}

function showTenant(map) {
  showAll(map);
  if (state.point) showCircle(map);
}

function showAll(map) {
  const bounds = tenant()?.bounds;
  fit(
    map,
    bounds
      ? [
          [bounds.south, bounds.west],
          [bounds.north, bounds.east],
        ]
      : BRAZIL,
    15,
  );
}

function fit(map, bounds, maxZoom) {
  const { left, bottom } = covered();
  map.fitBounds(bounds, {
    paddingTopLeft: [left + 32, BAR_HEIGHT + 32],
    paddingBottomRight: [32, bottom + 32],
    maxZoom,
    animate: false,
  });
}

function visibleCentre(map) {
  const { x, y } = map.getSize();
  const { left, bottom } = covered();
  return L.point((left + x) / 2, (BAR_HEIGHT + y - bottom) / 2);
}

/** The circle comes into view; where it is in view already the map stays as it is. */
function showCircle(map) {
  const around = L.latLng(state.point).toBounds(state.radius * 2);
  const { left, bottom } = covered();
  const size = map.getSize();
  const free = L.bounds([left, BAR_HEIGHT], [size.x, size.y - bottom]);
  const corners = [around.getNorthWest(), around.getSouthEast()].map((corner) => map.latLngToContainerPoint(corner));
  const isLarge = Math.abs(corners[1].x - corners[0].x) > 60;
  if (!corners.every((corner) => free.contains(corner)) || !isLarge) fit(map, around.pad(0.35), 18);
}

function showPlace(map, { lat, lng }) {
  const at = map.latLngToContainerPoint([lat, lng]);
  const { left, bottom } = covered();
  const size = map.getSize();
  const free = L.bounds([left + 40, BAR_HEIGHT + 40], [size.x - 40, size.y - bottom - 40]);
  if (!free.contains(at) || map.getZoom() < 16) fit(map, L.latLng(lat, lng).toBounds(300), 18);
}

/** The pointer tells what a click would do; over a box a word on it. */
function addPointer(map, boxes) {
  const tip = L.tooltip({ direction: "top", offset: [0, -8], className: "box-tip" });
  let waiting = 0;
  map.on("mousemove", ({ latlng }) => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      const mark = boxes.markAt(latlng);
      map.getContainer().classList.toggle("over-mark", Boolean(mark));
      if (!mark?.id) return tip.remove();
      const text = document.createElement("span");
      text.textContent = `${mark.name} · ${t("ports.of", { free: mark.free, total: mark.total })}`;
      tip.setLatLng([mark.lat, mark.lng]).setContent(text).addTo(map);
    });
  });
  map.on("mouseout movestart zoomstart", () => tip.remove());
}
