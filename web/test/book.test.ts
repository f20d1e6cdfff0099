import { beforeEach, describe, expect, test } from 'vitest';
import { create } from '@bufbuild/protobuf';
import { BatchSchema, GapSchema, MarketState, StateSchema, type Instrument, type Update } from '../src/gen/tickgate/v1/market_data_pb.js';
import { Book } from '../src/wire/index.js';
import { instrument, update } from './fakes.js';

let now: number;
let book: Book;

beforeEach(() => {
  now = 1_000;
  book = new Book(() => now);
  book.add('A');
  book.connected();
  book.describe(instrument('A', 1));
});

function take(updates: Update[], instruments: Instrument[] = []): void {
  book.merge(create(BatchSchema, { updates, instruments }));
}

const snapshot = update(1, 10n, {
  snapshot: true,
  quote: { bidPrice: 100_00n, bidSize: 1_000n, askPrice: 100_05n, askSize: 2_000n },
  trade: { price: 100_01n, size: 500n, aggressor: 1 },
  stats: { volume: 9_000n, open: 99_00n, high: 101_00n, low: 98_00n },
});

describe('partial updates become full tickers', () => {
  test('a snapshot is the whole', () => {
    take([snapshot]);
    expect(book.quote('A')).toEqual({
      symbol: 'A', state: 'live', epoch: 7n, sequence: 10n, ageMillis: 0,
      bid: '100.00', bidSize: '1.000', ask: '100.05', askSize: '2.000', spread: '0.05',
      last: '100.01', lastSize: '0.500', aggressor: 'buy', volume: '9.000', open: '99.00', high: '101.00', low: '98.00',
    });
  });

  test('what an update does not say stays', () => {
    take([snapshot]);
    take([update(1, 11n, { quote: { bidSize: 3n }, conflated: 4 })]);
    expect(book.quote('A')).toMatchObject({ bid: '100.00', bidSize: '0.003', ask: '100.05', last: '100.01', sequence: 11n });
    expect(book.get('A')).toMatchObject({ updateCount: 2, conflatedCount: 4 });
  });

  test('a sequence that is left out follows from the update before', () => {
    const later = update(1, 0n, { quote: { bidSize: 3n }, conflated: 4 });
    take([snapshot, later]);
    expect(later.sequence).toBe(15n); // also for who is told of the batch
    take([update(1, 0n, {})]);
    expect(book.quote('A')).toMatchObject({ sequence: 16n });
    take([update(1, 20n, {}), update(1, 0n, {})]);
    expect(book.quote('A')).toMatchObject({ sequence: 21n });
    take([update(1, 3n, { snapshot: true }), update(1, 0n, {})], [instrument('A', 1, { epoch: 8n })]);
    expect(book.quote('A')).toMatchObject({ epoch: 8n, sequence: 4n });
  });

  test('an update on its way after an unsubscribe counts for what follows', () => {
    take([snapshot]);
    book.remove('A');
    take([update(1, 0n, {})]);
    const last = update(1, 0n, {});
    take([last]);
    expect(last.sequence).toBe(12n);
  });

  test('a side that empties is absent, not zero', () => {
    take([snapshot]);
    take([update(1, 11n, { quote: { bidCleared: true } })]);
    expect(book.quote('A')).not.toHaveProperty('bid');
    expect(book.quote('A')).not.toHaveProperty('spread');
    expect(book.quote('A')).toMatchObject({ ask: '100.05' });
    take([update(1, 12n, { quote: { bidCleared: true, bidPrice: 5n } })]); // a price without a size
    expect(book.quote('A')).toMatchObject({ bid: '0.05' });
    expect(book.quote('A')).not.toHaveProperty('bidSize');
  });

  test('a new snapshot forgets what it does not say', () => {
    take([snapshot]);
    take([update(1, 12n, { snapshot: true, quote: { askPrice: 1n } })]);
    expect(book.quote('A')).toEqual({ symbol: 'A', state: 'live', epoch: 7n, sequence: 12n, ageMillis: 0, ask: '0.01' });
  });

  test('a crossed book has a negative spread', () => {
    take([update(1, 1n, { snapshot: true, quote: { bidPrice: 101n, askPrice: 100n } })]);
    expect(book.quote('A')).toMatchObject({ spread: '-0.01' });
  });

  test('a scale that grows writes the same values with more digits', () => {
    take([snapshot]);
    take([update(1, 11n, { quote: { askPrice: 100_055n } })], [instrument('A', 1, { priceScale: 3 })]);
    expect(book.quote('A')).toMatchObject({ bid: '100.000', ask: '100.055', open: '99.000', volume: '9.000' });
  });

  test('the largest mantissas stay exact', () => {
    take([update(1, 1n, { snapshot: true, quote: { bidPrice: 9223372036854775807n } })], [instrument('A', 1, { priceScale: 18 })]);
    expect(book.quote('A')).toMatchObject({ bid: '9.223372036854775807' });
  });

  test('an update of an instrument that was never announced changes nothing and is counted', () => {
    take([update(99, 1n, { quote: { bidPrice: 1n } })]);
    expect(book.unknownUpdates).toBe(1);
    expect(book.quote('A')).toMatchObject({ state: 'live', sequence: 0n });
  });
});

