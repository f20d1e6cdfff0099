import { describe, expect, test } from 'vitest';
import { age, bytesPerSecond, compact, digitsNeeded, grouped, micros, percentChange, price } from '../src/page/format.js';
import { readPreferences, writePreferences } from '../src/page/preferences.js';
import { matching, nameOf } from '../src/page/symbolname.js';
import { Watchlist, type WatchlistChange } from '../src/page/watchlist.js';

describe('numbers as people read them', () => {
  test.each([
    [6172765000000n, 8, 2, '61,727.65'],
    [6172765123000n, 8, 2, '61,727.65123'], // more digits if the value needs them: never rounded
    [6172700000000n, 8, 2, '61,727.00'],
    [617270n, 1, 1, '61,727.0'],
    [61727n, 0, 0, '61,727'],
    [100n, 2, 0, '1'],
    [-1234567n, 2, 2, '-12,345.67'],
    [12345n, 12, 2, '0.000000012345'],
    [0n, 8, 2, '0.00'],
  ])('price %s / 10^%i with %i digits', (mantissa, scale, digits, text) => expect(price(mantissa, scale, digits)).toBe(text));

  test.each([[150n, 2, 1], [100n, 2, 0], [0n, 5, 0], [1n, 5, 5], [-150n, 2, 1]])('digits of %s / 10^%i', (mantissa, scale, digits) =>
    expect(digitsNeeded(mantissa, scale)).toBe(digits));

  test.each([['1', '1'], ['123', '123'], ['1234', '1,234'], ['-123', '-123'], ['-123456.7', '-123,456.7'], ['1234567890', '1,234,567,890']])('groups of %s', (text, want) =>
    expect(grouped(text)).toBe(want));

  test('changes have a sign and two decimals', () => {
    expect([percentChange(101n, 100n), percentChange(99n, 100n), percentChange(100n, 100n), percentChange(2500n, 100n), percentChange(1n, 0n)]).toEqual(
      ['+1.00%', '−1.00%', '0.00%', '+2,400.00%', undefined]);
  });

  test('volumes have four digits', () =>
    expect([0, 0.5, 12.345, 999.9, 1_000, 12_345, 999_960, 1.5e9, 2e12].map(compact)).toEqual(['0', '0.500', '12.35', '999.9', '1.000K', '12.35K', '1.000M', '1.500B', '2.000T']));

  test('times', () => {
    expect([0, 999, 1_000, 59_999, 60_000, 7_200_000, 172_800_000].map(age)).toEqual(['< 1 s', '< 1 s', '1 s', '59 s', '1 min', '2 h', '2 d']);
    expect([0, 412, 999.6, 4_120, 41_234, 412_000, 999_600, 12_000_000].map(micros)).toEqual(['0 µs', '412 µs', '1.0 ms', '4.1 ms', '41 ms', '412 ms', '1.0 s', '12 s']);
    expect([12, 3_456, 3.4e6].map(bytesPerSecond)).toEqual(['12 B/s', '3.46 kB/s', '3.40 MB/s']);
  });
});

describe('symbols', () => {
  test.each([
    ['BTCUSDT.BINANCE_SPOT', 'BTCUSDT', 'BINANCE SPOT'],
    ['BRK.B', 'BRK.B', ''],
    ['BTC/USD', 'BTC/USD', ''],
    ['AAPL  250117C00150000', 'AAPL  250117C00150000', ''],
  ])('%s is shown as', (symbol, name, venue) => expect(nameOf(symbol)).toEqual({ name, venue }));

  test('those that begin with what was typed come first', () => {
    expect(matching(['ABTC', 'BTC', 'ETH', 'btcx'], 'btc')).toEqual(['BTC', 'btcx', 'ABTC']);
    expect(matching(['A', 'B'], '  ')).toEqual(['A', 'B']);
  });
});

test('a watchlist keeps its order and tells what changed', () => {
  const list = new Watchlist();
  const changes: WatchlistChange[] = [];
  list.onChange((change) => changes.push(change));
  list.add(['A', 'B', 'A', 'C']);
  list.moveBefore('C', 'A');
  list.moveBefore('A', undefined);
  list.moveBefore('NEVER', 'A');
  list.remove(['B', 'NEVER']);
  expect(list.symbols).toEqual(['C', 'A']);
  expect(changes).toEqual([
    { added: ['A', 'B', 'C'], removed: [] }, { added: [], removed: [] }, { added: [], removed: [] }, { added: [], removed: ['B'] },
  ]);
});

describe('preferences', () => {
  const memory = (): Storage => {
    const held = new Map<string, string>();
    return { getItem: (k: string) => held.get(k) ?? null, setItem: (k: string, v: string) => void held.set(k, v) } as Storage;
  };

  test('go round through the address and through storage', () => {
    const symbols = ['BTCUSDT.BINANCE_SPOT', 'BTC/USD', 'AAPL  250117C00150000', 'a,b', 'c\\;d', '#&=%+'];
    const storage = memory();
    const hash = writePreferences(symbols, 250, storage);
    expect(readPreferences(hash, undefined)).toEqual({ symbols, conflation: 250 });
    expect(readPreferences('', storage)).toEqual({ symbols, conflation: 250 });
    expect(readPreferences('#symbols=X', storage)).toEqual({ symbols: ['X'], conflation: 250 });
    expect(readPreferences('#symbols=&every=latest', storage)).toEqual({ symbols: [], conflation: 'latest' });
  });

  test('a long list is kept in storage only', () => {
    const symbols = Array.from({ length: 1_000 }, (_, i) => `S${i}`);
    const storage = memory();
    expect(writePreferences(symbols, 'latest', storage)).toBe('');
    expect(readPreferences('', storage).symbols).toEqual(symbols);
  });

  test('nothing, and nonsense, is a first visit', () => {
    const storage = memory();
    expect(readPreferences('', storage)).toEqual({ symbols: undefined, conflation: undefined });
    storage.setItem('tickgate.watchlist', '{"symbols":7,"conflation":"soon"}');
    expect(readPreferences('#every=never', storage)).toEqual({ symbols: undefined, conflation: undefined });
    storage.setItem('tickgate.watchlist', '{');
    expect(readPreferences('', storage)).toEqual({ symbols: undefined, conflation: undefined });
  });
});
