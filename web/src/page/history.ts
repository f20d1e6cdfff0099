import type { Ticker } from '../wire/index.js';

const pointCount = 90;

/** Recent middles of bid and ask of one symbol, one per second; the last trade where there are no two sides. For drawing only: not exact. */
export class PriceHistory {
  readonly #points = new Float64Array(pointCount);
  #count = 0;
  /** Counts samples, to see whether there is anything new to draw. */
  version = 0;

  sample(ticker: Ticker): void {
    const { bidPrice, askPrice, lastPrice } = ticker;
    const twice = bidPrice !== undefined && askPrice !== undefined ? bidPrice + askPrice : lastPrice !== undefined ? 2n * lastPrice : undefined;
    if (twice === undefined) return;
    this.#points[this.#count++ % pointCount] = Number(twice);
    this.version++;
  }

  get length(): number {
    return Math.min(this.#count, pointCount);
  }

  /** The i-th point, oldest first. */
  at(i: number): number {
    return this.#points[(this.#count - this.length + i) % pointCount]!;
  }}
