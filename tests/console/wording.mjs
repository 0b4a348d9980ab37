// What can be tried without pressing anything: words in both languages, and coordinates as people paste them.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { ADMIN } from "./browser.mjs";

const SOURCES = new URL("../../console/js/", import.meta.url);

const sources = () =>
  readdirSync(SOURCES, { recursive: true }).filter((name) => name.endsWith(".js") && !name.startsWith("words"));
const module = (page, name, use) => page.goto(ADMIN).then(() => page.evaluate(use, `/console/js/${name}`));

/** @param {import("./tests.mjs").Tests} tests */
export async function wording(tests) {
  await tests.test("every word is there in both languages, with the same places to fill in", async (page) => {
    const words = await module(page, "words.js", async (path) => (await import(path)).words);
    assert.ok(Object.keys(words).length > 150);
    for (const [key, texts] of Object.entries(words)) {
      assert.equal(texts.length, 2, key);
      assert.ok(
        texts.every((text) => text.trim()),
        key,
      );
      const [places, forms] = [/\{\w+\}/g, "|"].map((pattern) =>
        texts.map((text) =>
          pattern === "|" ? text.split("|").length : [...new Set(text.match(pattern))].sort().join(),
        ),
      );
      assert.equal(places[0], places[1], key);
      assert.ok(
        forms.every((count) => count <= 2),
        key,
      );
      if (forms.includes(2)) assert.match(texts[0] + texts[1], /\{n\}/, key);
      assert.doesNotMatch(texts.join(), /!|\.\.\./, `${key}: calm words`);
    }
  });

  await tests.test("every word that is asked for is there, and none is there for nobody", async (page) => {
    const keys = Object.keys(await module(page, "words.js", async (path) => (await import(path)).words));
    const text = sources()
      .map((name) => readFileSync(new URL(name, SOURCES), "utf8"))
      .join("\n");
    const literal = [...text.matchAll(/\bt\(\s*"([^"]+)"/g)].map(([, key]) => key);
    const families = [...text.matchAll(/\btOr\("(\w+)"/g), ...text.matchAll(/`(\w+)\.\$\{/g)].map(
      ([, family]) => family,
    );
    assert.ok(literal.length > 80 && families.length > 10);
    for (const key of literal) assert.ok(keys.includes(key), `no words for ${key}`);
    const isUsed = (key) => text.includes(`"${key}"`) || families.includes(key.split(".")[0]);
    assert.deepEqual(
      keys.filter((key) => !isUsed(key)),
      [],
    );
  });

  await tests.test("coordinates are read in every form that people paste", async (page) => {
    const here = { lat: -27.5954, lng: -48.548 };
    const alike = [
      "-27.5954, -48.5480",
      "-27.5954,-48.5480",
      "-27.5954 -48.548",
      "-27,5954, -48,5480",
      "-27,5954; -48,5480",
      "-27,5954 -48,5480",
      "-27,5954,-48,5480",
      "(-27.5954, -48.548)",
      "[-27.5954, -48.548]",
      "−27.5954, −48.548",
      "-27.5954/-48.548",
      "+-27.5954, -48.548".slice(1),
      "lat: -27.5954 lng: -48.548",
      "lng=-48.548&lat=-27.5954",
      '{"lat":-27.5954,"lng":-48.548}',
      "Latitude: -27,5954 Longitude: -48,5480",
      "27.5954 S, 48.548 W",
      "27,5954° S 48,5480° O",
      "S 27.5954 W 48.548",
      "48,548 O; 27,5954 S",
      `27°35'43.44"S 48°32'52.8"W`,
      `27° 35' 43,44" S, 48° 32' 52,8" O`,
      `-27°35'43.44" -48°32'52.8"`,
      "https://maps.example/@-27.5954,-48.548,17z",
      "https://maps.example/?q=-27.5954,-48.548",
      "https://map.example/#map=17/-27.5954/-48.548",
      "geo:-27.5954,-48.548",
    ];
    const asked = { "-48.548, -27.5954": 2, "27.5954, 48.548": 2, "48,548; 27,5954": 2 };
    const none = [
      "",
      "CTO-0123",
      "-27,5954",
      "27",
      "-27.5954, -48.548, 3",
      "91 S, 48 W",
      "rua 7, 120",
      "27°75'00\"S 48°32'52\"W",
    ];
    const all = [...alike, ...Object.keys(asked), ...none];
    const read = await page.goto(ADMIN).then(() =>
      page.evaluate(async (texts) => {
        const { readPoints } = await import("/console/js/coordinates.js");
        return texts.map((text) => readPoints(text, { west: -49, south: -28, east: -48, north: -27 }));
      }, all),
    );
    const points = new Map(all.map((text, at) => [text, read[at]]));
    const isHere = ({ lat, lng }) => Math.abs(lat - here.lat) < 1e-6 && Math.abs(lng - here.lng) < 1e-6;
    for (const text of alike)
      assert.ok(
        points.get(text).length === 1 && isHere(points.get(text)[0]),
        `${text}: ${JSON.stringify(points.get(text))}`,
      );
    for (const text of Object.keys(asked))
      assert.ok(
        points.get(text).length > 1 && points.get(text).some(isHere),
        `${text}: ${JSON.stringify(points.get(text))}`,
      );
    for (const text of none) assert.deepEqual(points.get(text), [], text);
  });
}
