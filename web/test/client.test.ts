import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Client, ClosedError, type Status } from '../src/wire/index.js';
import { accept, FakeSocket, fakeClient, instrument, update } from './fakes.js';

let client: Client;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
});

afterEach(() => {
  client.close();
  vi.useRealTimers();
});

/** A client that is connected and subscribed to A and B, each with one update. */
async function live(options: Parameters<typeof fakeClient>[0] = {}): Promise<FakeSocket> {
  client = fakeClient(options);
  client.connect();
  FakeSocket.last.open();
  const outcome = client.subscribe(['A', 'B'], { conflation: 250 });
  accept(FakeSocket.last, ['A', 'B'], 250n);
  await outcome;
  FakeSocket.last.say({ case: 'batch', value: { streamSequence: 1n, updates: [
    update(1, 10n, { snapshot: true, quote: { bidPrice: 1_00n } }), update(2, 20n, { snapshot: true, quote: { bidPrice: 2_00n } }),
  ] } });
  return FakeSocket.last;
}

describe('commands', () => {
  test('a session begins with freshness, subscriptions and a heartbeat', () => {
    client = fakeClient();
    client.subscribe(['A']).catch(() => {}); // closed before it is answered
    client.connect();
    const socket = FakeSocket.last;
    expect(socket.protocols).toEqual(['tickgate.v1.proto']);
    expect(socket.sent).toEqual([]);
    socket.open();
    expect(socket.commands.map((m) => m.command.case)).toEqual(['setFreshness', 'subscribe', 'heartbeat']);
    expect(socket.of('setFreshness')[0]).toMatchObject({ maxUnackedMs: 1_000n });
    expect(socket.of('subscribe')[0]).toMatchObject({ symbols: ['A'], resume: [], conflation: { policy: 1 }, implySequences: true });
  });

  test('subscribe tells what was accepted, rejected and granted', async () => {
    client = fakeClient();
    client.connect();
    const socket = FakeSocket.last;
    socket.open();
    const refused: string[] = [];
    client.on('rejected', ({ symbol }) => refused.push(symbol));
    const outcome = client.subscribe(['A', 'A', 'FULL', 'bad\n', ''], { conflation: 100, kinds: ['quote'] });
    expect(socket.of('subscribe')[0]).toMatchObject({ symbols: ['A', 'FULL'], kinds: [1], conflation: { policy: 2, intervalMs: 100n } });
    socket.say({ case: 'subscribeResult', value: {
      requestId: socket.idOf('subscribe'), accepted: [instrument('A', 1)],
      rejected: [{ symbol: 'FULL', reason: 3, detail: 'the stream has 1 of 1' }], conflation: { policy: 2, intervalMs: 200n },
    } });
    expect(await outcome).toMatchObject({
      accepted: ['A'], granted: 200,
      rejected: [{ symbol: 'bad\n', reason: 'INVALID_SYMBOL' }, { symbol: '', reason: 'INVALID_SYMBOL' }, { symbol: 'FULL', reason: 'STREAM_LIMIT', detail: 'the stream has 1 of 1' }],
    });
    expect(refused).toEqual(['bad\n', '', 'FULL']);
    expect(client.symbols).toEqual(['A']);
    expect(client.book.get('FULL')).toBeUndefined();
  });

  test('many symbols are asked for in parts', async () => {
    client = fakeClient();
    client.connect();
    const socket = FakeSocket.last;
    socket.open();
    const symbols = Array.from({ length: 1_200 }, (_, i) => `S${i}`);
    const outcome = client.subscribe(symbols);
    const parts = socket.of('subscribe');
    expect(parts.map((p) => p.symbols.length)).toEqual([500, 500, 200]);
    socket.commands.filter((m) => m.command.case === 'subscribe').forEach((m, part) =>
      socket.say({ case: 'subscribeResult', value: { requestId: m.requestId, accepted: parts[part]!.symbols.map((s, i) => instrument(s, part * 500 + i + 1)), conflation: { policy: 1 } } }));
    expect((await outcome).accepted).toEqual(symbols);
  });

  test('unsubscribe forgets at once, and settles with the answer', async () => {
    const socket = await live();
    const outcome = client.unsubscribe(['A', 'NEVER']);
    expect(client.book.get('A')).toBeUndefined();
    expect(socket.of('unsubscribe')[0]).toMatchObject({ symbols: ['A'] });
    socket.say({ case: 'batch', value: { streamSequence: 2n, updates: [update(1, 11n)] } }); // was on its way
    socket.say({ case: 'unsubscribeResult', value: { requestId: socket.idOf('unsubscribe'), removed: ['A'], removedCount: 1 } });
    expect((await outcome).accepted).toEqual(['A']);
    expect(client.book.unknownUpdates).toBe(0);
  });

  test('setConflation tells what was granted, and a reconnect keeps the wish', async () => {
    const socket = await live();
    const granted = vi.fn();
    client.on('granted', granted);
    const outcome = client.setConflation(5);
    expect(socket.of('setConflation')[0]).toMatchObject({ symbols: [], conflation: { policy: 2, intervalMs: 5n } });
    socket.say({ case: 'setConflationResult', value: { requestId: socket.idOf('setConflation'), conflation: { policy: 2, intervalMs: 50n }, changedCount: 2 } });
    expect(await outcome).toMatchObject({ granted: 50 });
    expect(granted).toHaveBeenCalledWith(50);
    socket.drop();
    vi.advanceTimersByTime(250);
    FakeSocket.last.open();
    expect(FakeSocket.last.of('subscribe')[0]).toMatchObject({ conflation: { policy: 2, intervalMs: 5n } });
  });

  test('close fails what was not answered', async () => {
    client = fakeClient();
    client.connect();
    FakeSocket.last.open();
    const outcome = client.subscribe(['A']);
    client.close();
    await expect(outcome).rejects.toBeInstanceOf(ClosedError);
    expect(FakeSocket.last.closedWith).toMatchObject({ code: 1000 });
    expect(client.status.phase).toBe('closed');
    expect(() => client.connect()).toThrow(ClosedError);
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.all.length).toBe(1);
  });
});

