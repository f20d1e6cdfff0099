import { expect, test } from 'vitest';
import { formatDecimal } from '../src/wire/decimal.js';
import { Desk } from './desk.js';

const desk = Desk.forEachTest();

/** What a row shows in some fields. */
function shown(symbol: string, ...fields: string[]): Promise<string[]> {
  return Promise.all(fields.map((field) => desk.visit.shown(symbol, field)));
}

/** Whether the page shows for all symbols what the gateway says over gRPC; throws with the difference if not. */
async function agreesWithGrpc(symbols: readonly string[]): Promise<void> {
  for (const [symbol, { scale, bid, ask, last }] of await desk.system.snapshot(symbols)) {
    const exact = (mantissa: string | undefined): string => (mantissa === undefined ? '–' : formatDecimal(BigInt(mantissa), scale));
    expect([symbol, ...await shown(symbol, 'bid', 'ask', 'last')]).toEqual([symbol, exact(bid), exact(ask), exact(last)]);
  }
}

test('a first visit to the demo shows its instruments, alive', async () => {
  const { system } = desk;
  await system.start('--demo');
  const symbols = await system.listed(6);
  const visit = await desk.open(system.page);
  await visit.until('six rows', async () => (await visit.symbols()).length === 6);
  expect(await visit.symbols()).toEqual(symbols);
  for (const symbol of symbols) await visit.isLive(symbol);
  const first = await visit.shown('BTCUSDT.BINANCE_USDM', 'bid');
  await visit.until('a bid to move', async () => (await visit.shown('BTCUSDT.BINANCE_USDM', 'bid')) !== first);
  expect(await visit.shown('BTCUSDT.BINANCE_USDM', 'change')).toMatch(/^[+−]?\d+\.\d\d%$/);
  await visit.until('percentiles of every stage', async () => (await visit.page.locator('[data-figure$=".p999"]').allInnerTexts()).every((text) => / (µs|ms|s)$/.test(text)));
  expect(visit.complaints).toEqual([]);
});

test('values are exactly those that the feed has published', async () => {
  const { system } = desk;
  await system.start();
  const row = (at: number, symbol: string, ...rest: string[]): string => [String(1723161420000000000n + BigInt(at) * 1_000_000n), '1723161420000', 'TEST', symbol, ...rest].join(',');
  const moving = Array.from({ length: 200 }, (_, i) => row(i * 10, 'MOVES', `${1_000_000 + i}.5000`, '1', `${1_000_000 + i}.7500`, '2', String(i)));
  const quotes = system.file('quotes.csv', ['recv_ts_ns,exch_ts_ms,venue,symbol,bid_px,bid_sz,ask_px,ask_sz,update_id', ...moving,
    row(2_000, 'TINY', '0.000000012345', '5', '0.000000012346', '6', '1'), row(2_001, 'MOVES', '61727.65000000', '1', '61727.66000000', '2', '999')]);
  const trades = system.file('trades.csv', ['recv_ts_ns,exch_ts_ms,venue,symbol,trade_id,price,size,aggressor,type',
    row(2_002, 'MOVES', '1', '60000.00', '1.5', 'buy', ''), row(2_003, 'MOVES', '2', '60600.00', '2.25', 'sell', '')]);
  const visit = await desk.open(`${system.page}#symbols=MOVES.TEST,TINY.TEST&every=50`);
  await visit.until('a symbol without values to wait', async () => (await visit.state('TINY.TEST')) === 'pending');
  const feed = system.feed('replay', quotes, trades);
  await visit.until('the last trade', async () => (await visit.shown('MOVES.TEST', 'last')) === '60600.00', 30_000);
  await feed.ended();
  expect(await shown('MOVES.TEST', 'bid', 'ask', 'spread', 'last', 'change', 'volume')).toEqual(['61727.65', '61727.66', '0.01', '60600.00', '+1.00%', '3.750']);
  const tiny = ['0.000000012345', '0.000000012346', '0.000000000001', '–', '–'];
  expect(await shown('TINY.TEST', 'bid', 'ask', 'spread', 'last', 'change')).toEqual(tiny);
  await visit.page.evaluate(() => window.tickgate.watchlist.moveBefore('TINY.TEST', 'MOVES.TEST')); // rows are reused, values are not
  await visit.until('the order', async () => (await visit.symbols()).join() === 'TINY.TEST,MOVES.TEST');
  expect(await shown('TINY.TEST', 'bid', 'ask', 'spread', 'last', 'change')).toEqual(tiny);
  expect(await shown('MOVES.TEST', 'bid', 'last')).toEqual(['61727.65', '60600.00']);
  expect(visit.complaints).toEqual([]);
});

