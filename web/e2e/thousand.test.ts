import { expect, test } from 'vitest';
import { Desk } from './desk.js';
import type { Visit } from './browser.js';

const rows = 1_000;
/** Of the feed. At a pace of 50 ms about 13 updates a second come of it, because events come at random and some share an interval. */
const eventsPerRow = 20;
const roundMillis = 3_000;
/** Times are wall-clock times: what else runs on the machine counts. The page passes with one round in which it had enough of the processor. */
const mostRounds = 3;
const frameMillis = 1_000 / 60;
/** A frame is dropped when the next one comes two frames later, or more. */
const droppedMillis = 1.5 * frameMillis;

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
  /** Milliseconds of our own work in a frame, 95th percentile. */
  work: number;
  /** Updates per second. */
  rate: number;
}

/** Scrolls for a round at a place of the pace slider. */
async function measure(visit: Visit, pace: string): Promise<Measured> {
  const { page } = visit;
  await page.locator('#pace-slider').fill(pace);
  await visit.until('the grant', async () => /^granted/.test(await page.locator('[data-field="granted"]').innerText()));
  const before = await page.evaluate(() => {
    window.tickgate.frames.clear();
    return window.tickgate.client.totals.updates;
  });
  const deltas = (await page.evaluate(scrollAndMeasure, roundMillis)).sort((a, b) => a - b);
  const { updates, work, render } = await page.evaluate(() => {
    const { frames, client } = window.tickgate;
    return { updates: client.totals.updates, work: frames.work.percentile(0.95), render: frames.render.percentile(0.95) };
  });
  const delta = (share: number): string => (deltas[Math.floor(deltas.length * share)] ?? 0).toFixed(1);
  const dropped = deltas.filter((millis) => millis > droppedMillis).length / deltas.length;
  const rate = ((updates - before) / roundMillis) * 1_000;
  console.log(
    `${rows} rows, ${Math.round(rate)} updates/s: our painting p95 ${work.toFixed(1)} ms; with the browser's layout and painting p95 ${render.toFixed(1)} ms; ` +
    `from frame to frame p50 ${delta(0.5)} ms, p95 ${delta(0.95)} ms; ${(100 * dropped).toFixed(0)} % dropped`,
  );
  return { work, rate };
}

test(`${rows} rows, each with ${eventsPerRow} events a second, are painted within a frame`, async () => {
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

  // How many frames are dropped is told and not judged: without a graphics processor, and beside gateway and feed on the same processors, this browser drops many of the same rows at rest.
  await measure(visit, '7'); // at rest: an update of each row in 5 s
  let best = await measure(visit, '1'); // 50 ms
  for (let round = 1; round < mostRounds && best.work >= frameMillis; round++) {
    const next = await measure(visit, '1');
    if (next.work < best.work) best = next;
  }
  expect(best.work).toBeLessThan(frameMillis);
  expect(best.rate).toBeGreaterThan(rows * eventsPerRow * 0.4);
  expect(await page.locator('.row').count()).toBeLessThan(60); // what is out of sight does not exist
  expect(await visit.symbols()).not.toEqual([]);
  expect(visit.complaints).toEqual([]);
});
