import type { Book } from '../wire/index.js';
import { element, icon } from './dom.js';
import { makeDraggable } from './drag.js';
import { PriceHistory } from './history.js';
import { Row, type Field, type RowContext } from './row.js';
import { paletteOf } from './sparkline.js';
import { matching } from './symbolname.js';
import type { Watchlist } from './watchlist.js';

/** Heights of a row, and of the line of names that stays in sight; the style sheet has the same numbers. */
const rowHeight = 36;
const headerHeight = 34;
/** Rows made beyond those in sight, so that scrolling by a little needs no other symbol. */
const spareRows = 4;
const ageEveryMillis = 250;
/** So many rows may change in one frame, or a third of those in sight: when all change at once, what it costs to lay them out and to paint them is spread over three frames. */
const fewestPerFrame = 12;
/** When more cells than these flash at a time, the table is busy for so long. */
const manyFlashing = 30;
const busyMillis = 3_000;

const columns: [Field, string, string][] = [
  ['bid', 'Bid', 'Best bid'],
  ['ask', 'Ask', 'Best offer'],
  ['spread', 'Spread', 'Ask minus bid'],
  ['last', 'Last', 'Price of the newest trade'],
  ['change', 'Change', 'Last against the session’s open'],
  ['volume', 'Volume', 'Traded in this session'],
  ['trend', 'Trend', 'The last minute and a half'],
  ['age', 'Age', 'Since the gateway heard of the newest event'],
  ['state', 'State', 'What the values are worth'],
];

