/** How long to wait between attempts to connect. */
export interface BackoffConfig {
  /** First wait in milliseconds, default 250. */
  initialMillis: number;
  /** Greatest wait in milliseconds, jitter included, default 30,000. */
  maxMillis: number;
  /** Share by which a wait is lengthened or shortened at random, so that clients do not come back all at once; default 0.2. */
  jitter: number;
}

export const defaultBackoff: BackoffConfig = { initialMillis: 250, maxMillis: 30_000, jitter: 0.2 };

/** Exponential backoff: each wait is twice the one before, up to a bound. */
export class Backoff {
  #attempts = 0;

  constructor(
    private readonly config: BackoffConfig,
    private readonly random: () => number,
  ) {}

  /** Attempts since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Returns the next wait in milliseconds. */
  next(): number {
    const { initialMillis, maxMillis } = this.config;
    const wait = Math.min(initialMillis * 2 ** Math.min(this.#attempts, 30), maxMillis);
    this.#attempts++;
    return Math.min(this.spread(wait), maxMillis);
  }

  /** Returns the longest wait: for refusals that will not go away by themselves. */
  longest(): number {
    this.#attempts++;
    return Math.min(this.spread(this.config.maxMillis), this.config.maxMillis);
  }

  /** The server works: begin with short waits again. */
  reset(): void {
    this.#attempts = 0;
  }

  private spread(wait: number): number {
    return wait * (1 + this.config.jitter * (2 * this.random() - 1));
  }
}
