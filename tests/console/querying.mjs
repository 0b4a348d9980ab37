// A query and a box's page, compared with what the APIs say.

import assert from "node:assert/strict";
import { ask, askedPixel, KEY, PROXY, signIn, someBox } from "./browser.mjs";

const around = (at) => `#view=query&point=${at.lat},${at.lng}&radius=300`;

/** @param {import("./tests.mjs").Tests} tests */
export async function querying(tests) {
  await tests.test("a click on the map asks there, and shows the boxes that the API tells", async (page) => {
    const near = await someBox();
    await signIn(page, around(near));
    await page.waitForSelector(".verdict");
    const first = page.url();
    const at = await askedPixel(page);
    await page.mouse.click(at.x + 37, at.y + 29);
    // What is shown is of the new place: the address and the field change before the answer is there.
    await page.waitForFunction((before) => {
      const [lat, lng] = document.querySelector("#point").value.split(", ").map(Number);
      return location.href !== before && document.querySelector(`.result[data-of="${lat},${lng}"]:not(.is-loading)`);
    }, first);
    const [lat, lng] = (await page.inputValue("#point")).split(", ").map(Number);
    const told = await ask(`explain?lat=${lat}&lng=${lng}&radius=300`);
    const shown = await page.locator(".box-row .box-name").allTextContents();
    const order = ["offered", "refused", "not_listed"];
    const expected = order.flatMap((outcome) => told.boxes.filter((box) => box.outcome === outcome)).slice(0, 50);
    assert.ok(expected.length > 0);
    assert.deepEqual(
      shown,
      expected.map((box) => box.name),
    );
    assert.equal(await page.textContent(".verdict h2"), told.verdict.viable ? "Viável aqui" : "Sem viabilidade aqui");
  });

  await tests.test("the JSON is what a client gets", async (page) => {
    const { lat, lng } = await someBox();
    await signIn(page, around({ lat, lng }));
    await page.getByRole("button", { name: "JSON", exact: true }).click();
    const shown = JSON.parse(await page.textContent("#answer pre"));
    const told = await ask(`explain?lat=${lat}&lng=${lng}&radius=300`);
    assert.deepEqual(shown, told.answer);
    if (!PROXY) return;
    const response = await fetch(`${PROXY}/api/v2/ftth-viability/radius?lat=${lat}&lng=${lng}&radius=300`, {
      headers: { Authorization: KEY },
    });
    assert.deepEqual(shown, await response.json());
  });

  await tests.test("the radius slides, and its default is a click away", async (page) => {
    await signIn(page, around(await someBox()));
    await page.waitForSelector(".verdict");
    await page.focus("#radius");
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => document.querySelector(".radius-value").textContent === "325 m");
    assert.match(page.url(), /radius=325/);
    await page.click(".usual");
    await page.waitForFunction(() => /radius=150/.test(location.hash));
    assert.equal(await page.getAttribute("#radius", "aria-valuetext"), "150 m");
  });

  await tests.test("swapped coordinates are asked back, what is no coordinate is told", async (page) => {
    const { lat, lng } = await someBox();
    await signIn(page);
    await page.fill("#point", `${lng}, ${lat}`);
    await page.keyboard.press("Enter");
    await page.locator(".choices button", { hasText: `${lat.toFixed(6)}, ${lng.toFixed(6)}` }).click();
    await page.waitForSelector(".verdict");
    await page.fill("#point", "rua sete");
    await page.keyboard.press("Enter");
    await page.getByText("Não são coordenadas").waitFor();
  });

  await tests.test("a comparison with OZmap says that both are the same", async (page) => {
    await signIn(page, around(await someBox()));
    await page.getByRole("button", { name: "Comparar com o OZmap" }).click();
    await page.getByText("Igual ao OZmap agora").waitFor();
  });

  await tests.test("a box's page opens from the list, from the map and by its name", async (page) => {
    const box = await someBox();
    await signIn(page, around(box));
    await page.locator(".box-row button", { hasText: box.name }).first().click();
    await page.waitForSelector(".checks");
    assert.equal(await page.textContent(".box-title"), box.name);
    assert.match(await page.textContent(".ports p"), new RegExp(`${box.free_ports} de ${box.total_ports} livres`));
    assert.equal(await page.locator(".checks .is-failed").count(), 0);
    await page.goBack();
    await page.waitForSelector("#view.view-query .verdict");
    const at = await askedPixel(page);
    await page.mouse.move(at.x, at.y);
    await page.waitForSelector(".over-mark");
    await page.mouse.click(at.x, at.y);
    await page.waitForSelector("#view.view-box .checks");
    await page.getByRole("button", { name: "Ler agora" }).click();
    await page.waitForSelector(".splitters tbody tr");
    await page.fill("[name=search]", box.name);
    await page.keyboard.press("Enter");
    // Names needn't be unique.
    const { boxes } = await ask(`explain?box=${encodeURIComponent(box.name)}`);
    const titles = page.locator(boxes.length > 1 ? ".box-list .box-name" : ".box-title");
    await titles.nth(boxes.length - 1).waitFor();
    assert.deepEqual(
      await titles.allTextContents(),
      boxes.map(({ name }) => name),
    );
  });

  await tests.test(
    "on a phone the sheet has three heights",
    async (page) => {
      await signIn(page, around(await someBox()));
      await page.waitForSelector(".verdict");
      const heights = [];
      for (const name of ["half", "full", "low"]) {
        await page.waitForSelector(`#panel.is-${name}`);
        await page.waitForFunction(() => document.querySelector("#panel").getAnimations().length === 0);
        heights.push((await page.locator("#panel").boundingBox()).height);
        await page.click(".handle");
      }
      assert.ok(heights[2] < heights[0] && heights[0] < heights[1], String(heights));
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(width, 390);
    },
    { width: 390, height: 844 },
  );
}