describe('reconnecting', () => {
  test('subscriptions are renewed with epoch and last sequence, once each', async () => {
    const socket = await live();
    socket.say({ case: 'batch', value: { streamSequence: 2n, instruments: [instrument('B', 2, { epoch: 8n })], updates: [update(2, 1n)] } });
    socket.drop();
    expect(client.status).toMatchObject({ phase: 'reconnecting', reason: 'the connection was lost', attempts: 1 });
    expect(client.book.quote('A')).toMatchObject({ state: 'disconnected', bid: '1.00' });
    vi.advanceTimersByTime(250);
    FakeSocket.last.open();
    const [renewal, ...more] = FakeSocket.last.of('subscribe');
    expect(more).toEqual([]);
    expect(renewal).toMatchObject({ symbols: ['A', 'B'], conflation: { policy: 2, intervalMs: 250n } });
    expect(renewal!.resume.map(({ symbol, epoch, lastSequence }) => [symbol, epoch, lastSequence])).toEqual([['A', 7n, 10n], ['B', 8n, 1n]]);
  });

  test('what is held goes on with partial updates under new ids', async () => {
    (await live()).drop();
    vi.advanceTimersByTime(250);
    const socket = FakeSocket.last;
    socket.open();
    socket.say({ case: 'subscribeResult', value: { requestId: 0n, accepted: [instrument('B', 1), instrument('A', 2)] } });
    socket.say({ case: 'batch', value: { streamSequence: 1n, updates: [update(2, 11n, { quote: { askPrice: 1_01n } })] } });
    expect(client.book.quote('A')).toMatchObject({ state: 'live', bid: '1.00', ask: '1.01', sequence: 11n });
    expect(client.book.quote('B')).toMatchObject({ state: 'live', bid: '2.00' });
  });

  test('a command that was not answered is said again, without a second renewal', async () => {
    const first = await live();
    const outcome = client.subscribe(['C', 'D']);
    const removed = client.unsubscribe(['D', 'B']);
    first.drop();
    vi.advanceTimersByTime(250);
    const socket = FakeSocket.last;
    socket.open();
    expect(socket.of('subscribe').map((s) => s.symbols)).toEqual([['A'], ['C']]);
    expect(socket.of('unsubscribe')).toEqual([]);
    await removed;
    socket.say({ case: 'subscribeResult', value: { requestId: socket.idOf('subscribe'), accepted: [instrument('C', 1)], conflation: { policy: 1 } } });
    expect((await outcome).accepted).toEqual(['C']);
  });

  test('waits grow with a fifth of jitter, up to 30 s, and a word from the gateway ends that', async () => {
    client = fakeClient({ random: () => 1 }); // the longest jitter
    client.connect();
    for (const wait of [300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 30_000, 30_000]) {
      const made = FakeSocket.all.length;
      FakeSocket.last.drop();
      expect(client.status.retryAtMillis! - performance.now()).toBeCloseTo(wait);
      vi.advanceTimersByTime(wait - 1);
      expect(FakeSocket.all.length).toBe(made);
      vi.advanceTimersByTime(1);
      expect(FakeSocket.all.length).toBe(made + 1);
    }
    FakeSocket.last.open();
    FakeSocket.last.say({ case: 'heartbeat', value: {} });
    FakeSocket.last.drop();
    expect(client.status.retryAtMillis! - performance.now()).toBeCloseTo(300);
  });

  test('a connection that opens and ends without a word does not shorten the waits', () => {
    client = fakeClient();
    client.connect();
    for (const wait of [250, 500, 1_000]) {
      FakeSocket.last.open();
      FakeSocket.last.drop(1013, 'quota');
      expect(client.status).toMatchObject({ phase: 'reconnecting', reason: 'the gateway has too much to do: quota' });
      expect(client.status.retryAtMillis! - performance.now()).toBeCloseTo(wait);
      vi.advanceTimersByTime(wait);
    }
  });

  test('a refusal is not asked again soon', async () => {
    (await live()).drop(1008, 'origin');
    expect(client.status.retryAtMillis! - performance.now()).toBeCloseTo(30_000);
    const made = FakeSocket.all.length;
    client.retryNow();
    expect(FakeSocket.all.length).toBe(made + 1);
    expect(client.status).toMatchObject({ phase: 'reconnecting', retryAtMillis: undefined });
  });

  test('several addresses are tried in turn', () => {
    client = fakeClient({ url: ['ws://a', 'ws://b'] });
    client.connect();
    for (let i = 0; i < 3; i++) {
      FakeSocket.last.drop();
      vi.advanceTimersByTime(30_000);
    }
    expect(FakeSocket.all.slice(0, 4).map((s) => s.url)).toEqual(['ws://a', 'ws://b', 'ws://a', 'ws://b']);
  });

  test('an attempt that gets no answer is given up', () => {
    client = fakeClient();
    client.connect();
    vi.advanceTimersByTime(10_000);
    expect(FakeSocket.all[0]!.closedWith).toMatchObject({ code: 4009 });
    expect(client.status).toMatchObject({ phase: 'reconnecting', reason: 'no answer from the gateway' });
  });
});

