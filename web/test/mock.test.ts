import { afterEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Client, type SocketConstructor } from '../src/wire/index.js';
// @ts-expect-error: plain JavaScript
import { startMock } from '../mock/server.mjs';

interface Mock {
  url: string;
  setLive(on: boolean): void;
  goAway(retryAfterMs: number): void;
  stop(): Promise<void>;
}

const start = startMock as (options: object) => Promise<Mock>;
let mock: Mock;
let client: Client;

afterEach(async () => {
  client.close();
  await mock.stop();
});

async function until(look: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !look(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(look()).toBe(true);
}

describe.each(['proto', 'json'] as const)('over real sockets from Node, %s', (encoding) => {
  const options = () => ({ url: `${mock.url.replace('http', 'ws')}/v1/stream`, encoding, WebSocket: WebSocket as unknown as SocketConstructor, backoff: { initialMillis: 20 } });

  test('values come, states change, and a drained or lost connection is resumed', async () => {
    mock = await start({ symbols: ['A', 'B'], rate: 500 });
    client = new Client(options());
    client.connect();
    const outcome = await client.subscribe(['A', 'B', 'UNKNOWN'], { conflation: 10 });
    expect(outcome).toEqual({ accepted: ['A', 'B', 'UNKNOWN'], rejected: [], granted: 50 });
    await until(() => client.book.quote('A')?.state === 'live' && client.book.get('B')!.updateCount > 3);
    expect(client.book.quote('A')?.bid).toMatch(/^\d+\.\d{4}$/);
    expect(client.book.quote('UNKNOWN')?.state).toBe('pending');

    mock.setLive(false);
    await until(() => client.book.quote('A')?.state === 'stale');
    mock.setLive(true);
    await until(() => client.book.quote('A')?.state === 'live');

    mock.goAway(50);
    const held = client.book.get('A')!;
    await until(() => client.status.reason === 'the gateway is about to stop');
    await until(() => client.status.reason === '');
    const count = held.updateCount;
    await until(() => held.updateCount > count + 2);
    expect(client.book.unknownUpdates).toBe(0);
  });
});
