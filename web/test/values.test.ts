import { describe, expect, test } from 'vitest';
import { changeBasisPoints, formatDecimal, Histogram, rescale } from '../src/wire/index.js';
import { Backoff, defaultBackoff } from '../src/wire/backoff.js';
import { ClockOffset } from '../src/wire/offset.js';
import { RollingHistogram } from '../src/wire/histogram.js';
import { RateMeter } from '../src/wire/rates.js';

describe('decimals are exact', () => {
  test.each([
    [6183763000000n, 8, '61837.63000000'],
    [5n, 2, '0.05'],
    [-5n, 2, '-0.05'],
    [0n, 3, '0.000'],
    [42n, 0, '42'],
    [-42n, 0, '-42'],
    [9223372036854775807n, 18, '9.223372036854775807'],
    [-9223372036854775808n, 18, '-9.223372036854775808'],
  ])('%s / 10^%i', (mantissa, scale, text) => expect(formatDecimal(mantissa, scale)).toBe(text));

  test('another scale loses nothing, or is refused', () => {
    expect(rescale(15n, 1, 3)).toBe(1500n);
    expect(rescale(1500n, 3, 1)).toBe(15n);
    expect(rescale(1501n, 3, 1)).toBeUndefined();
  });

  test.each([
    [101n, 100n, 100n],
    [99n, 100n, -100n],
    [100n, 100n, 0n],
    [200_01n, 200_00n, 1n], // 0.5 rounds away from zero
    [199_99n, 200_00n, -1n],
    [1n, 0n, undefined],
  ])('change of %s against %s', (value, base, change) => expect(changeBasisPoints(value, base)).toBe(change));
});

describe('histogram', () => {
  test('percentiles are within 1 % of the values', () => {
    const histogram = new Histogram();
    for (let micros = 1; micros <= 100_000; micros++) histogram.record(micros);
    const p = histogram.percentiles();
    for (const [got, want] of [[p.p50, 50_000], [p.p90, 90_000], [p.p99, 99_000], [p.p999, 99_900]] as const) {
      expect(Math.abs(got - want) / want).toBeLessThan(0.01);
    }
    expect(p).toMatchObject({ count: 100_000, max: 100_000, clamped: 0 });
  });

  test('small values are exact', () => {
    const histogram = new Histogram();
    for (const micros of [3, 3, 3, 200]) histogram.record(micros);
    expect(histogram.percentiles()).toMatchObject({ p50: 3, p90: 200, max: 200 });
  });

  test('what is out of range is clamped and counted', () => {
    const histogram = new Histogram();
    histogram.record(-5);
    histogram.record(1e12);
    expect(histogram.percentiles()).toMatchObject({ count: 2, p50: 0, max: 60_000_000, clamped: 2 });
  });

  test('an empty one has no percentiles', () => expect(new Histogram().percentiles()).toMatchObject({ count: 0, p50: 0, p999: 0, max: 0 }));

  test('bars hold every value once', () => {
    const histogram = new Histogram();
    for (const micros of [0, 1, 9, 10, 999, 50_000_000]) histogram.record(micros);
    const bars = histogram.bars(1, 1, 6);
    expect(bars.from).toEqual([10, 100, 1_000, 10_000, 100_000]);
    expect(bars.counts).toEqual([4, 1, 0, 0, 1]);
  });

  test('the recent past forgets slice by slice', () => {
    const rolling = new RollingHistogram(1_000, 3);
    rolling.record(1, 500);
    rolling.record(2, 1_500);
    expect(rolling.sum(2_999).count).toBe(2);
    expect(rolling.sum(3_000).count).toBe(1);
    expect(rolling.sum(4_000).count).toBe(0);
    rolling.record(3, 1_000_000);
    expect(rolling.sum(1_000_500).count).toBe(1);
  });
});

describe('backoff', () => {
  test('doubles up to its bound', () => {
    const backoff = new Backoff({ ...defaultBackoff, jitter: 0 }, () => 0);
    expect(Array.from({ length: 9 }, () => backoff.next())).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    backoff.reset();
    expect(backoff.next()).toBe(250);
  });

  test('jitter is a fifth either way and never passes the bound', () => {
    expect(new Backoff(defaultBackoff, () => 0).next()).toBeCloseTo(200);
    expect(new Backoff(defaultBackoff, () => 1).next()).toBeCloseTo(300);
    expect(new Backoff(defaultBackoff, () => 1).longest()).toBe(30_000);
    expect(new Backoff(defaultBackoff, () => 0).longest()).toBe(24_000);
  });
});

describe('clock offset', () => {
  test('is that of the fastest answer', () => {
    const offset = new ClockOffset();
    offset.add(0, 5_000_100, 200); // 100 us each way, the gateway is 5 s ahead
    offset.add(0, 5_800_000, 1_000_000);
    expect(offset.micros).toBe(5_000_000);
    expect(offset.roundTripMicros).toBe(200);
  });

  test('within what cannot be told apart is none', () => {
    const offset = new ClockOffset();
    expect(offset.micros).toBe(0);
    offset.add(1_000, 1_180, 1_200); // on one machine: answered late
    expect(offset.micros).toBe(0);
  });
});

test('rates are of the last five seconds', () => {
  const meter = new RateMeter();
  const batch = { tsSend: 0n, streamSequence: 1n, tsEventBase: 0n, instruments: [], updates: [
    { instrumentId: 1, sequence: 1n, conflated: 3, snapshot: false, recvAge: 0n },
  ] };
  for (let millis = 0; millis < 10_000; millis += 100) meter.note(50, batch, millis);
  const rates = meter.rates(10_000);
  expect(rates.messagesPerSecond).toBeCloseTo(10, 0);
  expect(rates.bytesPerSecond).toBeCloseTo(500, -2);
  expect(rates.conflatedShare).toBe(0.75);
  expect(meter.rates(20_000)).toMatchObject({ messagesPerSecond: 0, conflatedShare: undefined });
  expect(meter.total).toMatchObject({ messages: 100, bytes: 5_000, updates: 100, conflated: 300 });
});