describe('going away', () => {
  test('the next connection is made when the gateway allows, and the old one carries until then', async () => {
    const old = await live();
    old.say({ case: 'goingAway', value: { reason: 'the gateway is about to stop', retryAfterMs: 700 } });
    old.say({ case: 'batch', value: { streamSequence: 2n, updates: [update(1, 11n, { quote: { bidPrice: 1_50n } })] } });
    expect(client.book.quote('A')).toMatchObject({ bid: '1.50', state: 'live' });
    vi.advanceTimersByTime(699);
    expect(FakeSocket.all.length).toBe(1);
    vi.advanceTimersByTime(1);
    const next = FakeSocket.last;
    expect(next).not.toBe(old);
    expect(old.closedWith).toBeUndefined();
    next.open();
    expect(old.closedWith).toMatchObject({ code: 1000 });
    expect(next.of('subscribe')[0]!.resume.map((r) => r.lastSequence)).toEqual([11n, 20n]);
    expect(client.status).toMatchObject({ phase: 'live', reason: '' });
  });

  test('a stream that ends before that does not bring the client back sooner', async () => {
    const old = await live();
    old.say({ case: 'goingAway', value: { reason: 'stop', retryAfterMs: 5_000 } });
    vi.advanceTimersByTime(1_000);
    old.drop(1001);
    expect(client.status.retryAtMillis! - performance.now()).toBeCloseTo(4_000);
    vi.advanceTimersByTime(3_999);
    expect(FakeSocket.all.length).toBe(1);
    vi.advanceTimersByTime(1);
    expect(FakeSocket.all.length).toBe(2);
  });

  test('attempts that fail while the old one carries are backed off from', async () => {
    const old = await live();
    old.say({ case: 'goingAway', value: { retryAfterMs: 100 } });
    vi.advanceTimersByTime(100);
    for (const wait of [250, 500, 1_000]) {
      FakeSocket.last.drop();
      old.say({ case: 'heartbeat', value: {} });
      expect(client.status.phase).toBe('live');
      const made = FakeSocket.all.length;
      vi.advanceTimersByTime(wait - 1);
      expect(FakeSocket.all.length).toBe(made);
      vi.advanceTimersByTime(1);
      expect(FakeSocket.all.length).toBe(made + 1);
    }
  });
});

