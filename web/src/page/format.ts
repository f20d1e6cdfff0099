// Numbers as people read them. Prices stay exact; only percentages, volumes, rates and times are rounded.

import { changeBasisPoints, formatDecimal } from '../wire/index.js';

/** What stands for a value that is absent. */
export const absent = '–';

/** Decimals that a mantissa needs: its scale without trailing zeros. */
export function digitsNeeded(mantissa: bigint, scale: number): number {
  let digits = scale;
  let rest = mantissa;
  while (digits > 0 && rest % 10n === 0n) {
    rest /= 10n;
    digits--;
  }
  return rest === 0n ? 0 : digits;
}

/** An exact price with `digits` decimals, or more if it needs them, and grouped thousands. */
export function price(mantissa: bigint, scale: number, digits: number): string {
  const text = formatDecimal(mantissa, scale);
  const shown = Math.max(digits, digitsNeeded(mantissa, scale));
  const cut = shown >= scale ? text : text.slice(0, text.length - scale + shown - (shown === 0 ? 1 : 0));
  return grouped(cut);
}

/** Puts a comma between thousands of the whole part. */
export function grouped(decimal: string): string {
  const point = decimal.indexOf('.');
  const end = point < 0 ? decimal.length : point;
  const start = decimal.startsWith('-') ? 1 : 0;
  let result = decimal.slice(end);
  let at = end;
  for (; at - start > 3; at -= 3) result = `,${decimal.slice(at - 3, at)}${result}`;
  return decimal.slice(0, at) + result;
}

/** A change against a base as a signed percentage with two decimals; undefined without a base. */
export function percentChange(value: bigint, base: bigint): string | undefined {
  const points = changeBasisPoints(value, base);
  if (points === undefined) return undefined;
  const sign = points > 0n ? '+' : points < 0n ? '−' : '';
  return `${sign}${grouped(formatDecimal(points < 0n ? -points : points, 2))}%`;
}

const units: [number, string][] = [[1e12, 'T'], [1e9, 'B'], [1e6, 'M'], [1e3, 'K']];

/** Four significant digits and a letter: 12.34K. */
export function compact(value: number): string {
  const size = Math.abs(value);
  for (const [unit, letter] of units) if (size >= unit * 0.99995) return significant(value / unit) + letter;
  return significant(value);
}

function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000) return value.toFixed(0);
  if (size >= 100) return value.toFixed(1);
  if (size >= 10) return value.toFixed(2);
  return size === 0 ? '0' : value.toFixed(3);
}

/** A time since something: calm below a second. */
export function age(millis: number): string {
  if (millis < 1_000) return '< 1 s';
  if (millis < 60_000) return `${Math.floor(millis / 1_000)} s`;
  if (millis < 3_600_000) return `${Math.floor(millis / 60_000)} min`;
  if (millis < 86_400_000) return `${Math.floor(millis / 3_600_000)} h`;
  return `${Math.floor(millis / 86_400_000)} d`;
}

/** A latency with two or three digits: 412 µs, 4.1 ms, 41 ms, 1.2 s. */
export function micros(value: number): string {
  if (value < 999.5) return `${Math.round(value)} µs`;
  const [size, unit] = value < 999_500 ? [value / 1_000, 'ms'] : [value / 1_000_000, 's'];
  return `${size.toFixed(size < 9.95 ? 1 : 0)} ${unit}`;
}

/** A rate of bytes. */
export function bytesPerSecond(value: number): string {
  if (value < 1_000) return `${Math.round(value)} B/s`;
  if (value < 1e6) return `${(value / 1e3).toPrecision(3)} kB/s`;
  return `${(value / 1e6).toPrecision(3)} MB/s`;
}

/** A count per second. */
export function perSecond(value: number): string {
  return value < 10 ? value.toFixed(1) : grouped(value.toFixed(0));
}
