import { MarketState, Side, StateReason, TradingStatus, type Instrument } from '../gen/tickgate/v1/market_data_pb.js';
import type { QuoteFields, StatsFields, UpdateFields } from './batch.js';
import { formatDecimal, rescale } from './decimal.js';

const priceFields = ['bidPrice', 'askPrice', 'lastPrice', 'open', 'high', 'low'] as const;
const sizeFields = ['bidSize', 'askSize', 'lastSize', 'volume'] as const;

/**
 * The full current values of one symbol, merged from partial updates. Prices and sizes are mantissas: `price` and `size` format them. Absent is not
 * zero: an empty side of the book is undefined. A Book changes it in place; keep `version` to see whether it has.
 */
export class Ticker {
  /** Counts every change, those of state included. */
  version = 0;

  priceScale = 0;
  sizeScale = 0;
  turnoverScale = 0;
  /** The publisher's start; sequences compare within one epoch only. 0n before the first update. */
  epoch = 0n;
  /** The publisher's number of the newest event merged in. 0n before the first update. */
  sequence = 0n;

  bidPrice: bigint | undefined;
  bidSize: bigint | undefined;
  askPrice: bigint | undefined;
  askSize: bigint | undefined;
  lastPrice: bigint | undefined;
  lastSize: bigint | undefined;
  aggressor: Side = Side.UNSPECIFIED;
  volume: bigint | undefined;
  tradeCount: bigint | undefined;
  turnover: bigint | undefined;
  open: bigint | undefined;
  high: bigint | undefined;
  low: bigint | undefined;
  tradingStatus: TradingStatus = TradingStatus.UNSPECIFIED;

  marketState: MarketState = MarketState.PENDING;
  stateReason: StateReason = StateReason.UNSPECIFIED;
  /** The gateway has said so since the connection was lost last. */
  vouched = false;

  /** Our monotonic milliseconds at which the gateway heard the newest event, but for the way here. Undefined before the first update. */
  heardAtMillis: number | undefined;
  /** Updates taken, events conflated into them, and events said to be missing, since the symbol was added. */
  updateCount = 0;
  conflatedCount = 0;
  missingCount = 0;

  constructor(readonly symbol: string) {}

  /** Formats a price of this symbol exactly. */
  price(mantissa: bigint): string {
    return formatDecimal(mantissa, this.priceScale);
  }

  /** Formats a size or volume of this symbol exactly. */
  size(mantissa: bigint): string {
    return formatDecimal(mantissa, this.sizeScale);
  }

  /** The difference between ask and bid, a price; undefined while a side is empty. Negative when the book is crossed. */
  get spread(): bigint | undefined {
    return this.bidPrice === undefined || this.askPrice === undefined ? undefined : this.askPrice - this.bidPrice;
  }

  /** Takes what the gateway says that the values are worth. */
  describe({ state }: Instrument): void {
    if (state !== MarketState.UNSPECIFIED) this.marketState = state;
    this.vouched = true;
    this.version++;
  }

  /**
   * Merges an update of what the gateway has announced. One that is older than what is held changes nothing, and so a gateway that is behind, whether in a sequence or with
   * a whole epoch, takes nothing back: what is held stands until it has caught up.
   */
  merge(update: UpdateFields, instrument: Instrument, heardAtMillis: number): void {
    const standing = this.#standing(instrument.epoch, update.sequence);
    if (standing === 'older' || (standing === 'same' && !update.snapshot)) return;
    if (update.snapshot || standing === 'renewed') this.#forget();
    this.#rescaleTo(instrument);
    if (standing !== 'same') {
      this.updateCount++;
      this.conflatedCount += update.conflated;
    }
    this.epoch = instrument.epoch;
    this.sequence = update.sequence;
    this.heardAtMillis = heardAtMillis;
    if (update.quote) this.#mergeQuote(update.quote);
    if (update.trade) {
      this.lastPrice = update.trade.price;
      this.lastSize = update.trade.size;
      this.aggressor = update.trade.aggressor;
    }
    if (update.stats) this.#mergeStats(update.stats);
    if (update.status) this.tradingStatus = update.status.status;
    this.version++;
  }

  /** Where an update stands against what is held: of the same event a snapshot may tell more, and a new epoch begins anew. */
  #standing(epoch: bigint, sequence: bigint): 'older' | 'same' | 'newer' | 'renewed' {
    if (epoch < this.epoch || (epoch === this.epoch && sequence < this.sequence)) return 'older';
    if (epoch > this.epoch) return 'renewed';
    return sequence === this.sequence ? 'same' : 'newer';
  }

  #mergeQuote(quote: QuoteFields): void {
    if (quote.bidCleared) this.bidPrice = this.bidSize = undefined;
    if (quote.askCleared) this.askPrice = this.askSize = undefined;
    if (quote.bidPrice !== undefined) this.bidPrice = quote.bidPrice;
    if (quote.bidSize !== undefined) this.bidSize = quote.bidSize;
    if (quote.askPrice !== undefined) this.askPrice = quote.askPrice;
    if (quote.askSize !== undefined) this.askSize = quote.askSize;
  }

  #mergeStats(stats: StatsFields): void {
    if (stats.volume !== undefined) this.volume = stats.volume;
    if (stats.tradeCount !== undefined) this.tradeCount = stats.tradeCount;
    if (stats.turnover !== undefined) this.turnover = stats.turnover;
    if (stats.open !== undefined) this.open = stats.open;
    if (stats.high !== undefined) this.high = stats.high;
    if (stats.low !== undefined) this.low = stats.low;
  }

  #forget(): void {
    for (const field of priceFields) this[field] = undefined;
    for (const field of sizeFields) this[field] = undefined;
    this.tradeCount = this.turnover = undefined;
    this.aggressor = Side.UNSPECIFIED;
    this.tradingStatus = TradingStatus.UNSPECIFIED;
  }

  /** A scale that grows leaves held values as they are, written with more digits; one under which they cannot be written makes them unknown. */
  #rescaleTo(instrument: Instrument): void {
    const { priceScale, sizeScale, turnoverScale } = instrument;
    if (priceScale === this.priceScale && sizeScale === this.sizeScale && turnoverScale === this.turnoverScale) return;
    const convert = (value: bigint | undefined, from: number, to: number): bigint | undefined =>
      value === undefined || from === to ? value : rescale(value, from, to);
    for (const field of priceFields) this[field] = convert(this[field], this.priceScale, priceScale);
    for (const field of sizeFields) this[field] = convert(this[field], this.sizeScale, sizeScale);
    this.turnover = convert(this.turnover, this.turnoverScale, turnoverScale);
    this.priceScale = priceScale;
    this.sizeScale = sizeScale;
    this.turnoverScale = turnoverScale;
  }
}
