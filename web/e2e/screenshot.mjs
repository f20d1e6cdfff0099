// Takes a picture of the page of a gateway that runs:
//
//   npm run screenshot -- http://127.0.0.1:8080/ page.png dark
//
// It waits for half a minute first, so that the lines of the trend have something to show.

import { chromium } from 'playwright-core';

const [address, file, theme = 'dark', width = '1440', height = '600'] = process.argv.slice(2);
if (!address || !file || !['dark', 'light'].includes(theme)) {
  console.error('usage: screenshot.mjs ADDRESS FILE.png [dark|light] [WIDTH HEIGHT]');
  process.exit(2);
}
const browser = await chromium.launch({
  executablePath: process.env.TICKGATE_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const context = await browser.newContext({ viewport: { width: Number(width), height: Number(height) }, colorScheme: theme, deviceScaleFactor: 2 });
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForSelector('.row[data-state="live"]');
  await page.waitForTimeout(30_000);
  await page.screenshot({ path: file });
} finally {
  await browser.close();
}
