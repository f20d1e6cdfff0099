import { expect, test } from 'vitest';
import { Desk } from './desk.js';

const desk = Desk.forEachTest();

test('a move flashes in its direction, with an arrow, and stops by itself', async () => {
  const { system } = desk;
  await system.start();
  const at = (millis: number, bid: string): string => `${1723161420000000000n + BigInt(millis) * 1_000_000n},1723161420000,TEST,A,${bid},1,999,2,1`;
  const visit = await desk.open(`${system.page}#symbols=A.TEST&every=latest`);
  const { page } = visit;
  await visit.until('the row', async () => (await visit.state('A.TEST')) === 'pending');
  await page.evaluate(() => {
    const seen: string[] = [];
    const bid = document.querySelector<HTMLElement>('.row[data-symbol="A.TEST"] [data-field="bid"]')!;
    const arrow = (): string => /from (\d+)deg/.exec(getComputedStyle(bid).backgroundImage)?.[1] ?? 'none';
    new MutationObserver(() => seen.push(`${bid.textContent} ${bid.dataset['flash'] ?? ''} ${arrow()}`))
      .observe(bid, { attributes: true, attributeFilter: ['data-flash'] });
    Object.assign(window, { seen });
  });
  const feed = system.feed('replay', system.file('quotes.csv', ['recv_ts_ns,exch_ts_ms,venue,symbol,bid_px,bid_sz,ask_px,ask_sz,update_id', at(0, '10'), at(1_000, '11'), at(2_000, '9')]));
  const seen = (): Promise<string[]> => page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  await visit.until('the end of the last flash', async () => (await seen()).at(-1) === '9  none', 30_000);
  expect((await seen()).filter((what) => !what.endsWith('none'))).toEqual(['11 up 149', '9 down 329']); // wedges that open downwards and upwards
  await feed.ended();
  expect(visit.complaints).toEqual([]);
});

test('dark and light follow the system until one is chosen, and figures have one width', async () => {
  await desk.market(3, 300);
  const { page } = desk.system;
  const ground = (): Promise<string> => desk.visit.page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--surface').trim());
  await desk.open(page, { colorScheme: 'dark' });
  const dark = await ground();
  const visit = await desk.open(page, { colorScheme: 'light' });
  const light = await ground();
  expect(light).not.toBe(dark);
  await visit.isLive('S1');
  await visit.page.keyboard.press('t');
  expect(await ground()).toBe(dark);
  await visit.page.reload();
  expect(await ground()).toBe(dark);
  await visit.isLive('S1');
  expect(await visit.style('S1', 'bid', 'font-feature-settings')).toContain('"tnum"');
  const widths = await visit.page.evaluate(() => ['111.11', '808.08'].map((text) => {
    const probe = document.querySelector('[data-field="bid"]')!.appendChild(document.createElement('span'));
    probe.textContent = text;
    const { width } = probe.getBoundingClientRect();
    probe.remove();
    return width;
  }));
  expect(widths[0]).toBe(widths[1]);
  expect(visit.complaints).toEqual([]);
});

test('the panel tells the latency, the rates and what was conflated of this very stream', async () => {
  await desk.market(10, 5_000);
  const visit = await desk.open(`${desk.system.page}#symbols=S01,S02,S03,S04,S05&every=250`);
  const { page } = visit;
  await visit.isLive('S01');
  for (const stage of ['venue', 'gateway', 'network', 'total']) {
    for (const figure of ['p50', 'p90', 'p99', 'p999', 'max']) {
      await visit.until(`${stage} ${figure}`, async () => /^\d+(\.\d)? (µs|ms|s)$/.test(await visit.figure(`${stage}.${figure}`)));
    }
  }
  // 500 events a second and symbol at an interval of 250 ms: four updates, and 124 of 125 events conflated.
  const number = async (figure: string): Promise<number> => Number.parseFloat((await visit.figure(figure)).replaceAll(',', ''));
  await visit.until('the share of conflated events', async () => (await number('conflated')) > 95);
  await visit.until('the rate of updates', async () => Math.abs((await number('updates')) - 20) < 6);
  expect(await visit.figure('bytes')).toMatch(/^\d+(\.\d+)? [k]?B\/s$/);
  expect(await number('messages')).toBeGreaterThan(0);
  const marks = () => page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('#panel canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i]! > 0) count++;
    return count;
  });
  expect(await marks()).toBeGreaterThan(1_000);
  await page.locator('.stages button', { hasText: 'In the gateway' }).click();
  expect(await page.locator('#panel h3').innerText()).toBe('In the gateway');
  expect(visit.complaints).toEqual([]);
});
