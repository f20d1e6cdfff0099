const retryMillis = 5_000;

/** The symbols that the feed has announced, from the gateway's list. */
export class Instruments {
  symbols: readonly string[] = [];
  #failed = false;

  constructor(
    private readonly url: string,
    /** Called whenever the list or the outcome has changed. */
    private readonly changed: () => void,
  ) {}

  /** The gateway did not give the list. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Reads the list, again and again while there is nothing in it. */
  async load(): Promise<void> {
    try {
      const response = await fetch(this.url, { headers: { accept: 'application/json' } });
      if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
      this.symbols = symbolsOf(await response.json());
      this.#failed = false;
    } catch {
      this.#failed = true; // the badge tells of the connection, the watchlist of the list
    }
    this.changed();
    if (this.symbols.length === 0) setTimeout(() => void this.load(), retryMillis);
  }
}

function symbolsOf(answer: unknown): string[] {
  const { instruments } = (answer ?? {}) as { instruments?: unknown };
  if (!Array.isArray(instruments)) return [];
  return instruments.flatMap((entry: unknown) => {
    const { symbol } = (entry ?? {}) as { symbol?: unknown };
    return typeof symbol === 'string' ? [symbol] : [];
  });
}