describe('gateways of a cluster may be behind one another', () => {
  const bid = (sequence: bigint, bidPrice: bigint, more: object = {}): Update => update(1, sequence, { quote: { bidPrice }, ...more });
  const held = (): unknown[] => {
    const { epoch, sequence, bid: shown, state } = book.quote('A')!;
    return [epoch, sequence, shown, state];
  };

  test('in a sequence: nothing is taken back, and it is taken again when it has caught up', () => {
    take([bid(5n, 50_00n, { snapshot: true })]);
    book.connected();
    book.describe(instrument('A', 1));
    take([bid(4n, 40_00n, { snapshot: true })]);
    expect(held()).toEqual([7n, 5n, '50.00', 'live']);
    expect(book.get('A')).toMatchObject({ updateCount: 1 });
    take([bid(6n, 60_00n)]);
    expect(held()).toEqual([7n, 6n, '60.00', 'live']);
  });

  test('with an epoch: a new one begins with its first update, not when it is announced, and replaces what was held', () => {
    take([update(1, 5n, { snapshot: true, quote: { bidPrice: 50_00n, askPrice: 51_00n } })]);
    book.connected();
    book.describe(instrument('A', 1, { epoch: 8n }));
    expect(held()).toEqual([7n, 5n, '50.00', 'live']); // and so a reconnect resumes from where it is
    take([bid(1n, 10_00n)]);
    expect(held()).toEqual([8n, 1n, '10.00', 'live']);
    expect(book.quote('A')).not.toHaveProperty('ask');
    take([bid(9n, 90_00n)], [instrument('A', 1)]);
    expect(held()).toEqual([8n, 1n, '10.00', 'live']);
  });

  test('a snapshot of what is held tells more of it, and counts no event', () => {
    take([bid(5n, 50_00n)]);
    take([update(1, 5n, { snapshot: true, quote: { bidPrice: 50_00n, askPrice: 51_00n } })]);
    expect(book.quote('A')).toMatchObject({ bid: '50.00', ask: '51.00', sequence: 5n });
    expect(book.get('A')).toMatchObject({ updateCount: 1 });
  });
});

describe('state and age', () => {
  test('age is counted from when the gateway heard', () => {
    take([update(1, 1n, { snapshot: true, recvAge: 40_000_000n })]);
    now += 160;
    expect(book.ageMillis(book.get('A')!)).toBe(200);
  });

  test('a state names one symbol or all', () => {
    book.add('B');
    book.describe(instrument('B', 2, { state: MarketState.HALTED }));
    expect(book.quote('B')).toMatchObject({ state: 'halted' });
    book.setState(create(StateSchema, { symbol: 'A', state: MarketState.STALE }));
    expect([book.quote('A')?.state, book.quote('B')?.state]).toEqual(['stale', 'halted']);
    book.setState(create(StateSchema, { state: MarketState.LIVE }));
    expect([book.quote('A')?.state, book.quote('B')?.state]).toEqual(['live', 'live']);
  });

  test('nobody vouches for values while there is no connection', () => {
    book.add('B');
    take([snapshot]);
    const version = book.get('A')!.version;
    book.disconnected();
    expect([book.quote('A')?.state, book.quote('B')?.state]).toEqual(['disconnected', 'pending']);
    expect(book.get('A')!.version).toBeGreaterThan(version);
    book.connected();
    expect(book.quote('A')).toMatchObject({ state: 'disconnected', bid: '100.00' }); // until the gateway says what they are worth
    book.describe(instrument('A', 1));
    expect(book.quote('A')).toMatchObject({ state: 'live', bid: '100.00' });
  });

  test('a connection that takes over from another lets values stand', () => {
    take([snapshot]);
    book.connected();
    expect(book.quote('A')).toMatchObject({ state: 'live', bid: '100.00' });
  });

  test('a pending symbol is announced later', () => {
    book.add('P');
    book.describe(instrument('P', 0, { state: MarketState.PENDING, epoch: 0n, priceScale: 0, sizeScale: 0 }));
    expect(book.quote('P')).toEqual({ symbol: 'P', state: 'pending', epoch: 0n, sequence: 0n });
    take([update(5, 1n, { snapshot: true, quote: { bidPrice: 7n } })], [instrument('P', 5)]);
    expect(book.quote('P')).toMatchObject({ state: 'live', bid: '0.07', epoch: 7n });
  });

  test('missing events are counted', () => {
    book.noteGap(create(GapSchema, { symbol: 'A', missing: 3n }));
    book.noteGap(create(GapSchema, { missing: 2n }));
    expect(book.get('A')).toMatchObject({ missingCount: 5 });
  });

  test('a symbol that was removed takes nothing more', () => {
    book.remove('A');
    take([snapshot]);
    expect(book.quote('A')).toBeUndefined();
    expect(book.unknownUpdates).toBe(0);
  });
});
