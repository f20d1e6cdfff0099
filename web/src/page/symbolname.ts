/** How a symbol is shown: its name, and the venue behind the last dot if that looks like one. The symbol itself stays one opaque string. */
export function nameOf(symbol: string): { name: string; venue: string } {
  const match = /^(.+)\.([A-Z][A-Z0-9_]{2,})$/.exec(symbol);
  return match ? { name: match[1]!, venue: match[2]!.replaceAll('_', ' ') } : { name: symbol, venue: '' };
}

/** Symbols that match what was typed: those that begin with it first, each part in the order of the list. */
export function matching(symbols: readonly string[], typed: string): string[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === '') return [...symbols];
  const begin: string[] = [];
  const contain: string[] = [];
  for (const symbol of symbols) {
    const at = symbol.toLowerCase().indexOf(wanted);
    if (at === 0) begin.push(symbol);
    else if (at > 0) contain.push(symbol);
  }
  return begin.concat(contain);
}
