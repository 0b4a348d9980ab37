// OZmap's official SDK, pointed at the proxy instead of OZmap: nothing else changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import module from "@ozmap/ozmap-sdk";

const { OZMAP, PROXY, KEY, LIMITED_KEY } = process.env;
const OZMapSDK = module.default;
const ozmapOrigin = OZMAP.replace("/api/v2", "");
const connect = (url, apiKey) => new OZMapSDK(url, { apiKey });
const ozmap = connect(ozmapOrigin, KEY);
const proxy = connect(PROXY, KEY);

const ask = (sdk, params) => sdk.box.apiInstance.get({ route: "ftth-viability/radius", options: { params } });

async function pointsToAsk() {
  const { rows } = await ozmap.box.find({ limit: 300, select: "coords name" });
  const points = rows.filter((_, n) => n % 6 === 0).map((box, n) => ({
    lat: box.coords[1] + (n % 3) * 0.0007,
    lng: box.coords[0] - (n % 2) * 0.0009,
    radius: [100, 150, 300, 1500][n % 4],
  }));
  return [...points, { lat: -60, lng: 10, radius: 150 }, { lat: points[0].lat, lng: points[0].lng }];
}

test("viability through the SDK equals OZmap's own", async () => {
  const points = await pointsToAsk();
  assert.ok(points.length > 40);
  let viable = 0;
  for (const key of [KEY, LIMITED_KEY, `Bearer ${KEY}`]) {
    for (const params of points) {
      const [ours, theirs] = await Promise.all([connect(PROXY, key), connect(ozmapOrigin, key)].map((sdk) => ask(sdk, params)));
      assert.deepEqual(ours, theirs);
      viable += ours.viable ? 1 : 0;
    }
  }
  assert.ok(viable > 40, `${viable} viable`);
});

test("the answers come from memory", async () => {
  const [{ lat, lng, radius }] = await pointsToAsk();
  const response = await fetch(`${PROXY}/api/v2/ftth-viability/radius?lat=${lat}&lng=${lng}&radius=${radius}`, {
    headers: { Authorization: KEY },
  });
  assert.match(response.headers.get("cache-status"), /^viability-proxy; hit; ttl=\d+; detail=index$/);
});

test("box.findAll works through the proxy, page after page", async () => {
  const options = { select: "name coords project", batchSize: 400 };
  const [ours, theirs] = await Promise.all([proxy, ozmap].map((sdk) => sdk.box.findAll(options)));
  assert.ok(ours.length > 1000);
  assert.deepEqual(ours, theirs);
});

test("splitter.find with a filter and a sort in the body works through the proxy", async () => {
  const options = {
    limit: 50,
    select: "parent isDrop ratio.output name",
    filter: [{ property: "isDrop", operator: "=", value: true }],
    sorter: [{ property: "id", direction: -1 }],
  };
  const [ours, theirs] = await Promise.all([proxy, ozmap].map((sdk) => sdk.splitter.find(options)));
  assert.equal(ours.rows.length, 50);
  assert.ok(ours.rows.every((row) => row.isDrop && row.id) && ours.rows[0].id > ours.rows[49].id);
  assert.deepEqual(ours.rows, theirs.rows);
  assert.equal(ours.total, theirs.total);
});

test("a single row and a missing one", async () => {
  const { rows } = await ozmap.box.find({ limit: 1 });
  assert.equal((await proxy.box.findById(rows[0].id)).name, rows[0].name);
  assert.equal(await proxy.box.findById("000000000000000000000000"), null);
});

test("a wrong key is an error and no endless loop", async () => {
  const stranger = connect(PROXY, "stranger");
  await assert.rejects(() => ask(stranger, { lat: -27, lng: -48, radius: 100 }));
  await assert.rejects(() => stranger.box.find({ limit: 1 }));
});

test("a bad parameter reaches the SDK's caller with its name", async () => {
  await assert.rejects(
    () => ask(proxy, { lat: "-27,57", lng: -48 }),
    (error) => error.status === 400 && /^lat is not a number/.test(error.data.message),
  );
});
