// The address holds what is looked at, so that a link can be sent to a colleague: #view=query&tenant=…&point=…&radius=…&box=…

const VIEWS = ["query", "state", "box"];

/** @param {string} hash @returns {{ view: any, tenant: string | null, point: any, radius: number | null, box: string | null }} */
export function readAddress(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const [lat, lng] = (values.get("point") ?? "").split(",").map(Number.parseFloat);
  const radius = Number.parseFloat(values.get("radius") ?? "");
  const isPoint = Math.abs(lat) <= 90 && Math.abs(lng) <= 180;
  const view = VIEWS.includes(values.get("view")) ? values.get("view") : null;
  return {
    view: view ?? (values.has("box") ? "box" : "query"),
    tenant: values.get("tenant"),
    point: isPoint ? { lat, lng } : null,
    radius: radius > 0 ? radius : null,
    box: values.get("box"),
  };
}

/** @param {{ view: string, tenant: string | null, point: any, radius: number | null, box: string | null }} place */
export function writeAddress({ view, tenant, point, radius, box }) {
  const parts = [`view=${view}`];
  if (tenant) parts.push(`tenant=${encodeURIComponent(tenant)}`);
  if (point) parts.push(`point=${point.lat.toFixed(6)},${point.lng.toFixed(6)}`);
  if (radius) parts.push(`radius=${radius}`);
  if (box) parts.push(`box=${encodeURIComponent(box)}`);
  return `#${parts.join("&")}`;
}