describe('life signs', () => {
  test('a heartbeat every 30 s, and the echo gives the offset of the clocks', async () => {
    const socket = await live({ serverHeartbeatMillis: 1_000_000 });
    vi.advanceTimersByTime(60_000);
    const beats = socket.of('heartbeat');
    expect(beats.map(({ clientTime }) => Number(clientTime - beats[0]!.clientTime) / 1e9)).toEqual([0, 1, 4, 30, 60]);
    vi.advanceTimersByTime(1);
    socket.say({ case: 'heartbeat', value: { echo: beats[4]!.clientTime, tsSend: beats[4]!.clientTime + 5_000_500_000n } });
    expect(client.clockOffset.micros).toBeCloseTo(5_000_000, -1);
    expect(client.clockOffset.roundTripMicros).toBeCloseTo(1_000, -1);
  });

  test('a gateway that falls silent is noticed within two of its heartbeats', async () => {
    const socket = await live();
    const phases: Status[] = [];
    client.on('status', (status) => phases.push(status));
    vi.advanceTimersByTime(14_500);
    expect(phases).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(client.status.phase).toBe('silent');
    socket.say({ case: 'heartbeat', value: {} });
    expect(client.status.phase).toBe('live');
    vi.advanceTimersByTime(20_000);
    expect(client.status).toMatchObject({ phase: 'reconnecting', reason: 'the gateway has fallen silent' });
    expect(client.book.quote('A')).toMatchObject({ state: 'disconnected' });
    expect(FakeSocket.all[0]!.closedWith).toMatchObject({ code: 4009 });
  });

  test.each([[2_000], [45_000]])('how often heartbeats come is what the gateway says: every %i ms', async (intervalMs) => {
    const socket = await live();
    socket.say({ case: 'heartbeat', value: { intervalMs } });
    vi.advanceTimersByTime(1.45 * intervalMs);
    expect(client.status.phase).toBe('live');
    vi.advanceTimersByTime(0.1 * intervalMs);
    expect(client.status.phase).toBe('silent');
    socket.say({ case: 'heartbeat', value: { intervalMs } });
    expect(client.status.phase).toBe('live');
    vi.advanceTimersByTime(1.8 * intervalMs);
    expect(socket.closedWith).toBeUndefined();
    vi.advanceTimersByTime(0.2 * intervalMs);
    expect(socket.closedWith).toMatchObject({ code: 4009 });
    expect(client.status.reason).toBe('the gateway has fallen silent');
  });

  test('a heartbeat that does not say how often they come changes nothing', async () => {
    const socket = await live({ serverHeartbeatMillis: 1_000 });
    socket.say({ case: 'heartbeat', value: {} });
    vi.advanceTimersByTime(1_950);
    expect(socket.closedWith).toMatchObject({ code: 4009 });
  });
});

describe('freshness', () => {
  const batch = (socket: FakeSocket, n: number): void => socket.say({ case: 'batch', value: { streamSequence: BigInt(n) } });

  test('the first batches are acknowledged at once, later ones a few times per bound', async () => {
    const socket = await live();
    for (let n = 2; n <= 16; n++) batch(socket, n);
    expect(socket.of('ack').map((a) => Number(a.streamSequence))).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    for (let n = 17; n <= 216; n++) {
      batch(socket, n);
      vi.advanceTimersByTime(5);
    }
    const later = socket.of('ack').slice(16);
    expect(later.length).toBe(8);
    expect(later.at(-1)!.streamSequence).toBeGreaterThan(200n);
  });

  test('by hand: what the application has not taken is not acknowledged', async () => {
    const socket = await live({ acknowledge: 'manual' });
    batch(socket, 2);
    expect(socket.of('ack')).toEqual([]);
    client.taken();
    client.taken();
    expect(socket.of('ack').map((a) => a.streamSequence)).toEqual([2n]);
  });

  test('off: nothing is asked for and nothing acknowledged', async () => {
    const socket = await live({ freshnessMillis: 0 });
    batch(socket, 2);
    expect(socket.of('ack')).toEqual([]);
    expect(socket.of('setFreshness')).toEqual([]);
  });
});

