import type { Book } from './book.js';
import type { Command } from './codec.js';
import { conflationMessage, kindsOf, type Conflation, type KindName } from './conflation.js';

/** How a symbol is subscribed. */
export interface Terms {
  conflation: Conflation;
  /** Empty: all. */
  kinds: readonly KindName[];
}

/** With resume, 500 symbols of 64 bytes stay below half of the 256 KiB that a gateway takes, and below its 1,000 symbols per request. */
const symbolsPerRequest = 500;

/** What the application wants to be subscribed to, whatever happens to connections. */
export class Interest {
  readonly #terms = new Map<string, Terms>();

  constructor(private readonly book: Book) {}

  get size(): number {
    return this.#terms.size;
  }

  symbols(): string[] {
    return [...this.#terms.keys()];
  }

  has(symbol: string): boolean {
    return this.#terms.has(symbol);
  }

  set(symbols: readonly string[], terms: Terms): void {
    for (const symbol of symbols) this.#terms.set(symbol, terms);
  }

  delete(symbols: readonly string[]): void {
    for (const symbol of symbols) this.#terms.delete(symbol);
  }

  setConflation(symbols: readonly string[], conflation: Conflation): void {
    for (const symbol of symbols) {
      const terms = this.#terms.get(symbol);
      if (terms) this.#terms.set(symbol, { ...terms, conflation });
    }
  }

  /** The commands that subscribe everything anew but for some symbols, going on from what the book holds. */
  renewal(except: ReadonlySet<string>): Command[] {
    const groups = new Map<string, { terms: Terms; symbols: string[] }>();
    for (const [symbol, terms] of this.#terms) {
      if (except.has(symbol)) continue;
      const key = `${terms.conflation}/${terms.kinds.join()}`;
      const group = groups.get(key) ?? { terms, symbols: [] };
      group.symbols.push(symbol);
      groups.set(key, group);
    }
    return [...groups.values()].flatMap(({ terms, symbols: all }) => chunks(all).map((chunk) => this.subscribe(chunk, terms)));
  }

  /** The command that subscribes symbols, going on from what the book holds of them if `resume`. */
  subscribe(symbols: string[], terms: Terms, resume = true): Command {
    const held = resume ? symbols.flatMap((symbol) => this.book.get(symbol) ?? []) : [];
    return {
      case: 'subscribe',
      value: {
        $typeName: 'tickgate.v1.Subscribe',
        symbols,
        conflation: conflationMessage(terms.conflation),
        kinds: kindsOf(terms.kinds),
        implySequences: true, // the book works them out
        resume: held
          .filter((t) => t.sequence !== 0n && t.epoch !== 0n)
          .map((t) => ({ $typeName: 'tickgate.v1.Resume', symbol: t.symbol, epoch: t.epoch, lastSequence: t.sequence })),
      },
    };
  }
}

export function chunks<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / symbolsPerRequest) }, (_, i) => all.slice(i * symbolsPerRequest, (i + 1) * symbolsPerRequest));
}
