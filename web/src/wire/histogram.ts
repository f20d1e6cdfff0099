// A histogram of latencies in whole microseconds, log-linear like HdrHistogram: below 256 us every value has its own bucket, above that a
// bucket is at most 1/128 of its value wide.

const subBucketBits = 7;
const subBuckets = 1 << subBucketBits;
/** Values above are recorded as this: 60 s. */
export const greatestMicros = 60_000_000;

function bucketOf(micros: number): number {
  if (micros < 2 * subBuckets) return micros;
  const shift = 31 - Math.clz32(micros) - subBucketBits;
  return (shift + 1) * subBuckets + (micros >>> shift) - subBuckets;
}

/** Least value of a bucket. */
function lowerBound(bucket: number): number {
  if (bucket < 2 * subBuckets) return bucket;
  const shift = (bucket >>> subBucketBits) - 1;
  return (subBuckets + (bucket & (subBuckets - 1))) * 2 ** shift;
}

const bucketCount = bucketOf(greatestMicros) + 1;

/** Percentiles of a histogram, in microseconds. */
export interface Percentiles {
  count: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
  /** Values below 0, counted as 0, or above 60 s, counted as 60 s. */
  clamped: number;
}

/** Bars of equal width on a logarithmic axis. */
export interface Bars {
  /** Least microseconds of each bar. */
  from: number[];
  counts: number[];
}

export class Histogram {
  readonly #counts = new Uint32Array(bucketCount);
  #count = 0;
  #max = 0;
  #clamped = 0;

  get count(): number {
    return this.#count;
  }

  record(micros: number): void {
    let value = micros;
    if (value < 0 || value > greatestMicros) {
      this.#clamped++;
      value = value < 0 ? 0 : greatestMicros;
    }
    const whole = Math.round(value);
    this.#counts[bucketOf(whole)]!++;
    this.#count++;
    if (whole > this.#max) this.#max = whole;
  }

  add(other: Histogram): void {
    for (let i = 0; i < bucketCount; i++) this.#counts[i]! += other.#counts[i]!;
    this.#count += other.#count;
    this.#max = Math.max(this.#max, other.#max);
    this.#clamped += other.#clamped;
  }

  clear(): void {
    if (this.#count === 0) return;
    this.#counts.fill(0);
    this.#count = this.#max = this.#clamped = 0;
  }

  percentiles(): Percentiles {
    const result: Percentiles = { count: this.#count, p50: 0, p90: 0, p99: 0, p999: 0, max: this.#max, clamped: this.#clamped };
    const wanted: [keyof Percentiles, number][] = [['p50', 0.5], ['p90', 0.9], ['p99', 0.99], ['p999', 0.999]];
    let seen = 0;
    let next = 0;
    for (let bucket = 0; bucket < bucketCount && next < wanted.length; bucket++) {
      seen += this.#counts[bucket]!;
      for (let entry = wanted[next]; entry && seen > 0 && seen >= Math.ceil(entry[1] * this.#count); entry = wanted[++next]) {
        result[entry[0]] = Math.min(lowerBound(bucket + 1) - 1, this.#max);
      }
    }
    return result;
  }

  /** Gathers the buckets into bars, `perDecade` to a power of ten, from 10^lowest to 10^highest microseconds; what lies outside goes into the outermost. */
  bars(perDecade: number, lowest: number, highest: number): Bars {
    const bars = (highest - lowest) * perDecade;
    const counts = new Array<number>(bars).fill(0);
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      const count = this.#counts[bucket]!;
      if (count === 0) continue;
      const at = Math.floor((Math.log10(Math.max(lowerBound(bucket), 1)) - lowest) * perDecade);
      counts[Math.min(Math.max(at, 0), bars - 1)]! += count;
    }
    return { from: counts.map((_, i) => 10 ** (lowest + i / perDecade)), counts };
  }
}

/** A histogram of the recent past: a ring of slices, the oldest of which is cleared as time goes on. */
export class RollingHistogram {
  readonly #slices: Histogram[];
  readonly #sum = new Histogram();
  #slot = -1;

  constructor(
    private readonly sliceMillis: number,
    slices: number,
  ) {
    this.#slices = Array.from({ length: slices }, () => new Histogram());
  }

  record(micros: number, nowMillis: number): void {
    this.#advance(nowMillis);
    this.#slices[this.#slot % this.#slices.length]!.record(micros);
  }

  /** Everything within the window; valid until the next call. */
  sum(nowMillis: number): Histogram {
    this.#advance(nowMillis);
    this.#sum.clear();
    for (const slice of this.#slices) if (slice.count > 0) this.#sum.add(slice);
    return this.#sum;
  }

  #advance(nowMillis: number): void {
    const slot = Math.floor(nowMillis / this.sliceMillis);
    if (this.#slot < 0) this.#slot = slot;
    const steps = Math.min(slot - this.#slot, this.#slices.length);
    for (let i = 1; i <= steps; i++) this.#slices[(this.#slot + i) % this.#slices.length]!.clear();
    if (steps > 0) this.#slot = slot;
  }
}