describe('what the gateway says', () => {
  test('gaps, states and notices are passed on', async () => {
    const socket = await live();
    const heard: unknown[] = [];
    client.on('gap', (gap) => heard.push([gap.symbol, gap.missing]));
    client.on('state', (state) => heard.push([state.symbol, client.book.quote('A')!.state]));
    client.on('notice', (notice) => heard.push(notice.detail));
    socket.say({ case: 'gap', value: { symbol: 'A', from: 11n, to: 13n, missing: 3n, reason: 1 } });
    socket.say({ case: 'state', value: { symbol: '', state: 2, reason: 2 } });
    socket.say({ case: 'notice', value: { kind: 1, detail: 'slow' } });
    expect(heard).toEqual([['A', 3n], ['', 'stale'], 'slow']);
    expect(client.book.get('A')).toMatchObject({ missingCount: 3 });
  });

  test.each([
    ['garbled bytes', Uint8Array.of(0x1a, 0x05, 0xff).buffer],
    ['a text frame', '{"heartbeat":{}}'],
  ])('%s end the connection, not the session', async (_, data) => {
    const socket = await live();
    socket.raw(data);
    expect(socket.closedWith).toMatchObject({ code: 4007 });
    expect(client.status.phase).toBe('reconnecting');
    socket.say({ case: 'heartbeat', value: {} }); // is not heard any more
    vi.advanceTimersByTime(250);
    FakeSocket.last.open();
    expect(client.status.phase).toBe('live');
  });

  test('a listener that throws does not keep others from hearing', async () => {
    const socket = await live();
    const uncaught = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {});
    const second = vi.fn();
    client.on('notice', () => {
      throw new Error('mine');
    });
    client.on('notice', second);
    socket.say({ case: 'notice', value: {} });
    expect(second).toHaveBeenCalledOnce();
    expect(uncaught).toHaveBeenCalledOnce();
    uncaught.mockRestore();
  });

  test('JSON says the same', async () => {
    client = fakeClient({ encoding: 'json' });
    client.connect();
    const socket = FakeSocket.last;
    expect(socket.protocols).toEqual(['tickgate.v1.json']);
    socket.open();
    const outcome = client.subscribe(['A']);
    const sent = socket.sent.map((text) => JSON.parse(text as string) as Record<string, unknown>);
    const { requestId, subscribe } = sent.find((m) => 'subscribe' in m)! as { requestId: string; subscribe: unknown };
    expect(subscribe).toEqual({ symbols: ['A'], implySequences: true, conflation: { policy: 'CONFLATION_POLICY_LATEST' } });
    socket.sayJson({ case: 'subscribeResult', value: { requestId: BigInt(requestId), accepted: [instrument('A', 1)], conflation: { policy: 1 } } });
    await outcome;
    socket.sayJson({ case: 'batch', value: { streamSequence: 1n, updates: [update(1, 1n, { snapshot: true, quote: { bidPrice: 9007199254740993n } })] } });
    expect(client.book.quote('A')).toMatchObject({ bid: '90071992547409.93' });
  });
});

test('latency is told per stage', async () => {
  client = fakeClient();
  client.connect();
  const socket = FakeSocket.last;
  socket.open();
  const outcome = client.subscribe(['A', 'B']);
  accept(socket, ['A', 'B']);
  await outcome;
  const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1_000n;
  socket.say({ case: 'batch', value: { streamSequence: 1n, tsSend: now - 2_000_000n, tsEventBase: now - 20_000_000n, updates: [
    update(1, 11n, { recvAge: 3_000_000n, eventDelta: 5_000_000n }), update(2, 21n, { recvAge: 3_000_000n, eventDelta: 18_000_000n }),
  ] } });
  const at = performance.now();
  const near = (got: number, want: number): void => expect(Math.abs(got - want)).toBeLessThan(want * 0.02 + 2);
  near(client.latency.of('gateway', at).percentiles().p99, 3_000);
  near(client.latency.of('network', at).percentiles().p50, 2_000);
  near(client.latency.of('total', at).percentiles().p99, 5_000);
  const venue = client.latency.of('venue', at).percentiles(); // 10 ms, and one from a clock that is ahead
  near(venue.max, 10_000);
  expect(venue).toMatchObject({ count: 2, clamped: 1 });
});

test('a batch without a base counts the time of each event from its receipt by the gateway', async () => {
  client = fakeClient();
  client.connect();
  const socket = FakeSocket.last;
  socket.open();
  const outcome = client.subscribe(['A']);
  accept(socket, ['A']);
  await outcome;
  socket.say({ case: 'batch', value: { streamSequence: 1n, tsSend: 1_800_000_000_000_000_000n, updates: [update(1, 11n, { recvAge: 90_000_000n, eventDelta: -7_000_000n })] } });
  const venue = client.latency.of('venue', performance.now()).percentiles();
  expect(Math.abs(venue.max - 7_000)).toBeLessThan(150);
  expect(venue.count).toBe(1);
});
