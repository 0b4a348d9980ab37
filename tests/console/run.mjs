// The console in a real browser, beside a real proxy: `../../.ci/console` starts both. `--boxes 300000` measures instead.
//
// ADMIN is the origin of the admin listener, ADMIN_TOKEN its token; OZMAP, PROXY and KEY as in `.ci/with-pair`.

import { parseArgs } from "node:util";
import { accessible } from "./accessible.mjs";
import { bench } from "./bench.mjs";
import { openBrowser } from "./browser.mjs";
import { byKeyboard } from "./by-keyboard.mjs";
import { operating } from "./operating.mjs";
import { querying } from "./querying.mjs";
import { signing } from "./signing.mjs";
import { Tests } from "./tests.mjs";
import { wording } from "./wording.mjs";

const { values } = parseArgs({ options: { boxes: { type: "string" }, only: { type: "string" } } });
const browser = await openBrowser();
try {
  if (values.boxes) {
    process.exitCode = (await bench(browser, Number(values.boxes))) ? 0 : 1;
  } else {
    const tests = new Tests(browser, values.only);
    for (const part of [wording, signing, querying, byKeyboard, accessible, operating]) await part(tests);
    process.exitCode = tests.close() ? 0 : 1;
  }
} finally {
  await browser.close();
}
