// What somebody asked about, on the map: the point, its circle, the box that is meant.

import { state } from "../store.js";
import { colours, watchTheme } from "../theme.js";

/** The point, the circle around it, and the box that is pointed at in a list or has its page open. */
export function askedLayer(map) {
  const style = () => colours(["accent", "edge", "text"]);
  let colour = style();
  const renderer = L.svg({ padding: 0.5 });
  const circle = L.circle([0, 0], { radius: 1, weight: 1.5, fillOpacity: 0.06, interactive: false, renderer });
  const point = L.circleMarker([0, 0], {
    radius: 5,
    weight: 2,
    fillOpacity: 1,
    interactive: false,
    renderer,
    className: "asked-point",
  });
  const ring = L.circleMarker([0, 0], { radius: 12, weight: 2.5, fill: false, interactive: false, renderer });
  const put = (layer, isShown) => isShown === map.hasLayer(layer) || (isShown ? layer.addTo(map) : layer.remove());
  const paint = () => {
    circle.setStyle({ color: colour.accent, fillColor: colour.accent });
    point.setStyle({ color: colour.edge, fillColor: colour.accent });
    ring.setStyle({ color: colour.accent });
  };
  const unwatch = watchTheme(() => {
    colour = style();
    paint();
  });
  map.on("unload", unwatch);
  paint();
  return {
    update() {
      if (state.point) {
        circle.setLatLng(state.point).setRadius(state.radius);
        point.setLatLng(state.point);
      }
      put(circle, Boolean(state.point));
      put(point, Boolean(state.point));
      const known = [...(state.query.data?.boxes ?? []), ...(state.boxes.data?.boxes ?? [])];
      const open = state.view === "box" && state.boxes.data?.boxes.length === 1 ? state.boxes.data.boxes[0].id : null;
      const marked = known.find((one) => one.id === (state.pointedAt ?? open));
      if (marked) ring.setLatLng([marked.lat, marked.lng]);
      put(ring, Boolean(marked));
    },
  };
}
