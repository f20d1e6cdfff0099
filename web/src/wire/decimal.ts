// Exact decimals: value = mantissa / 10^scale. Nothing here goes through floating point.

/** Formats mantissa / 10^scale with exactly `scale` digits after the point. */
export function formatDecimal(mantissa: bigint, scale: number): string {
  const negative = mantissa < 0n;
  const digits = (negative ? -mantissa : mantissa).toString();
  if (scale === 0) return negative ? `-${digits}` : digits;
  const padded = digits.length > scale ? digits : digits.padStart(scale + 1, '0');
  const point = padded.length - scale;
  return `${negative ? '-' : ''}${padded.slice(0, point)}.${padded.slice(point)}`;
}

/** Expresses a mantissa in another scale; undefined if that would lose digits. */
export function rescale(mantissa: bigint, from: number, to: number): bigint | undefined {
  if (to >= from) return mantissa * 10n ** BigInt(to - from);
  const divisor = 10n ** BigInt(from - to);
  return mantissa % divisor === 0n ? mantissa / divisor : undefined;
}

/** (value - base) / base in units of 0.01 %, rounded half away from zero; undefined without a positive base. */
export function changeBasisPoints(value: bigint, base: bigint): bigint | undefined {
  if (base <= 0n) return undefined;
  const twice = (value - base) * 20_000n;
  const half = base;
  return (twice >= 0n ? twice + half : twice - half) / (2n * base);
}
