// Runs one test after the other, each on a page of its own, and counts.

import { openPage } from "./browser.mjs";

export class Tests {
  #browser;
  #only;
  #passed = 0;
  #failed = 0;

  /** @param {import("playwright-core").Browser} browser @param {string} [only] part of the names of those to run */
  constructor(browser, only) {
    this.#browser = browser;
    this.#only = only;
  }

  /**
   * A test passes when `body` returns and nobody complained: no error on the page's console, no breach of its policy, no
   * request to another host.
   * @param {string} name @param {(page: import("playwright-core").Page) => Promise<void>} body
   * @param {{ width?: number, height?: number, colorScheme?: "light" | "dark", expected?: RegExp }} [settings] `expected`: what the console may say
   */
  async test(name, body, settings = {}) {
    if (this.#only && !name.includes(this.#only)) return;
    const began = performance.now();
    const { page, complaints, close } = await openPage(this.#browser, settings);
    let fault = null;
    try {
      await body(page);
    } catch (error) {
      fault = error.stack;
    }
    const unexpected = complaints.filter((one) => !settings.expected?.test(one));
    if (!fault && unexpected.length) fault = `the page complained:\n  ${unexpected.join("\n  ")}`;
    if (fault)
      await page
        .screenshot({ path: `${process.env.SCREENSHOTS ?? "/tmp"}/console-failed-${this.#failed}.png` })
        .catch(() => {});
    await close();
    if (fault) this.#failed += 1;
    else this.#passed += 1;
    console.log(`${fault ? "not ok" : "ok"} - ${name} (${Math.round(performance.now() - began)} ms)`);
    if (fault) console.log(fault);
  }

  /** @returns {boolean} whether all passed */
  close() {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0;
  }
}
