import { MarketState, Side, type Gap, type Instrument, type State } from '../gen/tickgate/v1/market_data_pb.js';
import type { BatchFields, UpdateFields } from './batch.js';
import { Ticker } from './ticker.js';

/** What a value is worth: what the gateway says of it, or `disconnected` while nobody can say. */
export type Worth = 'live' | 'stale' | 'halted' | 'pending' | 'disconnected';

/** The full current ticker of a symbol, for people and programs that want text. Absent fields are absent. */
export interface QuoteText {
  symbol: string;
  bid?: string;
  bidSize?: string;
  ask?: string;
  askSize?: string;
  spread?: string;
  last?: string;
  lastSize?: string;
  aggressor?: 'buy' | 'sell';
  volume?: string;
  open?: string;
  high?: string;
  low?: string;
  state: Worth;
  /** Milliseconds since the gateway heard of the newest event; absent before the first. */
  ageMillis?: number;
  epoch: bigint;
  sequence: bigint;
}

/** What an id stands for. */
interface Known {
  ticker: Ticker;
  instrument: Instrument;
  /** Of the connection's previous update; 0: there is none since the instrument was announced. */
  sequence: bigint;
}

/** Last values of the subscribed symbols. It outlives connections: after a reconnect it goes on where it was. */
export class Book {
  readonly #tickers = new Map<string, Ticker>();
  /** By Instrument.id; ids are those of the connection. */
  #byId: (Known | undefined)[] = [];
  #connected = false;
  /** Counts updates of instruments that were never announced: a gateway that breaks its promise. */
  unknownUpdates = 0;

  constructor(private readonly monotonicMillis: () => number) {}

  get size(): number {
    return this.#tickers.size;
  }

  get(symbol: string): Ticker | undefined {
    return this.#tickers.get(symbol);
  }

  tickers(): IterableIterator<Ticker> {
    return this.#tickers.values();
  }

  /** What a ticker is worth now. */
  worth(ticker: Ticker): Worth {
    if (!this.#connected || !ticker.vouched) return ticker.sequence === 0n ? 'pending' : 'disconnected';
    switch (ticker.marketState) {
      case MarketState.LIVE:
        return 'live';
      case MarketState.HALTED:
        return 'halted';
      case MarketState.STALE:
        return 'stale';
      default:
        return 'pending';
    }
  }

  /** Milliseconds since the gateway heard of the ticker's newest event; undefined before the first. */
  ageMillis(ticker: Ticker): number | undefined {
    return ticker.heardAtMillis === undefined ? undefined : Math.max(this.monotonicMillis() - ticker.heardAtMillis, 0);
  }

  /** The full current ticker as text; undefined if the symbol is not subscribed. */
  quote(symbol: string): QuoteText | undefined {
    const t = this.#tickers.get(symbol);
    if (!t) return undefined;
    const quote: QuoteText = { symbol, state: this.worth(t), epoch: t.epoch, sequence: t.sequence };
    const prices = { bid: t.bidPrice, ask: t.askPrice, spread: t.spread, last: t.lastPrice, open: t.open, high: t.high, low: t.low };
    const sizes = { bidSize: t.bidSize, askSize: t.askSize, lastSize: t.lastSize, volume: t.volume };
    for (const [name, value] of Object.entries(prices)) if (value !== undefined) Object.assign(quote, { [name]: t.price(value) });
    for (const [name, value] of Object.entries(sizes)) if (value !== undefined) Object.assign(quote, { [name]: t.size(value) });
    if (t.aggressor !== Side.UNSPECIFIED) quote.aggressor = t.aggressor === Side.BUY ? 'buy' : 'sell';
    const age = this.ageMillis(t);
    if (age !== undefined) quote.ageMillis = age;
    return quote;
  }

  /** Makes room for a symbol; what is held of it stays. */
  add(symbol: string): void {
    if (!this.#tickers.has(symbol)) this.#tickers.set(symbol, new Ticker(symbol));
  }

  /** Forgets a symbol. Updates that are still on their way change nothing that can be seen. */
  remove(symbol: string): void {
    this.#tickers.delete(symbol);
  }

  /** A connection carries from here on: its ids are not known yet. After a lost one a value is worth nothing until the gateway has said what. */
  connected(): void {
    this.#byId = [];
    this.#connected = true;
    this.#touchAll();
  }

  /** Nobody can say any more what values are worth. */
  disconnected(): void {
    if (!this.#connected) return;
    this.#connected = false;
    for (const ticker of this.#tickers.values()) ticker.vouched = false;
    this.#touchAll();
  }

  describe(instrument: Instrument): void {
    const ticker = this.#tickers.get(instrument.symbol);
    if (!ticker) return;
    ticker.describe(instrument);
    if (instrument.id !== 0) this.#byId[instrument.id] = { ticker, instrument, sequence: 0n };
  }

  merge(batch: BatchFields): void {
    for (const instrument of batch.instruments) this.describe(instrument);
    const now = this.monotonicMillis();
    for (const update of batch.updates) {
      const known = this.#byId[update.instrumentId];
      if (!known) {
        this.unknownUpdates++;
        continue;
      }
      number(update, known);
      known.ticker.merge(update, known.instrument, now - Number(update.recvAge) / 1e6);
    }
  }

  setState(state: State): void {
    for (const ticker of this.#named(state.symbol)) {
      ticker.marketState = state.state;
      ticker.stateReason = state.reason;
      ticker.version++;
    }
  }

  noteGap(gap: Gap): void {
    for (const ticker of this.#named(gap.symbol)) ticker.missingCount += Number(gap.missing);
  }

  #named(symbol: string): Iterable<Ticker> {
    if (symbol === '') return this.#tickers.values();
    const ticker = this.#tickers.get(symbol);
    return ticker ? [ticker] : [];
  }

  #touchAll(): void {
    for (const ticker of this.#tickers.values()) ticker.version++;
  }
}

/** Gives an update the sequence that its gateway has left out because it follows from that of the one before. */
function number(update: UpdateFields, known: Known): void {
  if (update.sequence === 0n) update.sequence = known.sequence + BigInt(update.conflated) + 1n;
  known.sequence = update.sequence;
}
