/** What changed of a watchlist. */
export interface WatchlistChange {
  added: string[];
  removed: string[];
}

/** The symbols that the user watches, in the user's order. */
export class Watchlist {
  #symbols: string[] = [];
  readonly #listeners: ((change: WatchlistChange) => void)[] = [];

  get symbols(): readonly string[] {
    return this.#symbols;
  }

  has(symbol: string): boolean {
    return this.#symbols.includes(symbol);
  }

  onChange(listener: (change: WatchlistChange) => void): void {
    this.#listeners.push(listener);
  }

  set(symbols: readonly string[]): void {
    const next = [...new Set(symbols)];
    const before = new Set(this.#symbols);
    const after = new Set(next);
    const change = { added: next.filter((s) => !before.has(s)), removed: this.#symbols.filter((s) => !after.has(s)) };
    this.#symbols = next;
    for (const listener of this.#listeners) listener(change);
  }

  add(symbols: readonly string[]): void {
    this.set([...this.#symbols, ...symbols]);
  }

  remove(symbols: readonly string[]): void {
    const gone = new Set(symbols);
    this.set(this.#symbols.filter((symbol) => !gone.has(symbol)));
  }

  /** Moves a symbol to stand before another, or to the end. */
  moveBefore(symbol: string, before: string | undefined): void {
    if (symbol === before || !this.has(symbol)) return;
    const rest = this.#symbols.filter((s) => s !== symbol);
    const at = before === undefined ? -1 : rest.indexOf(before);
    rest.splice(at < 0 ? rest.length : at, 0, symbol);
    this.set(rest);
  }
}
