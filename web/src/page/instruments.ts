const retryMillis = 5_000;
const freshMillis = 30_000;
const pageSize = 10_000;
/** The gateway's table has room for 100,000 symbols unless it is set otherwise. */
const mostPages = 20;

/** One page of the gateway's list. */
interface InstrumentPage {
  symbols: string[];
  nextPageToken: string;
}

/** The symbols that the feed has announced, from the gateway's list. */
export class Instruments {
  symbols: readonly string[] = [];
  #failed = false;
  #loading = false;
  #loadedMillis = -Infinity;

  constructor(
    private readonly url: string,
    /** Called whenever the list or the outcome has changed. */
    private readonly changed: () => void,
  ) {}

  /** The gateway did not give the list. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Reads the list anew if it is old. */
  refresh(): void {
    if (performance.now() - this.#loadedMillis > freshMillis) void this.load();
  }

  /** Reads the list, again and again while there is nothing in it. */
  async load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      this.symbols = await this.#pages();
      this.#loadedMillis = performance.now();
      this.#failed = false;
    } catch {
      this.#failed = true; // the badge tells of the connection, the watchlist of the list
    }
    this.#loading = false;
    this.changed();
    if (this.symbols.length === 0) setTimeout(() => void this.load(), retryMillis);
  }

  async #pages(): Promise<string[]> {
    const symbols: string[] = [];
    let token = '';
    for (let i = 0; i < mostPages; i++) {
      const query = new URLSearchParams({ page_size: String(pageSize), page_token: token });
      const response = await fetch(`${this.url}?${query}`, { headers: { accept: 'application/json' } });
      if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
      const page = pageOf(await response.json());
      symbols.push(...page.symbols);
      token = page.nextPageToken;
      if (token === '') break;
    }
    return symbols;
  }
}

function pageOf(answer: unknown): InstrumentPage {
  const { instruments, nextPageToken } = (answer ?? {}) as { instruments?: unknown; nextPageToken?: unknown };
  const symbols = (Array.isArray(instruments) ? instruments : []).flatMap((entry: unknown) => {
    const { symbol } = (entry ?? {}) as { symbol?: unknown };
    return typeof symbol === 'string' ? [symbol] : [];
  });
  return { symbols, nextPageToken: typeof nextPageToken === 'string' ? nextPageToken : '' };
}
