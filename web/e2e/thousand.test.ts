import type { CDPSession } from 'playwright-core';
import { expect, test } from 'vitest';
import { Desk } from './desk.js';
import type { Visit } from './browser.js';

const rows = 1_000;
/** Of the feed. At a pace of 50 ms about 13 updates a second come of it, because events come at random and some share an interval. */
const eventsPerRow = 20;
const roundMillis = 3_000;
/** When frames come is a matter of everything that runs on the machine. So rounds at rest and rounds with all updates take turns, and the best of each are compared, until they pass or this time is over. */
const roundsMillis = 120_000;
const frameMillis = 1_000 / 60;
/** A frame is dropped when the next one comes two frames later, or more. */
const droppedMillis = 1.5 * frameMillis;
/** Share of frames that all the updates may cost beside those that the browser drops anyway: nothing here has a graphics processor. */
const costlyShare = 0.1;

const desk = Desk.forEachTest();

/** Scrolls up and down like somebody who looks for something, and notes the time between frames. */
const scrollAndMeasure = async (millis: number): Promise<number[]> => {
  const viewport = document.querySelector('.viewport')!;
  const deltas: number[] = [];
  const way = viewport.scrollHeight / 2; // asked once: to ask in each frame would have it laid out twice
  const begin = performance.now();
  let previous = 0;
  await new Promise<void>((done) => {
    const frame = (time: number): void => {
      if (previous > 0) deltas.push(time - previous);
      previous = time;
      const elapsed = performance.now() - begin;
      if (elapsed > millis) return done();
      viewport.scrollTop = way * (1 - Math.cos(elapsed / 1_600));
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return deltas;
};

interface Measured {
  /** Milliseconds of processor time that the page's thread took for a frame: messages, our painting, the browser's styles and layout. Other programs do not count. */
  processor: number;
  /** Share of frames that were dropped. */
  dropped: number;
  /** Updates per second. */
  rate: number;
}

/** Scrolls for a round at a place of the pace slider. */
async function measure(visit: Visit, processor: CDPSession, pace: string): Promise<Measured> {
  const { page } = visit;
  await page.locator('#pace-slider').fill(pace);
  await visit.until('the grant', async () => /^granted/.test(await page.locator('[data-field="granted"]').innerText()));
  const taken = async (): Promise<number> => {
    const { metrics } = (await processor.send('Performance.getMetrics')) as { metrics: { name: string; value: number }[] };
    return 1_000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
  };
  const before = await page.evaluate(() => {
    window.tickgate.frames.clear();
    return window.tickgate.client.totals.updates;
  });
  const takenBefore = await taken();
  const deltas = (await page.evaluate(scrollAndMeasure, roundMillis)).sort((a, b) => a - b);
  const processorMillis = ((await taken()) - takenBefore) / deltas.length;
  const { updates, work } = await page.evaluate(() => ({ updates: window.tickgate.client.totals.updates, work: window.tickgate.frames.work.percentile(0.95) }));
  const delta = (share: number): string => (deltas[Math.floor(deltas.length * share)] ?? 0).toFixed(1);
  const dropped = deltas.filter((millis) => millis > droppedMillis).length / deltas.length;
  const rate = ((updates - before) / roundMillis) * 1_000;
  console.log(
    `${rows} rows, ${Math.round(rate)} updates/s: ${processorMillis.toFixed(1)} ms of processor time a frame; our painting p95 ${work.toFixed(1)} ms; ` +
    `from frame to frame p50 ${delta(0.5)} ms, p95 ${delta(0.95)} ms; ${(100 * dropped).toFixed(0)} % dropped`,
  );
  return { processor: processorMillis, dropped, rate };
}

const best = (rounds: readonly Measured[], what: 'processor' | 'dropped'): number => Math.min(...rounds.map((round) => round[what]));

test(`${rows} rows, each with ${eventsPerRow} events a second, drop no frames that the same rows at rest do not`, async () => {
  const { system } = desk;
  await system.start();
  system.feed('generate', '--symbols', String(rows), '--rate', String(rows * eventsPerRow), '--symbol-name', 'S{n}');
  const visit = await desk.open(`${system.page}#symbols=S0001&every=50`);
  const { page } = visit;
  await visit.isLive('S0001', 30_000);
  await page.evaluate((count) => window.tickgate.watchlist.set(Array.from({ length: count }, (_, i) => `S${String(i + 1).padStart(4, '0')}`)), rows);
  const worth = () => page.evaluate(() => {
    const { book } = window.tickgate;
    return [...book.tickers()].filter((t) => book.worth(t) === 'live').length;
  });
  await visit.until('all symbols to be live', async () => (await worth()) === rows, 30_000);

  const processor = await page.context().newCDPSession(page);
  await processor.send('Performance.enable', { timeDomain: 'threadTicks' });
  const atRest: Measured[] = [];
  const moving: Measured[] = [];
  const end = Date.now() + roundsMillis;
  const verdict = () => ({
    withinAFrame: best(moving, 'processor') < frameMillis,
    noMoreDropped: best(moving, 'dropped') - best(atRest, 'dropped') <= costlyShare,
    allUpdatesTaken: Math.max(...moving.map(({ rate }) => rate)) > rows * eventsPerRow * 0.4,
  });
  do {
    atRest.push(await measure(visit, processor, '7')); // an update of each row in 5 s
    moving.push(await measure(visit, processor, '1')); // in 50 ms
  } while (Object.values(verdict()).includes(false) && Date.now() < end);
  expect(verdict()).toEqual({ withinAFrame: true, noMoreDropped: true, allUpdatesTaken: true });
  expect(await page.locator('.row').count()).toBeLessThan(60); // what is out of sight does not exist
  expect(await visit.symbols()).not.toEqual([]);
  expect(visit.complaints).toEqual([]);
}, 2 * roundsMillis);
