import type { Conflation } from '../wire/index.js';

/** What a visit begins with. */
export interface Preferences {
  /** Undefined on the first visit. */
  symbols: string[] | undefined;
  conflation: Conflation | undefined;
}

const storageName = 'tickgate.watchlist';
/** A longer list is kept in local storage only: addresses are for people to pass on. */
const longestHash = 2_000;

/** Reads what the address says, and what it does not from local storage. */
export function readPreferences(hash: string, storage: Storage | undefined): Preferences {
  const stored = parsed(stringFrom(storage));
  const address = new URLSearchParams(hash.replace(/^#/, ''));
  const symbols = address.get('symbols');
  const every = address.get('every');
  return {
    symbols: symbols === null ? stored.symbols : symbols.split(',').map(unescapeComma).filter((s) => s !== ''),
    conflation: every === null ? stored.conflation : conflationFrom(every),
  };
}

/** Writes both. Returns the hash for the address; empty if the list is too long for one. */
export function writePreferences(symbols: readonly string[], conflation: Conflation, storage: Storage | undefined): string {
  try {
    storage?.setItem(storageName, JSON.stringify({ symbols, conflation }));
  } catch {
    // full or forbidden: the address still has it
  }
  const list = symbols.map((s) => encodeURIComponent(s.replaceAll('\\', '\\\\').replaceAll(',', '\\;'))).join(',');
  const hash = `#symbols=${list}&every=${conflation === 'latest' ? 'latest' : conflation}`;
  return hash.length <= longestHash ? hash : '';
}

function unescapeComma(text: string): string {
  return text.replace(/\\([\\;])/g, (_, c: string) => (c === ';' ? ',' : '\\'));
}

function conflationFrom(text: unknown): Conflation | undefined {
  if (text === 'latest') return 'latest';
  const millis = Number(text);
  return Number.isInteger(millis) && millis > 0 && millis <= 60_000 ? millis : undefined;
}

function stringFrom(storage: Storage | undefined): string | null {
  try {
    return storage?.getItem(storageName) ?? null;
  } catch {
    return null;
  }
}

function parsed(text: string | null): Preferences {
  try {
    const value = JSON.parse(text ?? '{}') as { symbols?: unknown; conflation?: unknown };
    const symbols = Array.isArray(value.symbols) ? value.symbols.filter((s) => typeof s === 'string') : undefined;
    return { symbols, conflation: conflationFrom(value.conflation) };
  } catch {
    return { symbols: undefined, conflation: undefined };
  }
}

/** Local storage, or undefined where the browser forbids even to look. */
export function localStore(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
