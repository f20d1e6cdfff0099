import { expect, test } from 'vitest';
import { startBrowser, Visit } from './browser.js';
import { System } from './system.js';

const rows = 1_000;
const updatesPerRow = 20;
const measuredMillis = 10_000;
const frameMillis = 1_000 / 60;

/** Scrolls up and down like somebody who looks for something, and notes the time between frames. */
const scrollAndMeasure = async (millis: number): Promise<number[]> => {
  const viewport = document.querySelector('.viewport')!;
  const deltas: number[] = [];
  const begin = performance.now();
  let previous = 0;
  await new Promise<void>((done) => {
    const frame = (time: number): void => {
      if (previous > 0) deltas.push(time - previous);
      previous = time;
      const elapsed = performance.now() - begin;
      if (elapsed > millis) return done();
      viewport.scrollTop = (viewport.scrollHeight / 2) * (1 - Math.cos(elapsed / 1_600));
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return deltas;
};

test(`${rows} rows at ${updatesPerRow} updates a second each stay within a frame`, async () => {
  const system = new System();
  const browser = await startBrowser();
  try {
    await system.start();
    system.feed('generate', '--symbols', String(rows), '--rate', String(rows * updatesPerRow), '--symbol-name', 'S{n}');
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

    await page.evaluate(() => window.tickgate.frames.clear());
    const before = await page.evaluate(() => window.tickgate.client.totals.updates);
    const deltas = (await page.evaluate(scrollAndMeasure, measuredMillis)).sort((a, b) => a - b);
    const measured = await page.evaluate(() => {
      const { frames, client } = window.tickgate;
      const p95 = 0.95;
      return { updates: client.totals.updates, frames: frames.work.count, work: frames.work.percentile(p95), workMost: frames.work.percentile(1), render: frames.render.percentile(p95), nodes: document.querySelectorAll('.row').length };
    });
    const rate = ((measured.updates - before) / measuredMillis) * 1_000;
    console.log(
      `${rows} rows: ${Math.round(rate)} updates/s taken, ${measured.frames} frames painted in ${measuredMillis / 1_000} s; work per frame p95 ${measured.work.toFixed(1)} ms, ` +
      `most ${measured.workMost.toFixed(1)} ms; with the browser's layout and painting p95 ${measured.render.toFixed(1)} ms; from frame to frame p50 ` +
      `${deltas[Math.floor(deltas.length / 2)]!.toFixed(1)} ms, p95 ${deltas[Math.floor(deltas.length * 0.95)]!.toFixed(1)} ms; ${measured.nodes} row nodes`,
    );
    expect(measured.work).toBeLessThan(frameMillis);
    expect(measured.nodes).toBeLessThan(60); // what is out of sight does not exist
    expect(rate).toBeGreaterThan(rows * updatesPerRow * 0.5);
    expect(await visit.symbols()).not.toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  } finally {
    await browser.close();
    await system.stop();
  }
});
