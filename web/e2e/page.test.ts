import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { formatDecimal } from '../src/wire/decimal.js';
import { startBrowser, Visit } from './browser.js';
import { System } from './system.js';

let browser: Browser;
let system: System;
let visit: Visit;
let opened: Visit | undefined;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
});

afterEach(async () => {
  await opened?.end();
  opened = undefined;
  await system.stop();
});

/** Opens the page; it is closed after the test. */
async function open(address: string): Promise<void> {
  opened = visit = await Visit.to(browser, address);
}

/** Starts a gateway, and a market of made-up symbols S01, S02, … */
async function market(symbols: number, rate: number, ...more: string[]): Promise<ReturnType<System['feed']>> {
  system = new System();
  await system.start();
  const feed = system.feed('generate', '--symbols', String(symbols), '--rate', String(rate), '--symbol-name', 'S{n}', ...more);
  await listed(symbols);
  return feed;
}

/** Waits until the gateway lists as many instruments. */
async function listed(count: number): Promise<string[]> {
  for (let i = 0; i < 600; i++) {
    const { instruments } = (await (await fetch(`${system.page}v1/instruments`)).json()) as { instruments?: { symbol: string }[] };
    if (instruments && instruments.length >= count) return instruments.map(({ symbol }) => symbol);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the gateway does not list ${count} instruments`);
}

const isLive = (symbol: string) => async (): Promise<boolean> => (await visit.state(symbol)) === 'live';

describe('values', () => {
  test('a first visit to the demo shows its instruments, alive', async () => {
    system = new System();
    await system.start('--demo');
    const symbols = await listed(6);
    await open(system.page);
    await visit.until('six rows', async () => (await visit.symbols()).length === 6);
    expect(await visit.symbols()).toEqual(symbols);
    for (const symbol of symbols) await visit.until(`${symbol} to be live`, isLive(symbol));
    const first = await visit.shown('BTCUSDT.BINANCE_USDM', 'bid');
    await visit.until('a bid to move', async () => (await visit.shown('BTCUSDT.BINANCE_USDM', 'bid')) !== first);
    expect(await visit.shown('BTCUSDT.BINANCE_USDM', 'change')).toMatch(/^[+−]?\d+\.\d\d%$/);
    await visit.until('percentiles of every stage', async () => (await visit.page.locator('[data-figure$=".p999"]').allInnerTexts()).every((text) => / (µs|ms|s)$/.test(text)));
    expect(visit.complaints).toEqual([]);
  });

  test('are exactly those that the feed has published', async () => {
    system = new System();
    await system.start();
    const row = (at: number, symbol: string, ...rest: string[]): string => [String(1723161420000000000n + BigInt(at) * 1_000_000n), '1723161420000', 'TEST', symbol, ...rest].join(',');
    const moving = Array.from({ length: 200 }, (_, i) => row(i * 10, 'MOVES', `${1_000_000 + i}.5000`, '1', `${1_000_000 + i}.7500`, '2', String(i)));
    const quotes = system.file('quotes.csv', ['recv_ts_ns,exch_ts_ms,venue,symbol,bid_px,bid_sz,ask_px,ask_sz,update_id', ...moving,
      row(2_000, 'TINY', '0.000000012345', '5', '0.000000012346', '6', '1'), row(2_001, 'MOVES', '61727.65000000', '1', '61727.66000000', '2', '999')]);
    const trades = system.file('trades.csv', ['recv_ts_ns,exch_ts_ms,venue,symbol,trade_id,price,size,aggressor,type',
      row(2_002, 'MOVES', '1', '60000.00', '1.5', 'buy', ''), row(2_003, 'MOVES', '2', '60600.00', '2.25', 'sell', '')]);
    await open(`${system.page}#symbols=MOVES.TEST,TINY.TEST&every=50`);
    await visit.until('a symbol without values to wait', async () => (await visit.state('TINY.TEST')) === 'pending');
    const feed = system.feed('replay', quotes, trades);
    await visit.until('the last trade', async () => (await visit.shown('MOVES.TEST', 'last')) === '60600.00', 30_000);
    await feed.ended();
    const shown = async (symbol: string, ...fields: string[]): Promise<string[]> => Promise.all(fields.map((field) => visit.shown(symbol, field)));
    expect(await shown('MOVES.TEST', 'bid', 'ask', 'spread', 'last', 'change', 'volume')).toEqual(['61727.65', '61727.66', '0.01', '60600.00', '+1.00%', '3.750']);
    const tiny = ['0.000000012345', '0.000000012346', '0.000000000001', '–', '–'];
    expect(await shown('TINY.TEST', 'bid', 'ask', 'spread', 'last', 'change')).toEqual(tiny);
    await visit.page.evaluate(() => window.tickgate.watchlist.moveBefore('TINY.TEST', 'MOVES.TEST')); // rows are reused, values are not
    await visit.until('the order', async () => (await visit.symbols()).join() === 'TINY.TEST,MOVES.TEST');
    expect(await shown('TINY.TEST', 'bid', 'ask', 'spread', 'last', 'change')).toEqual(tiny);
    expect(await shown('MOVES.TEST', 'bid', 'last')).toEqual(['61727.65', '60600.00']);
    expect(visit.complaints).toEqual([]);
  });

  test('equal what gRPC says, and look stale once the feed has stopped', async () => {
    const feed = await market(15, 2_000);
    await open(system.page);
    await visit.until('a live row', isLive('S01'));
    const style = (symbol: string) => visit.page.locator(`.row[data-symbol="${symbol}"] [data-field="bid"]`).evaluate((cell) => getComputedStyle(cell).fontStyle);
    expect(await style('S01')).toBe('normal');
    await feed.stop();
    await visit.until('every row to be stale', async () => (await visit.page.locator('.row[data-state="stale"]:not([hidden])').count()) === 15);
    expect(await style('S01')).toBe('italic');
    expect(await visit.shown('S01', 'state')).toBe('Stale');
    const symbols = await visit.symbols();
    for (const [symbol, { scale, bid, ask, last }] of await system.snapshot(symbols)) {
      const exact = (mantissa: string | undefined): string => (mantissa === undefined ? '–' : formatDecimal(BigInt(mantissa), scale));
      expect([symbol, await visit.shown(symbol, 'bid'), await visit.shown(symbol, 'ask'), await visit.shown(symbol, 'last')]).toEqual([symbol, exact(bid), exact(ask), exact(last)]);
    }
    expect(visit.complaints).toEqual([]);
  });
});