/** The watchlist as a table of which only what is in sight exists. */
export class Table {
  readonly viewport: HTMLElement;
  readonly rowHeight = rowHeight;
  readonly headerHeight = headerHeight;
  readonly #filter = element('input', {
    type: 'search', class: 'filter', placeholder: 'Filter', 'aria-label': 'Filter the watchlist', autocomplete: 'off', spellcheck: 'false',
  });
  readonly #canvas = element('div', { class: 'rows', role: 'presentation' });
  readonly #marker = element('div', { class: 'drop-marker', hidden: true });
  readonly #note = element('div', { class: 'note', hidden: true });
  readonly #rows: Row[] = [];
  readonly #histories = new Map<string, PriceHistory>();
  readonly #context: RowContext;
  #shown: string[] = [];
  #selected: string | undefined;
  #agePaintedMillis = 0;
  /** Place in sight at which the next frame begins: there the one before had no more room. */
  #turn = 0;
  #busyUntil = 0;

  constructor(
    host: HTMLElement,
    private readonly watchlist: Watchlist,
    private readonly book: Book,
    private readonly requestFrame: () => void,
  ) {
    this.viewport = element('div', {
      class: 'viewport', role: 'grid', tabindex: 0, 'aria-label': 'Watchlist', 'aria-describedby': 'watchlist-keys',
    }, header(this.#filter), this.#canvas);
    this.#canvas.append(this.#marker);
    host.append(this.viewport, this.#note,
      element('p', { class: 'hidden', id: 'watchlist-keys' }, 'Arrow keys choose a row, Alt with arrow keys moves it, Delete removes it.'));
    this.#context = { book, palette: paletteOf(host), historyOf: (symbol) => this.#historyOf(symbol), digits: new Map() };
    this.#listen();
    makeDraggable(this);
  }

  get count(): number {
    return this.#shown.length;
  }

  get sortable(): boolean {
    return this.#filter.value.trim() === '';
  }

  get selected(): string | undefined {
    return this.#selected;
  }

  /** The theme has changed. */
  recolour(): void {
    this.#context.palette = paletteOf(this.viewport);
    this.requestFrame();
  }

  focusFilter(): void {
    this.#filter.focus();
    this.#filter.select();
  }

  /** Shows the watchlist as it is now. */
  refresh(): void {
    const symbols = this.watchlist.symbols;
    const filter = this.#filter.value;
    const wanted = filter.trim() === '' ? undefined : new Set(matching(symbols, filter));
    this.#shown = wanted ? symbols.filter((symbol) => wanted.has(symbol)) : [...symbols];
    if (this.#selected !== undefined && !this.#shown.includes(this.#selected)) this.#selected = undefined;
    for (const symbol of this.#histories.keys()) if (!this.watchlist.has(symbol)) this.#histories.delete(symbol);
    this.#canvas.style.height = `${this.#shown.length * rowHeight}px`;
    this.viewport.setAttribute('aria-rowcount', String(this.#shown.length + 1));
    this.viewport.dataset['sortable'] = String(this.sortable);
    this.#tellNoMatch(symbols.length > 0 && this.#shown.length === 0, filter);
    this.requestFrame();
  }

  /** Notes a price of every symbol for its line; called once a second. */
  sample(): void {
    for (const ticker of this.book.tickers()) this.#historyOf(ticker.symbol).sample(ticker);
    this.requestFrame();
  }

  /** Paints what is in sight; reports whether there is something to paint soon, without anything new. */
  paint(now: number): boolean {
    const rows = this.#place();
    const ages = now - this.#agePaintedMillis >= ageEveryMillis;
    if (ages) this.#agePaintedMillis = now;
    const postponed = this.#paintInTurn(rows, now);
    let flashing = 0;
    for (const row of rows) {
      flashing += row.settle(now);
      row.paintAge(this.book, ages);
    }
    this.#calm(flashing, now);
    return flashing > 0 || postponed;
  }

  /** Paints rows that have come into sight, and as many others as a frame has room for; reports whether there were more. */
  #paintInTurn(rows: readonly Row[], now: number): boolean {
    let room = Math.max(fewestPerFrame, Math.ceil(rows.length / 3));
    let postponed: number | undefined;
    for (let i = 0; i < rows.length; i++) {
      const place = (this.#turn + i) % rows.length;
      const row = rows[place]!;
      if (row.isBehind(this.#context) && --room < 0) postponed ??= place;
      else row.paint(this.#context, now);
    }
    this.#turn = postponed ?? 0;
    return postponed !== undefined;
  }

  /** Chooses a row and brings it into sight. */
  select(symbol: string): void {
    const index = this.#shown.indexOf(symbol);
    if (index < 0) return;
    this.#selected = symbol;
    const { scrollTop, clientHeight } = this.viewport;
    const room = clientHeight - headerHeight;
    if (index * rowHeight < scrollTop) this.viewport.scrollTop = index * rowHeight;
    else if ((index + 1) * rowHeight > scrollTop + room) this.viewport.scrollTop = (index + 1) * rowHeight - room;
    this.requestFrame();
  }

  indexOf(row: HTMLElement): number {
    return this.#shown.indexOf(row.dataset['symbol'] ?? '');
  }

  move(from: number, before: number): void {
    const symbol = this.#shown[from];
    if (symbol !== undefined) this.watchlist.moveBefore(symbol, this.#shown[before]);
  }

  showTarget(index: number | undefined, from: number | undefined): void {
    this.#marker.hidden = index === undefined;
    if (index !== undefined) this.#marker.style.transform = `translateY(${index * rowHeight - 1}px)`;
    for (const row of this.#rows) row.node.classList.toggle('dragged', from !== undefined && row.index === from);
  }

  /**
   * Where much moves, cells that light up and fade tell nothing any more, and fading costs a repaint of each of them in every frame: then a move shows in the colour of
   * its figure and the arrow only, without fading.
   */
  #calm(flashing: number, now: number): void {
    if (flashing > manyFlashing) this.#busyUntil = now + busyMillis;
    const busy = String(now < this.#busyUntil);
    if (this.viewport.dataset['busy'] !== busy) this.viewport.dataset['busy'] = busy;
  }

  /** Gives every symbol in sight a row, and returns these rows. */
  #place(): Row[] {
    const first = Math.max(Math.floor(this.viewport.scrollTop / rowHeight) - spareRows, 0);
    const inSight = Math.ceil(this.#viewportHeight / rowHeight) + 2 * spareRows;
    const last = Math.min(first + inSight, this.#shown.length);
    while (this.#rows.length < Math.min(inSight, this.#shown.length)) this.#addRow();
    const used: Row[] = [];
    for (let index = first; index < last; index++) {
      const row = this.#rows[index % this.#rows.length]!;
      row.bind(this.#shown[index]!, index, rowHeight);
      if (row.node.hidden) row.node.hidden = false;
      row.select(row.symbol === this.#selected);
      used.push(row);
    }
    if (used.length < this.#rows.length) {
      const busy = new Set(used);
      for (const row of this.#rows) if (!busy.has(row) && !row.node.hidden) row.node.hidden = true;
    }
    this.#announce(used);
    return used;
  }

  /** Kept up to date by an observer, so that no frame has to ask for the layout. */
  #viewportHeight = 600;

  #addRow(): void {
    const row = new Row(`row-${this.#rows.length}`);
    row.node.hidden = true;
    this.#rows.push(row);
    this.#canvas.append(row.node);
  }

  #announce(used: Row[]): void {
    const active = used.find((row) => row.symbol === this.#selected)?.node.id ?? '';
    if ((this.viewport.getAttribute('aria-activedescendant') ?? '') === active) return;
    if (active === '') this.viewport.removeAttribute('aria-activedescendant');
    else this.viewport.setAttribute('aria-activedescendant', active);
  }

  #tellNoMatch(none: boolean, filter: string): void {
    this.#note.hidden = !none;
    if (none) this.#note.replaceChildren(element('p', {}, `Nothing on this watchlist matches “${filter.trim()}”.`));
  }

  #historyOf(symbol: string): PriceHistory {
    let history = this.#histories.get(symbol);
    if (!history) this.#histories.set(symbol, (history = new PriceHistory()));
    return history;
  }

  #listen(): void {
    this.viewport.addEventListener('scroll', this.requestFrame, { passive: true });
    new ResizeObserver(([entry]) => {
      this.#viewportHeight = entry?.contentRect.height ?? this.#viewportHeight;
      this.requestFrame();
    }).observe(this.viewport);
    this.#filter.addEventListener('input', () => this.refresh());
    this.#filter.addEventListener('keydown', (event) => this.#filterKey(event));
    this.viewport.addEventListener('keydown', (event) => {
      if (event.target === this.viewport && this.#key(event)) event.preventDefault();
    });
    this.viewport.addEventListener('click', (event) => {
      const target = event.target as Element;
      const symbol = target.closest<HTMLElement>('.row')?.dataset['symbol'];
      if (symbol === undefined) return;
      if (target.closest('.remove')) {
        this.watchlist.remove([symbol]);
        this.viewport.focus();
      } else {
        this.select(symbol);
      }
    });
  }

  #filterKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      this.#filter.value = '';
      this.refresh();
    } else if (event.key !== 'Enter' && event.key !== 'ArrowDown') {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.viewport.focus();
  }

  /** Handles a key on the table; false if it means nothing here. */
  #key(event: KeyboardEvent): boolean {
    const at = this.#selected === undefined ? -1 : this.#shown.indexOf(this.#selected);
    const page = Math.max(Math.floor(this.#viewportHeight / rowHeight) - 2, 1);
    const steps: Record<string, number> = {
      ArrowDown: at + 1, ArrowUp: Math.max(at - 1, 0), PageDown: at + page, PageUp: at - page, Home: 0, End: this.#shown.length - 1,
    };
    const step = steps[event.key];
    if (event.altKey) return step !== undefined && this.#moveSelected(at, step);
    if (event.key === 'Delete' || event.key === 'Backspace') return this.#removeSelected(at);
    if (step === undefined) return false;
    const symbol = this.#shown[Math.min(Math.max(step, 0), this.#shown.length - 1)];
    if (symbol !== undefined) this.select(symbol);
    return true;
  }

  #moveSelected(at: number, to: number): boolean {
    if (at < 0 || !this.sortable) return false;
    const target = Math.min(Math.max(to, 0), this.#shown.length - 1);
    this.move(at, target > at ? target + 1 : target);
    if (this.#selected !== undefined) this.select(this.#selected);
    return true;
  }

  #removeSelected(at: number): boolean {
    const symbol = this.#shown[at];
    if (symbol === undefined) return false;
    const neighbour = this.#shown[at + 1] ?? this.#shown[at - 1];
    this.watchlist.remove([symbol]);
    if (neighbour !== undefined) this.select(neighbour);
    return true;
  }
}

function header(filter: HTMLInputElement): HTMLElement {
  const field = element('label', { class: 'filter-field' }, icon('M9 3.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM13 13l4 4'), filter);
  return element('div', { class: 'head', role: 'row', 'aria-rowindex': 1 },
    element('div', { class: 'handle-space', 'aria-hidden': 'true' }),
    element('div', { class: 'cell', role: 'columnheader', 'data-field': 'symbol', 'aria-label': 'Symbol' }, field),
    ...columns.map(([name, title, hint]) => element('div', { class: 'cell', role: 'columnheader', 'data-field': name, title: hint }, title)),
    element('div', { class: 'cell', role: 'columnheader', 'data-field': 'remove' }, element('span', { class: 'hidden' }, 'Remove')));
}
