// Signing in, and what a reload, a link and another language leave of it.

import assert from "node:assert/strict";
import { ADMIN, ADMIN_TOKEN, signIn, someBox } from "./browser.mjs";

/** @param {import("./tests.mjs").Tests} tests */
export async function signing(tests) {
  const refused = { expected: /status of 401/ };
  await tests.test(
    "a wrong token is told in words, the right one opens the map",
    async (page) => {
      await page.goto(ADMIN);
      await page.fill("#token", "not the token");
      await page.keyboard.press("Enter");
      await page.getByText("Este não é o token de administrador").waitFor();
      assert.equal(await page.getAttribute("#token", "aria-invalid"), "true");
      await page.fill("#token", ADMIN_TOKEN);
      await page.click("button[type=submit]");
      await page.waitForSelector("#panel");
      await page.waitForSelector(".box-tile");
    },
    refused,
  );

  await tests.test("a reload asks for the token again, and nothing keeps it", async (page) => {
    await signIn(page);
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]),
    );
    assert.ok(!kept.includes(ADMIN_TOKEN), kept);
    await page.reload();
    await page.waitForSelector("#token");
  });

  await tests.test("a link leads a colleague to the same place, after signing in", async (page) => {
    const { lat, lng } = await someBox();
    await signIn(page, `#view=query&point=${lat},${lng}&radius=300`);
    await page.waitForSelector(".verdict");
    assert.equal(await page.textContent(".radius-value"), "300 m");
    assert.equal(await page.inputValue("#point"), `${lat.toFixed(6)}, ${lng.toFixed(6)}`);
    await page.click("#tab-state");
    await page.waitForSelector(".freshness");
    await page.goBack();
    await page.waitForSelector(".verdict");
  });

  await tests.test("the language switches at once and is remembered", async (page) => {
    await signIn(page);
    await page.getByText("Coordenadas", { exact: true }).waitFor();
    await page.click(".tools .tool >> nth=0");
    await page.getByText("Coordinates", { exact: true }).waitFor();
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await page.reload();
    await page.getByText("Viability console").waitFor();
  });

  await tests.test("the theme switches at once and is remembered", async (page) => {
    await signIn(page);
    const surface = () => page.evaluate(() => getComputedStyle(document.querySelector("#panel")).backgroundColor);
    const light = await surface();
    await page.click("[aria-label='Tema escuro']");
    assert.notEqual(await surface(), light);
    await page.reload();
    await page.waitForSelector("#token");
    assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  });

  await tests.test("signing out leaves nothing on the page", async (page) => {
    await signIn(page);
    await page.waitForSelector(".box-tile");
    await page.click("[aria-label='Sair']");
    await page.waitForSelector("#token");
    assert.equal(await page.locator("#map").count(), 0);
  });
}