describe('the watchlist', () => {
  test('symbols are found, added, filtered, moved and removed with the keyboard, and a reload keeps them', async () => {
    await market(30, 1_000);
    await open(`${system.page}#symbols=S01,S02,S03&every=100`);
    const { page } = visit;
    await visit.until('a live row', isLive('S01'));

    await page.keyboard.press('/');
    await page.keyboard.type('s17');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await visit.until('the symbol that was added', isLive('S17'));
    expect(await visit.symbols()).toEqual(['S01', 'S02', 'S03', 'S17']);

    await page.keyboard.press('f');
    await page.keyboard.type('7');
    await visit.until('the filter', async () => (await visit.symbols()).join() === 'S17');
    await page.keyboard.press('Escape');
    await visit.until('the whole list', async () => (await visit.symbols()).length === 4);

    await page.keyboard.press('End');
    await page.keyboard.press('Alt+ArrowUp');
    await page.keyboard.press('Alt+ArrowUp');
    await visit.until('the order', async () => (await visit.symbols()).join() === 'S01,S17,S02,S03');
    await page.keyboard.press('Home');
    await page.keyboard.press('Delete');
    await visit.until('a shorter list', async () => (await visit.symbols()).join() === 'S17,S02,S03');
    expect(await page.evaluate(() => window.tickgate.client.symbols.sort())).toEqual(['S02', 'S03', 'S17']);

    await page.reload();
    await visit.until('the list after a reload', async () => (await visit.symbols()).join() === 'S17,S02,S03');
    await visit.until('values after a reload', isLive('S17'));
    expect(visit.complaints).toEqual([]);
  });

  test('rows are dragged, and a symbol that is not allowed is refused with the reason', async () => {
    await market(5, 500);
    await open(`${system.page}#symbols=S1,S2,S3,S4&every=100`);
    const { page } = visit;
    await visit.until('a live row', isLive('S1'));
    const handle = await page.locator('.row[data-symbol="S1"] .handle').boundingBox();
    const below = await page.locator('.row[data-symbol="S3"]').boundingBox();
    await page.mouse.move(handle!.x + 8, handle!.y + 18);
    await page.mouse.down();
    await page.mouse.move(handle!.x + 8, below!.y + below!.height - 2, { steps: 5 });
    await page.waitForTimeout(60);
    await page.mouse.up();
    await visit.until('the order', async () => (await visit.symbols()).join() === 'S2,S3,S1,S4');

    await page.keyboard.press('/');
    await page.keyboard.type('né');
    await page.keyboard.press('Enter');
    await visit.until('the refusal', async () => /was refused/.test(await page.locator('#message').innerText()));
    expect(await visit.symbols()).toEqual(['S2', 'S3', 'S1', 'S4']);
    expect(visit.complaints).toEqual([]);
  });

  test('the slider sets the pace, and what was granted is shown', async () => {
    await market(3, 900);
    await open(`${system.page}#symbols=S1,S2&every=50`);
    const { page } = visit;
    await visit.until('a live row', isLive('S1'));
    const updates = () => page.evaluate(() => window.tickgate.book.get('S1')!.updateCount);
    await page.locator('#pace-slider').fill('6');
    await visit.until('the grant', async () => (await page.locator('[data-field="granted"]').getAttribute('data-granted')) === '2000');
    expect(await page.locator('[data-field="pace"]').innerText()).toBe('2 s');
    const before = await updates();
    await page.waitForTimeout(6_000);
    expect(await updates() - before).toBeGreaterThanOrEqual(2);
    expect(await updates() - before).toBeLessThanOrEqual(4);
    await page.locator('#pace-slider').fill('0');
    await visit.until('the grant', async () => (await page.locator('[data-field="granted"]').getAttribute('data-granted')) === 'latest');
    const slow = await updates();
    await visit.until('fast updates', async () => (await updates()) - slow > 50, 5_000);
    expect(visit.complaints).toEqual([]);
  });
});

