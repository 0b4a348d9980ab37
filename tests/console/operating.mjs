// The state of the data: a refresh is ordered and watched to its end, a refused one is asked about.

import assert from "node:assert/strict";
import { ask, KEY, OZMAP, signIn } from "./browser.mjs";

/** More than a refresh believes to be gone at once (`refresh.max_shrink_percent`). */
const SHARE_TO_DELETE = 0.12;

/** What happens while OZmap fails like that. */
async function failing(fault, during) {
  await control("faults", { method: "POST", body: JSON.stringify(fault) });
  try {
    await during();
  } finally {
    await control("faults", { method: "DELETE" });
  }
}

const control = (path, init) => fetch(`${OZMAP.replace("/api/v2", "/_control")}/${path}`, init);
const generation = async () => (await ask("status")).tenants[0].data.generation;

async function allBoxes() {
  const rows = [];
  for (let page = 1; ; page += 1) {
    const response = await fetch(`${OZMAP}/boxes?limit=500&page=${page}&select=id`, {
      headers: { Authorization: KEY },
    });
    const { rows: more } = await response.json();
    if (!more.length) return rows;
    rows.push(...more);
  }
}

/** @param {import("./tests.mjs").Tests} tests */
export async function operating(tests) {
  await tests.test("a refresh is ordered, watched, and brings new data", async (page) => {
    const before = await generation();
    await signIn(page, "#view=state");
    await failing({ prefix: "/boxes", latency: "150ms" }, async () => {
      await page.getByRole("button", { name: "Atualizar agora" }).click();
      await page.getByText(/Atualizando: lendo caixas/).waitFor();
      await page.getByText(/Lido/).waitFor();
    });
    assert.ok((await generation()) > before);
    await page.waitForSelector(".run.is-marked");
    assert.match(await page.textContent(".freshness-age"), /^\d+ s$/);
  });

  await tests.test("OZmap's failure is told, with what to do", async (page) => {
    await signIn(page, "#view=state");
    await failing({ prefix: "", answer: { status: 401, content_type: "application/json", body: "{}" } }, async () => {
      await page.getByRole("button", { name: "Atualizar agora" }).click();
      await page.getByText("O OZmap recusou a chave. Troque-a na configuração.").waitFor();
    });
  });

  await tests.test("a network that shrank is asked about, and taken when a person says so", async (page) => {
    const boxes = await allBoxes();
    const doomed = boxes.slice(0, Math.ceil(boxes.length * SHARE_TO_DELETE));
    await Promise.all(doomed.map(({ id }) => control(`boxes/${id}`, { method: "DELETE" })));
    await signIn(page, "#view=state");
    await page.getByRole("button", { name: "Atualizar agora" }).click();
    await page.getByText(/Leitura recusada: 12 % menos caixas que antes. Aceitar mesmo assim\?/).waitFor();
    assert.equal((await ask("status")).tenants[0].data.boxes, boxes.length);
    await page.getByRole("button", { name: "Ler e aceitar" }).click();
    await page.getByText(/Lido/).waitFor({ timeout: 20_000 });
    assert.equal((await ask("status")).tenants[0].data.boxes, boxes.length - doomed.length);
  });
}
