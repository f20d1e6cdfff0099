import { test } from 'vitest';
import { Desk } from './desk.js';
import { pictureNamed, recorded } from './picture.js';

const desk = Desk.forEachTest();

/** What the lines of the trend show. */
const trendMillis = 90_000;
/** Colours fade from one theme to the other. */
const settleMillis = 1_000;

test('the page, dark and light', async () => {
  const { system } = desk;
  await system.start('--demo');
  await system.listed(recorded.length);
  const visit = await desk.open(`${system.page}#symbols=${recorded.join()}&every=100`, {
    colorScheme: 'dark', deviceScaleFactor: 2, viewport: { width: 1480, height: 632 },
  });
  const { page } = visit;
  await visit.isLive(recorded[0]!);
  await page.waitForTimeout(trendMillis);
  for (const theme of ['dark', 'light']) {
    if (theme === 'light') await page.keyboard.press('t');
    await page.waitForTimeout(settleMillis);
    await page.waitForFunction(() => document.querySelectorAll('[data-flash]').length >= 3);
    await page.screenshot({ path: pictureNamed(`page-${theme}`) });
  }
});
