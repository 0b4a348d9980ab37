// The boxes on the map: tiles of `/admin/tiles`, drawn on canvases. Nobody downloads a whole network.

import { ask } from "../api.js";
import { number } from "../i18n.js";
import { state, tenant } from "../store.js";
import { watchTheme } from "../theme.js";
import { draw, drawCluster, kindOf, symbolColours } from "./symbols.js";

const TILE = 256;
/** Symbols at a tile's edge reach over it. */
const MARGIN = 24;
/** By zoom: seen from farther away boxes lie closer together. */
const boxRadius = (zoom) => Math.max(4, Math.min(7, zoom - 10));
/** How far from a symbol's middle a click still means it, in pixels. */
const REACH = 12;

/**
 * @typedef {{ x: number, y: number, reach: number, id?: string, name?: string, state?: string, free?: number, total?: number,
 *   lat: number, lng: number, count?: number }} Mark in pixels of the tile
 */

/** A layer with `markAt(latlng)`, `refresh()` and `restart()`. */
export function boxLayer() {
  let colour = symbolColours();
  const Layer = L.GridLayer.extend({
    createTile(coords, done) {
      const holder = L.DomUtil.create("div", "box-tile");
      const canvas = L.DomUtil.create("canvas", "box-canvas", holder);
      const tile = Object.assign(holder, { canvas, coords, marks: [], controller: new AbortController() });
      this.loadTile(tile).then(
        () => done(null, tile),
        (error) => done(error, tile),
      );
      return tile;
    },

    async loadTile(tile) {
      // Nothing was read yet: there is nothing to ask for.
      if (!tenant()?.bounds) return;
      const { x, y, z } = tile.coords;
      const answer = await ask(
        `admin/tiles/${z}/${x}/${y}`,
        { tenant: state.tenant },
        { signal: tile.controller.signal },
      );
      tile.marks = this.marks(answer, tile.coords);
      this.paint(tile);
    },

    /** Places in the tile. */
    marks({ boxes, clusters }, coords) {
      const origin = coords.scaleBy(this.getTileSize());
      const at = (lat, lng) => this._map.project([lat, lng], coords.z).subtract(origin);
      const single = boxes.map(([id, name, lat, lng, state_, free, total]) => {
        const { x, y } = at(lat, lng);
        return { x, y, reach: REACH, id, name, lat, lng, state: state_, free, total };
      });
      const groups = clusters.map(([lat, lng, count, sellable]) => {
        const { x, y } = at(lat, lng);
        const reach = Math.min(9 + Math.log10(count) * 3.6, 22);
        return { x, y, reach, lat, lng, count, share: sellable / count };
      });
      return [...single, ...groups];
    },

    paint(tile) {
      const scale = window.devicePixelRatio || 1;
      const side = TILE + 2 * MARGIN;
      Object.assign(tile.canvas, { width: side * scale, height: side * scale });
      const canvas = tile.canvas.getContext("2d");
      canvas.setTransform(scale, 0, 0, scale, MARGIN * scale, MARGIN * scale);
      Object.assign(canvas, {
        font: '600 11px system-ui, "Segoe UI", sans-serif',
        textAlign: "center",
        textBaseline: "middle",
      });
      for (const mark of tile.marks) {
        if (mark.id === undefined) {
          const label =
            mark.count < 1000
              ? number(mark.count)
              : number(mark.count, { notation: "compact", maximumFractionDigits: 1 }).replace(/\s?mil/, "k");
          drawCluster(canvas, { ...mark, radius: mark.reach, label }, colour);
        } else {
          draw(canvas, kindOf(mark.state, mark.free), mark.x, mark.y, boxRadius(tile.coords.z), colour);
        }
      }
    },

    eachTile(visit) {
      for (const { el } of Object.values(this._tiles)) visit(el);
    },

    /** The mark under a place, the nearest one. @returns {Mark | null} */
    markAt(latlng) {
      const zoom = this._map.getZoom();
      const place = this._map.project(latlng, zoom);
      let best = null;
      this.eachTile(({ coords, marks }) => {
        if (coords.z !== zoom) return;
        const inTile = place.subtract(coords.scaleBy(this.getTileSize()));
        for (const mark of marks) {
          const away = Math.hypot(mark.x - inTile.x, mark.y - inTile.y);
          if (away <= mark.reach && (!best || away < best.away)) best = { away, mark };
        }
      });
      return best?.mark ?? null;
    },

    /** Asks for what is shown once more, without a blank moment: the data are new. */
    refresh() {
      this.eachTile((tile) => this.loadTile(tile).catch(() => {}));
    },
  });

  const layer = new Layer({
    tileSize: TILE,
    minZoom: 3,
    maxZoom: 21,
    noWrap: true,
    keepBuffer: 1,
    updateWhenZooming: false,
    className: "box-layer",
  });
  layer.on("tileunload", ({ tile }) => tile.controller.abort());
  const unwatch = watchTheme(() => {
    colour = symbolColours();
    layer.eachTile((tile) => layer.paint(tile));
  });
  layer.on("remove", unwatch);
  return layer;
}
