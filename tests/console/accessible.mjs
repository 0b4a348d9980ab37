// axe in every view, light and dark: nothing serious, nothing critical.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { ADMIN, signIn, someBox } from "./browser.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const GRAVE = ["serious", "critical"];

async function check(page, what) {
  // Colours in the middle of a fade are nobody's contrast.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every((one) => one.playState === "finished" || one.effect.getTiming().iterations === Infinity),
  );
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter(({ impact }) => GRAVE.includes(impact));
  assert.deepEqual(
    grave.map(
      ({ id, nodes }) => `${what}: ${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`,
    ),
    [],
  );
}

/** @param {import("./tests.mjs").Tests} tests */
export async function accessible(tests) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ]) {
      await tests.test(
        `axe finds nothing serious, ${colorScheme}, ${width} px`,
        async (page) => {
          const box = await someBox();
          // By way of the debugger: the policy of the page lets no other script in.
          await page.addInitScript({ path: AXE });
          await page.goto(ADMIN);
          await page.waitForSelector("#token");
          await check(page, "sign-in");
          await signIn(page, `#view=query&point=${box.lat},${box.lng}&radius=300`);
          await page.getByRole("button", { name: "JSON", exact: true }).click();
          await page.waitForSelector("#answer");
          await check(page, "query");
          await page.click("#tab-state");
          await page.waitForSelector(".runs");
          await page.click(".runs summary");
          await check(page, "state");
          await page.locator("#tab-box").click();
          await page.fill("#box", box.name);
          await page.keyboard.press("Enter");
          await page.waitForSelector("#view.view-box .box-list, #view.view-box .checks");
          await check(page, "box");
        },
        { width, height, colorScheme },
      );
    }
  }
}
