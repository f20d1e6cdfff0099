import { test } from 'vitest';
import { Desk } from './desk.js';
import { pictureNamed, recorded } from './picture.js';
import { binary } from './program.js';
import { Terminal } from './terminal.js';

const desk = Desk.forEachTest();

test('the terminal', async () => {
  const { system } = desk;
  await system.start('--demo');
  await system.listed(recorded.length);
  const { page } = await desk.open('about:blank', { deviceScaleFactor: 2, viewport: { width: 1400, height: 600 } });
  const terminal = new Terminal([binary('TICKGATE_TICKCTL'), 'watch', '--address', system.grpc, '--all'], 140, 19);
  try {
    terminal.type('l'); // the latency, too
    await page.waitForTimeout(30_000); // for the latency to have something to tell
    await terminal.picture(page, pictureNamed('terminal'));
  } finally {
    await terminal.end('q');
  }
});
