// The browser, and pages that tell of everything they have to complain about.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export const { ADMIN, ADMIN_TOKEN, OZMAP, PROXY, KEY } = process.env;

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export function openBrowser() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!executablePath) throw new Error("no Chromium found: apt-get install chromium, or name one in CHROMIUM");
  // Root has no sandbox to use.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** Kept, so that the page's files are fetched once: for each look, its profile. */
const profiles = new Map();

function profile(browser, settings) {
  const name = JSON.stringify(settings);
  const { width, height, colorScheme } = settings;
  if (!profiles.has(name))
    profiles.set(
      name,
      browser.newContext({
        viewport: { width, height },
        colorScheme,
        locale: "pt-BR",
        timezoneId: "America/Sao_Paulo",
      }),
    );
  return profiles.get(name);
}

/** @param {import("playwright-core").Browser} browser */
export async function openPage(browser, { width = 1440, height = 900, colorScheme = "light" } = {}) {
  const context = await profile(browser, { width, height, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on(
    "console",
    (message) => ["error", "warning"].includes(message.type()) && complaints.push(`console: ${message.text()}`),
  );
  page.on("pageerror", (error) => complaints.push(`exception: ${error.stack}`));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== ADMIN && !["data:", "blob:"].includes(protocol)) complaints.push(`another host: ${request.url()}`);
  });
  await page.addInitScript(() => {
    // What a test chose before it is not for the next one; a reload keeps it.
    if (!sessionStorage.getItem("begun")) localStorage.clear();
    sessionStorage.setItem("begun", "yes");
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  return { page, complaints, close: () => page.close() };
}

/** @param {import("playwright-core").Page} page @param {string} [hash] where to begin */
export async function signIn(page, hash = "") {
  await page.goto(`${ADMIN}/${hash}`);
  await page.fill("#token", ADMIN_TOKEN);
  await page.click("button[type=submit]");
  await page.waitForSelector("#panel");
}

/** Asks the admin API as anyone can. @param {string} path @param {RequestInit} [init] */
export async function ask(path, init) {
  const response = await fetch(`${ADMIN}/admin/${path}`, {
    ...init,
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The tile at `zoom` in which a place lies. */
function tileAt(zoom, { lat, lng }) {
  const sine = Math.sin((lat * Math.PI) / 180);
  const [x, y] = [lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
  return [x, y].map((share) => Math.floor(share * 2 ** zoom));
}

/** A box on offer where there are most: from the whole network down to one tile, always to the largest group. */
export async function someBox() {
  const { tenants } = await ask("console");
  const { west, south, east, north } = tenants[0].bounds;
  let place = { lat: (south + north) / 2, lng: (west + east) / 2 };
  for (let zoom = 0; zoom <= 22; zoom += 1) {
    const { boxes, clusters } = await ask(`tiles/${[zoom, ...tileAt(zoom, place)].join("/")}`);
    const found = boxes.find(([, , , , state, free]) => state === "sellable" && free > 2);
    if (found) return (await ask(`explain?box=${found[0]}`)).boxes[0];
    const [lat, lng] = clusters.reduce((most, one) => (one[2] > most[2] ? one : most));
    place = { lat, lng };
  }
  throw new Error("no box on offer");
}

/** Where the point that was asked about is drawn. @param {import("playwright-core").Page} page */
export async function askedPixel(page) {
  const { x, y, width, height } = await page.locator(".asked-point").boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
}
