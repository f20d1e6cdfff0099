import { expect, test } from 'vitest';
import { startBrowser, Visit } from './browser.js';
import { System } from './system.js';

const rows = 1_000;
/** Of the feed. At a pace of 50 ms about 13 updates a second come of it, because events come at random and some share an interval. */
const eventsPerRow = 20;
const measuredMillis = 6_000;
/** Times are wall-clock times: what else runs on the machine counts. The page passes with one round in which it had enough of the processor. */
const mostRounds = 3;
const frameMillis = 1_000 / 60;

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
  nodes: number;
  /** Updates per second. */
  rate: number;
}

async function measure({ page }: Visit): Promise<Measured> {
  const before = await page.evaluate(() => {
    window.tickgate.frames.clear();
    return window.tickgate.client.totals.updates;
  });
  const deltas = (await page.evaluate(scrollAndMeasure, measuredMillis)).sort((a, b) => a - b);
  const { updates, frames, work, most, render, nodes } = await page.evaluate(() => {
    const { frames, client } = window.tickgate;
    return {
      updates: client.totals.updates, frames: frames.work.count, work: frames.work.percentile(0.95), most: frames.work.percentile(1),
      render: frames.render.percentile(0.95), nodes: document.querySelectorAll('.row').length,
    };
  });
  const rate = ((updates - before) / measuredMillis) * 1_000;
  const delta = (share: number): string => (deltas[Math.floor(deltas.length * share)] ?? 0).toFixed(1);
  console.log(
    `${rows} rows: ${Math.round(rate)} updates/s taken, ${frames} frames painted in ${measuredMillis / 1_000} s; work per frame p95 ${work.toFixed(1)} ms, ` +
    `most ${most.toFixed(1)} ms; with the browser's layout and painting p95 ${render.toFixed(1)} ms; from frame to frame p50 ${delta(0.5)} ms, p95 ${delta(0.95)} ms; ${nodes} row nodes`,
  );
  return { work, nodes, rate };
}

test(`${rows} rows, each with ${eventsPerRow} events a second, are painted within a frame`, async () => {
  const system = new System();
  const browser = await startBrowser();
  try {
    await system.start();
    system.feed('generate', '--symbols', String(rows), '--rate', String(rows * eventsPerRow), '--symbol-name', 'S{n}');
    const visit = await Visit.to(browser, `${system.page}#symbols=S0001&every=50`);
    const { page } = visit;
    await visit.until('a live row', async () => (await visit.state('S0001')) === 'live', 30_000);
    await page.evaluate((count) => window.tickgate.watchlist.set(Array.from({ length: count }, (_, i) => `S${String(i + 1).padStart(4, '0')}`)), rows);
    const worth = () => page.evaluate(() => {
      const { book } = window.tickgate;
      return [...book.tickers()].filter((ticker) => book.worth(ticker) === 'live').length;
    });
    await visit.until('all symbols to be live', async () => (await worth()) === rows, 30_000);
    await page.waitForTimeout(2_000);

    let best = await measure(visit);
    for (let round = 1; round < mostRounds && best.work >= frameMillis; round++) {
      const next = await measure(visit);
      if (next.work < best.work) best = next;
    }
    expect(best.work).toBeLessThan(frameMillis);
    expect(best.nodes).toBeLessThan(60); // what is out of sight does not exist
    expect(best.rate).toBeGreaterThan(rows * eventsPerRow * 0.4);
    expect(await visit.symbols()).not.toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  } finally {
    await browser.close();
    await system.stop();
  }
});
