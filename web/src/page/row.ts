import type { Book, Ticker, Worth } from '../wire/index.js';
import { StateReason } from '../wire/index.js';
import { element, icon } from './dom.js';
import { absent, age, compact, percentChange, price, digitsNeeded } from './format.js';
import type { PriceHistory } from './history.js';
import { Sparkline, type Palette } from './sparkline.js';
import { nameOf } from './symbolname.js';

/** What a row shows of its symbol, by `data-field`. */
export type Field = 'symbol' | 'bid' | 'ask' | 'spread' | 'last' | 'change' | 'volume' | 'trend' | 'age' | 'state';

const flashMillis = 200;

const stateWords: Record<Worth, string> = { live: 'Live', stale: 'Stale', halted: 'Halted', pending: 'Waiting', disconnected: 'Offline' };

const stateReasons: Partial<Record<StateReason, string>> = {
  [StateReason.FEED_SILENT]: 'The feed has fallen silent; the values may no longer be true.',
  [StateReason.BUS_LOST]: 'The gateway has lost its feed; the values may no longer be true.',
  [StateReason.VENUE]: 'The venue says so.',
  [StateReason.NOT_SEEN]: 'The feed has not sent this symbol yet.',
};

/** A cell whose text changes often: the text node is kept, and written only if it differs. */
class TextCell {
  readonly text = document.createTextNode('');
  readonly cell: HTMLElement;

  constructor(field: Field) {
    this.cell = element('div', { class: 'cell', role: 'gridcell', 'data-field': field }, this.text);
  }

  write(text: string): void {
    if (this.text.data !== text) this.text.data = text;
  }

  /** There is no value. */
  clear(): void {
    this.write(absent);
  }
}

/** A price cell, which flashes in the direction in which it moves. */
class PriceCell extends TextCell {
  #shown: bigint | undefined;
  #digits = 0;
  #flashUntil = 0;

  /** Forgets what it showed: another symbol moves in, and nothing flashes. */
  override clear(): void {
    super.clear();
    this.#shown = undefined;
    this.#endFlash();
  }

  show(mantissa: bigint | undefined, scale: number, digits: number, now: number): void {
    if (mantissa === this.#shown && digits === this.#digits) return;
    const before = this.#shown;
    this.#shown = mantissa;
    this.#digits = digits;
    this.write(mantissa === undefined ? absent : price(mantissa, scale, digits));
    if (before !== undefined && mantissa !== undefined && mantissa !== before) this.#flash(mantissa > before ? 'up' : 'down', now);
  }

  /** Ends the flash when its time has come; returns how many go on, 0 or 1. */
  settle(now: number): number {
    if (this.#flashUntil === 0) return 0;
    if (now < this.#flashUntil) return 1;
    this.#endFlash();
    return 0;
  }

  #flash(direction: 'up' | 'down', now: number): void {
    this.#flashUntil = now + flashMillis;
    if (this.cell.dataset['flash'] !== direction) this.cell.dataset['flash'] = direction;
  }

  #endFlash(): void {
    this.#flashUntil = 0;
    delete this.cell.dataset['flash'];
  }
}

/** Everything a row needs to paint itself. */
export interface RowContext {
  book: Book;
  palette: Palette;
  historyOf(symbol: string): PriceHistory;
  /** Decimals shown so far of each symbol's prices: they only grow, so that figures do not jump. */
  digits: Map<string, number>;
}

/** One row of the table. Rows are few and reused: what scrolls out of sight on one side comes in on the other as another symbol. */
export class Row {
  readonly node: HTMLElement;
  readonly #name = document.createTextNode('');
  readonly #venue = document.createTextNode('');
  readonly #bid = new PriceCell('bid');
  readonly #ask = new PriceCell('ask');
  readonly #spread = new TextCell('spread');
  readonly #last = new PriceCell('last');
  readonly #change = new TextCell('change');
  readonly #volume = new TextCell('volume');
  readonly #age = new TextCell('age');
  readonly #state = new TextCell('state');
  readonly #sparkline = new Sparkline();
  #symbol = '';
  #index = -1;
  #selected = false;
  #ageShown = false;
  #version = -1;
  #ticker: Ticker | undefined;