describe('trouble', () => {
  test('a gateway that is killed is missed, counted down to, and resumed from', async () => {
    await market(10, 1_000);
    await open(system.page);
    const { page } = visit;
    await visit.until('a live row', isLive('S01'));
    const bid = await visit.shown('S01', 'bid');
    expect(bid).toMatch(/^\d+\.\d+$/);
    await system.kill();
    await visit.until('the badge to tell', async () => (await visit.phase()) === 'reconnecting');
    await visit.until('the rows to tell', async () => (await visit.state('S01')) === 'disconnected');
    expect(await visit.shown('S01', 'bid')).toMatch(/^\d+\.\d+$/); // the last value stays
    await visit.until('a countdown', async () => /^in \d+ s$/.test(await page.locator('.badge-count').innerText()));
    await system.start();
    await visit.until('the connection', async () => (await visit.phase()) === 'live', 40_000);
    await visit.until('a live row', isLive('S01'), 40_000);
    const again = await page.evaluate(() => window.tickgate.book.get('S01')!.updateCount);
    await visit.until('new updates', async () => (await page.evaluate(() => window.tickgate.book.get('S01')!.updateCount)) > again + 5);
    const refused = visit.complaints.filter((text) => !/WebSocket connection to .* failed/.test(text)); // browsers say so themselves
    expect(refused).toEqual([]);
  });
});