test('values equal what gRPC says, and look stale once the feed has stopped', async () => {
  const feed = await desk.market(15, 2_000);
  const visit = await desk.open(desk.system.page);
  await visit.isLive('S01');
  expect(await visit.style('S01', 'bid', 'font-style')).toBe('normal');
  await feed.stop();
  await visit.until('every row to be stale', async () => (await visit.page.locator('.row[data-state="stale"]:not([hidden])').count()) === 15);
  expect(await visit.style('S01', 'bid', 'font-style')).toBe('italic');
  expect(await visit.shown('S01', 'state')).toBe('Stale');
  await visit.until('an age that grows', async () => /^[2-9] s$/.test(await visit.shown('S01', 'age')));
  await agreesWithGrpc(await visit.symbols());
  expect(visit.complaints).toEqual([]);
});

test('a gateway that is killed is missed, counted down to, and resumed from', async () => {
  const feed = await desk.market(10, 1_000);
  const { system } = desk;
  const visit = await desk.open(system.page);
  await visit.isLive('S01');
  await system.kill();
  await visit.until('the badge to tell', async () => (await visit.phase()) === 'reconnecting');
  await visit.until('the rows to tell', async () => (await visit.state('S01')) === 'disconnected');
  expect(await visit.shown('S01', 'bid')).toMatch(/^\d+\.\d+$/); // the last value stays
  expect(await visit.style('S01', 'bid', 'font-style')).toBe('italic'); // and does not look like a live one
  await visit.until('a countdown', async () => /^in \d+ s$/.test(await visit.page.locator('.badge-count').innerText()));
  const before = await visit.updatesOf('S01');
  await system.start();
  await visit.until('the connection', async () => (await visit.phase()) === 'live', 40_000);
  await visit.isLive('S01', 40_000);
  await visit.until('new updates', async () => (await visit.updatesOf('S01')) > before + 5);
  await feed.stop();
  await visit.until('every row to be stale', async () => (await visit.page.locator('.row[data-state="stale"]:not([hidden])').count()) === 10);
  await agreesWithGrpc(await visit.symbols());
  expect(visit.otherComplaints()).toEqual([]);
});

test('a gateway that hangs is missed within two of the heartbeats that it has announced', async () => {
  const { system } = desk;
  await system.start('--heartbeat-interval', '1s'); // announced as 2 s, since it looks after its clients once a second
  system.feed('generate', '--symbols', '5', '--rate', '500', '--symbol-name', 'S{n}');
  await system.listed(5);
  const visit = await desk.open(system.page);
  await visit.isLive('S1');
  await system.whileHanging(async () => {
    await visit.until('the badge to wonder', async () => (await visit.phase()) === 'silent', 6_000);
    await visit.until('the badge to tell', async () => (await visit.phase()) === 'reconnecting', 3_000);
    expect(await visit.state('S1')).toBe('disconnected');
  });
  await visit.isLive('S1', 40_000);
  expect(visit.otherComplaints()).toEqual([]);
});

test('a gateway that has drained is reached again at once with a key', async () => {
  await desk.market(5, 500);
  const { system } = desk;
  const visit = await desk.open(system.page);
  await visit.isLive('S1');
  await system.kill('SIGTERM');
  await visit.until('the badge to tell', async () => (await visit.phase()) === 'reconnecting');
  await system.start();
  await visit.page.keyboard.press('r'); // now, not when the countdown is over
  await visit.isLive('S1', 40_000);
  expect(visit.otherComplaints()).toEqual([]);
});
