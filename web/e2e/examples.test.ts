import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { Desk } from './desk.js';
import { Program } from './program.js';

const desk = Desk.forEachTest();

/** Runs an example on a market, until it has printed what matches and is interrupted. */
async function prints(pattern: RegExp, file: string, environment: (desk: Desk) => Record<string, string>): Promise<void> {
  await desk.market(3, 300);
  const example = new Program(process.execPath, [`examples/${file}`, 'S1', 'S2'], environment(desk));
  try {
    await example.printed(pattern);
  } finally {
    await example.stop('SIGINT');
  }
  expect(example.exitCode).toBe(0);
}

test('the wire client watches from Node', async () => {
  execFileSync('npm', ['run', '--silent', 'build:wire']);
  await prints(/^S1 {2}[\d.]+ \/ [\d.]+ {2}last .* live$/m, 'node-watch.mjs', ({ system }) => ({ TICKGATE_URL: `ws://${system.web}/v1/stream` }));
});

test('plain @grpc/grpc-js watches with our proto files', async () => {
  await prints(/^S2 {2}[\d.·]+ \/ [\d.·]+ {2}\d+ conflated$/m, 'grpc-js.mjs', ({ system }) => ({ TICKGATE_GRPC: system.grpc }));
});

test('JSON over WebSocket takes no library of ours', async () => {
  await prints(/"bidPrice":"\d+"/, 'websocket-json.mjs', ({ system }) => ({ TICKGATE_URL: `ws://${system.web}/v1/stream` }));
});
