// Without a mouse: sign in, ask, read the answer, ask on the map.

import assert from "node:assert/strict";
import { ADMIN, ADMIN_TOKEN, someBox } from "./browser.mjs";

const MOST_STEPS = 30;

/** Presses Tab until something that fits `selector` has the focus. */
async function tabTo(page, selector) {
  for (let step = 0; step < MOST_STEPS; step += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  assert.fail(`${selector} is not reached by Tab`);
}

/** @param {import("./tests.mjs").Tests} tests */
export async function byKeyboard(tests) {
  await tests.test("by keyboard alone one signs in and asks", async (page) => {
    const { lat, lng } = await someBox();
    await page.goto(ADMIN);
    await page.waitForFunction(() => document.activeElement?.id === "token");
    await page.keyboard.type(ADMIN_TOKEN);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#panel");
    await tabTo(page, "#point");
    await page.keyboard.type(`${lat.toFixed(6)}, ${lng.toFixed(6)}`);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Viável aqui" }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "point", "the focus stays");
    await tabTo(page, ".box-row button");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".checks");
  });

  await tests.test("the map is moved and asked by keyboard", async (page) => {
    await page.goto(ADMIN);
    await page.fill("#token", ADMIN_TOKEN);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".box-tile");
    await page.focus("#map");
    for (let step = 0; step < 7; step += 1) {
      await page.keyboard.press("+");
      await page.waitForFunction(
        () => !document.querySelector(".leaflet-zoom-anim .leaflet-zoom-animated.leaflet-zoom-hide:not(canvas)"),
      );
    }
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /point=|box=/.test(location.hash));
  });

  await tests.test("the arrows move between the views", async (page) => {
    await page.goto(ADMIN);
    await page.fill("#token", ADMIN_TOKEN);
    await page.keyboard.press("Enter");
    await page.focus("#tab-query");
    await page.keyboard.press("ArrowRight");
    await page.waitForSelector("#view.view-state");
    assert.equal(await page.evaluate(() => document.activeElement.id), "tab-state");
  });
}
