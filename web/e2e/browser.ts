import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import type {} from '../src/page/main.js'; // window.tickgate

const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['TICKGATE_CHROMIUM'] ?? '/usr/bin/chromium', args });
}

/** A page of its own profile, with everything that its console has complained of. */
export class Visit {
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
  ) {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
  }

  static async to(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const visit = new Visit(await context.newPage(), context);
    await visit.page.goto(address);
    return visit;
  }

  async end(): Promise<void> {
    await this.context.close();
  }

  /** Symbols of the rows in sight, from top to bottom. */
  symbols(): Promise<string[]> {
    return this.page.evaluate(() => [...document.querySelectorAll<HTMLElement>('.row:not([hidden])')]
      .sort((a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')))
      .map((row) => row.dataset['symbol'] ?? ''));
  }

  /** What a row shows in a field, without the commas between thousands. */
  async shown(symbol: string, field: string): Promise<string> {
    const text = await this.page.locator(`.row[data-symbol="${symbol}"]:not([hidden]) [data-field="${field}"]`).innerText();
    return text.replaceAll(',', '').trim();
  }

  state(symbol: string): Promise<string | null> {
    return this.page.locator(`.row[data-symbol="${symbol}"]:not([hidden])`).getAttribute('data-state');
  }

  /** What the panel shows as a figure. */
  figure(name: string): Promise<string> {
    return this.page.locator(`[data-figure="${name}"]`).innerText();
  }

  /** A property of style of a cell, as the browser computes it. */
  style(symbol: string, field: string, property: string): Promise<string> {
    return this.page.locator(`.row[data-symbol="${symbol}"]:not([hidden]) [data-field="${field}"]`)
      .evaluate((cell, name) => getComputedStyle(cell).getPropertyValue(name), property);
  }

  phase(): Promise<string | null> {
    return this.page.locator('#badge').getAttribute('data-phase');
  }

  /** Updates of a symbol so far. */
  updatesOf(symbol: string): Promise<number> {
    return this.page.evaluate((name) => window.tickgate.book.get(name)?.updateCount ?? 0, symbol);
  }

  /** Waits until a symbol is live. */
  isLive(symbol: string, withinMillis?: number): Promise<void> {
    return this.until(`${symbol} to be live`, async () => (await this.state(symbol)) === 'live', withinMillis);
  }

  /** Waits until these are the symbols in sight, from top to bottom. */
  lists(symbols: string): Promise<void> {
    return this.until(`the list ${symbols}`, async () => (await this.symbols()).join() === symbols);
  }

  /** Complaints but those that browsers make by themselves where there is no gateway. */
  otherComplaints(): string[] {
    return this.complaints.filter((text) => !/WebSocket connection to .* failed|Failed to load resource/.test(text));
  }

  /** Waits until a function returns true; tells what it returned last otherwise. */
  async until(what: string, look: () => Promise<boolean>, withinMillis = 30_000): Promise<void> {
    const end = Date.now() + withinMillis;
    while (!(await look())) {
      if (Date.now() > end) throw new Error(`waited ${withinMillis} ms in vain for: ${what}`);
      await this.page.waitForTimeout(50);
    }
  }
}
