import { describe, expect, test } from 'vitest';
import { Desk } from './desk.js';

const desk = Desk.forEachTest();

describe('with the keyboard', () => {
  test('symbols are found, added, filtered, moved and removed, and a reload keeps them', async () => {
    await desk.market(30, 1_000);
    const { system } = desk;
    const visit = await desk.open(`${system.page}#symbols=S01,S02,S03&every=100`);
    const { page } = visit;
    await visit.isLive('S01');

    await page.keyboard.press('/');
    await page.keyboard.type('s17');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await visit.isLive('S17');
    await visit.lists('S01,S02,S03,S17');
    await visit.until('the gateway to have them', async () => (await system.metric('tickgate_subscriptions')) === 4);

    await page.keyboard.press('f');
    await page.keyboard.type('7');
    await visit.lists('S17');
    await page.keyboard.press('Escape');
    await visit.lists('S01,S02,S03,S17');

    await page.keyboard.press('End');
    await page.keyboard.press('Alt+ArrowUp');
    await page.keyboard.press('Alt+ArrowUp');
    await visit.lists('S01,S17,S02,S03');
    await page.keyboard.press('Home');
    await page.keyboard.press('Delete');
    await visit.lists('S17,S02,S03');
    await visit.until('the gateway to be told', async () => (await system.metric('tickgate_subscriptions')) === 3);

    await page.reload();
    await visit.lists('S17,S02,S03');
    await visit.isLive('S17');
    expect(visit.complaints).toEqual([]);
  });

  test('the panel, the theme and the keys are at hand', async () => {
    await desk.market(3, 300);
    const visit = await desk.open(`${desk.system.page}#symbols=S1`, { colorScheme: 'light' });
    const { page } = visit;
    await visit.isLive('S1');
    const panel = page.locator('#panel');
    expect(await panel.isVisible()).toBe(true);
    await page.keyboard.press('l');
    expect(await panel.isVisible()).toBe(false);
    await page.keyboard.press('p');
    await page.keyboard.press('ArrowRight');
    await visit.until('the next pace', async () => (await page.locator('[data-field="granted"]').getAttribute('data-granted')) === '250');
    await page.keyboard.press('?');
    expect(await page.locator('#help').isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await page.locator('#help').isVisible()).toBe(false);
    expect(visit.complaints).toEqual([]);
  });
});

describe('with the mouse', () => {
  test('symbols are chosen from the list, dragged, removed, and refused with the reason', async () => {
    await desk.market(5, 500);
    const visit = await desk.open(`${desk.system.page}#symbols=S1,S2,S3&every=100`);
    const { page } = visit;
    await visit.isLive('S1');
    await page.locator('#search input').click();
    await page.locator('.option', { hasText: 'S4' }).click();
    await visit.lists('S1,S2,S3,S4');
    await page.keyboard.press('Escape');

    const handle = await page.locator('.row[data-symbol="S1"] .handle').boundingBox();
    const below = await page.locator('.row[data-symbol="S3"]').boundingBox();
    await page.mouse.move(handle!.x + 8, handle!.y + 18);
    await page.mouse.down();
    await page.mouse.move(handle!.x + 8, below!.y + below!.height - 2);
    await page.mouse.up();
    await visit.lists('S2,S3,S1,S4');

    await page.locator('.row[data-symbol="S3"]').hover();
    await page.locator('.row[data-symbol="S3"] .remove').click();
    await visit.lists('S2,S1,S4');

    await page.keyboard.press('/');
    await page.keyboard.type('né');
    await page.keyboard.press('Enter');
    await visit.until('the refusal', async () => /was refused/.test(await page.locator('#message').innerText()));
    await visit.lists('S2,S1,S4');
    expect(visit.complaints).toEqual([]);
  });

  test('the slider sets the pace, and what was granted is shown', async () => {
    await desk.market(3, 900);
    const visit = await desk.open(`${desk.system.page}#symbols=S1,S2&every=50`);
    const { page } = visit;
    await visit.isLive('S1');
    const granted = (what: string) => async () => (await page.locator('[data-field="granted"]').getAttribute('data-granted')) === what;
    await page.locator('#pace-slider').fill('5');
    await visit.until('the grant', granted('1000'));
    expect(await page.locator('[data-field="pace"]').innerText()).toBe('1 s');
    const slow = await page.evaluate(updateTimes, ['S1', 4] as const);
    for (const [i, at] of slow.entries()) if (i > 0) expect(at - slow[i - 1]!).toBeGreaterThan(500); // less than the interval: one may have been late

    await page.locator('#pace-slider').fill('0');
    await visit.until('the grant', granted('latest'));
    const fast = await page.evaluate(updateTimes, ['S1', 100] as const);
    expect(fast.at(-1)! - fast[0]!).toBeLessThan(5_000); // 300 a second come
    expect(visit.complaints).toEqual([]);
  });
});

/** In the page: waits for as many updates of a symbol, and returns when they came, in milliseconds. */
const updateTimes = ([symbol, count]: readonly [string, number]): Promise<number[]> => new Promise((done) => {
  const { book, client } = window.tickgate;
  const times: number[] = [];
  let updates = book.get(symbol)!.updateCount;
  const stop = client.on('batch', () => {
    const now = book.get(symbol)!.updateCount;
    for (; updates < now; updates++) times.push(performance.now());
    if (times.length < count) return;
    stop();
    done(times);
  });
});

describe('where it is kept', () => {
  test('local storage has it when the address has none, and an address that is passed on shows the same', async () => {
    await desk.market(20, 500);
    const { system } = desk;
    const visit = await desk.open(system.page);
    const { page } = visit;
    await visit.until('the first instruments', async () => (await visit.symbols()).length > 10);
    await page.evaluate(() => window.tickgate.watchlist.set(['S05', 'S03', 'S11']));
    await visit.lists('S05,S03,S11');
    const passedOn = page.url();
    expect(passedOn).toContain('#symbols=S05,S03,S11&every=100');
    await page.goto('about:blank');
    await page.goto(system.page);
    await visit.lists('S05,S03,S11');
    const other = await desk.open(passedOn); // another person: nothing is stored
    await other.lists('S05,S03,S11');
    expect(other.complaints).toEqual([]);
  });
});
