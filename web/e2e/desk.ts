import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { startBrowser, Visit } from './browser.js';
import type { Program } from './program.js';
import { System } from './system.js';

/** What a test works with: a gateway, its market, and the page. A browser serves all tests of a file; everything else is ended after each. */
export class Desk {
  #browser: Browser | undefined;
  #system: System | undefined;
  #visit: Visit | undefined;

  /** The desk of a file of tests. */
  static forEachTest(): Desk {
    const desk = new Desk();
    beforeAll(async () => {
      desk.#browser = await startBrowser();
    });
    afterEach(() => desk.#clear());
    afterAll(() => desk.#browser?.close());
    return desk;
  }

  get system(): System {
    return (this.#system ??= new System());
  }

  get visit(): Visit {
    if (!this.#visit) throw new Error('no page has been opened');
    return this.#visit;
  }

  /** Opens the page, in place of the one that was open. */
  async open(address: string, options?: BrowserContextOptions): Promise<Visit> {
    await this.#visit?.end();
    return (this.#visit = await Visit.to(this.#browser!, address, options));
  }

  /** Starts a gateway, and a market of made-up symbols S01, S02, … */
  async market(symbols: number, rate: number): Promise<Program> {
    await this.system.start();
    const feed = this.system.feed('generate', '--symbols', String(symbols), '--rate', String(rate), '--symbol-name', 'S{n}');
    await this.system.listed(symbols);
    return feed;
  }

  async #clear(): Promise<void> {
    await this.#visit?.end();
    await this.#system?.stop();
    this.#visit = this.#system = undefined;
  }
}