  constructor(id: string) {
    const handle = element('div', { class: 'handle', 'aria-hidden': 'true', title: 'Drag to reorder' });
    const symbol = element('div', { class: 'cell', role: 'rowheader', 'data-field': 'symbol' },
      element('span', { class: 'name' }, this.#name), element('span', { class: 'venue' }, this.#venue));
    const trend = element('div', { class: 'cell', role: 'gridcell', 'data-field': 'trend', 'aria-hidden': 'true' }, this.#sparkline.canvas);
    const remove = element('button', { type: 'button', class: 'remove', tabindex: -1 }, icon('M6 6l8 8m0-8l-8 8'));
    this.node = element('div', { class: 'row', role: 'row', id }, handle, symbol, this.#bid.cell, this.#ask.cell, this.#spread.cell,
      this.#last.cell, this.#change.cell, this.#volume.cell, trend, this.#age.cell, this.#state.cell,
      element('div', { class: 'cell', role: 'gridcell', 'data-field': 'remove' }, remove));
  }

  get symbol(): string {
    return this.#symbol;
  }

  get index(): number {
    return this.#index;
  }

  /** Shows another symbol, at another place. */
  bind(symbol: string, index: number, rowHeight: number): void {
    if (index !== this.#index) {
      this.#index = index;
      this.node.style.transform = `translateY(${index * rowHeight}px)`;
      this.node.setAttribute('aria-rowindex', String(index + 2)); // the header is the first
    }
    if (symbol === this.#symbol) return;
    this.#symbol = symbol;
    this.#version = -1;
    this.node.dataset['symbol'] = symbol;
    const { name, venue } = nameOf(symbol);
    this.#name.data = name;
    this.#venue.data = venue;
    this.node.querySelector('.remove')?.setAttribute('aria-label', `Remove ${symbol}`);
    for (const cell of [this.#bid, this.#ask, this.#spread, this.#last, this.#change, this.#volume, this.#age]) cell.clear();
    this.#direct('');
    this.#ageShown = false;
  }

  select(selected: boolean): void {
    if (selected === this.#selected) return;
    this.#selected = selected;
    if (selected) this.node.setAttribute('aria-selected', 'true');
    else this.node.removeAttribute('aria-selected');
  }

  /** It shows its symbol, and not as it is now. */
  isBehind(context: RowContext): boolean {
    if (this.#version < 0) return false; // it shows nothing of its symbol yet
    return context.book.get(this.#symbol)?.version !== this.#version || !this.#sparkline.shows(context.historyOf(this.#symbol), context.palette);
  }

  /** Paints what has changed. */
  paint(context: RowContext, now: number): void {
    const ticker = context.book.get(this.#symbol);
    if (ticker !== this.#ticker || ticker?.version !== this.#version) {
      this.#ticker = ticker;
      this.#version = ticker?.version ?? -1;
      if (ticker) this.#values(ticker, context, now);
      this.#worth(ticker, context.book);
    }
    this.#sparkline.draw(context.historyOf(this.#symbol), context.palette);
  }

  /** Ends what has flashed for long enough; returns how many cells go on, and will stop by themselves soon. */
  settle(now: number): number {
    return this.#bid.settle(now) + this.#ask.settle(now) + this.#last.settle(now);
  }

  /** Paints the age when it is due, a few times a second, or when it was never painted. */
  paintAge(book: Book, due: boolean): void {
    if (!due && this.#ageShown) return;
    this.#ageShown = true;
    const millis = this.#ticker && book.ageMillis(this.#ticker);
    this.#age.write(millis === undefined ? absent : age(millis));
  }

  #values(t: Ticker, context: RowContext, now: number): void {
    const digits = digitsOf(t, context.digits);
    this.#bid.show(t.bidPrice, t.priceScale, digits, now);
    this.#ask.show(t.askPrice, t.priceScale, digits, now);
    this.#last.show(t.lastPrice, t.priceScale, digits, now);
    const spread = t.spread;
    this.#spread.write(spread === undefined ? absent : price(spread, t.priceScale, digits));
    this.#volume.write(t.volume === undefined ? absent : compact(Number(t.size(t.volume))));
    const change = t.lastPrice === undefined || t.open === undefined ? undefined : percentChange(t.lastPrice, t.open);
    this.#change.write(change ?? absent);
    const direction = change === undefined ? '' : change.startsWith('+') ? 'up' : change.startsWith('−') ? 'down' : 'flat';
    this.#direct(direction);
  }

  #direct(direction: string): void {
    if (this.#change.cell.dataset['direction'] !== direction) this.#change.cell.dataset['direction'] = direction;
  }

  #worth(ticker: Ticker | undefined, book: Book): void {
    const worth = ticker ? book.worth(ticker) : 'pending';
    if (this.node.dataset['state'] !== worth) this.node.dataset['state'] = worth;
    this.#state.write(stateWords[worth]);
    const reason = worth === 'disconnected' ? 'There is no connection; the values may no longer be true.' : ticker && stateReasons[ticker.stateReason];
    if (this.#state.cell.title !== (reason ?? '')) this.#state.cell.title = reason ?? '';
  }
}

/** Decimals with which prices of a symbol are shown: two at least where the scale has them, and as many as any of its prices has needed. */
function digitsOf(t: Ticker, known: Map<string, number>): number {
  let digits = known.get(t.symbol) ?? Math.min(2, t.priceScale);
  if (digits >= t.priceScale) return digits;
  for (const value of [t.bidPrice, t.askPrice, t.lastPrice]) {
    if (value !== undefined) digits = Math.max(digits, digitsNeeded(value, t.priceScale));
  }
  known.set(t.symbol, digits);
  return digits;
}
