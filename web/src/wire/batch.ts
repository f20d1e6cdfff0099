// Batches are nearly all that a stream carries, thousands of updates a second. They are read by hand, in place of the generated reflection: a fifth of the
// processor time. A test reads the same bytes both ways and compares.

import { fromBinary } from '@bufbuild/protobuf';
import { InstrumentSchema, type Instrument, type Side, type TradingStatus } from '../gen/tickgate/v1/market_data_pb.js';
import { MalformedError, Reader, wireBytes, wireFixed64, wireVarint } from './reader.js';

export interface QuoteFields {
  bidPrice?: bigint | undefined;
  bidSize?: bigint | undefined;
  askPrice?: bigint | undefined;
  askSize?: bigint | undefined;
  bidCleared: boolean;
  askCleared: boolean;
}

export interface TradeFields {
  price: bigint;
  size: bigint;
  aggressor: Side;
}

export interface StatsFields {
  volume?: bigint | undefined;
  tradeCount?: bigint | undefined;
  turnover?: bigint | undefined;
  open?: bigint | undefined;
  high?: bigint | undefined;
  low?: bigint | undefined;
}

/** The fields of an Update; the generated message has them all. */
export interface UpdateFields {
  instrumentId: number;
  sequence: bigint;
  conflated: number;
  snapshot: boolean;
  recvAge: bigint;
  eventDelta?: bigint | undefined;
  quote?: QuoteFields | undefined;
  trade?: TradeFields | undefined;
  stats?: StatsFields | undefined;
  status?: { status: TradingStatus } | undefined;
}

/** The fields of a Batch; the generated message has them all. */
export interface BatchFields {
  tsSend: bigint;
  streamSequence: bigint;
  tsEventBase: bigint;
  instruments: Instrument[];
  updates: UpdateFields[];
}

const tag = (field: number, wireType: number): number => (field << 3) | wireType;

/** ServerMessage.batch, the first byte of a message that carries nothing else. */
const serverMessageBatch = tag(3, wireBytes);

/** Reads a ServerMessage that is one batch; undefined if it is anything else. */
export function readBatchMessage(bytes: Uint8Array): BatchFields | undefined {
  if (bytes[0] !== serverMessageBatch) return undefined;
  const reader = new Reader(bytes, 1);
  const end = reader.enter();
  if (end !== bytes.length) return undefined; // more than one field: legal, and none of our gateways' ways
  return readBatch(reader);
}

function readBatch(r: Reader): BatchFields {
  const batch: BatchFields = { tsSend: 0n, streamSequence: 0n, tsEventBase: 0n, instruments: [], updates: [] };
  while (r.more) {
    const key = r.small();
    switch (key) {
      case tag(1, wireFixed64):
        batch.tsSend = r.fixed64();
        break;
      case tag(2, wireVarint):
        batch.streamSequence = r.big();
        break;
      case tag(3, wireFixed64):
        batch.tsEventBase = r.fixed64();
        break;
      case tag(4, wireBytes):
        batch.instruments.push(readInstrument(r.slice()));
        break;
      case tag(5, wireBytes):
        batch.updates.push(within(r, readUpdate));
        break;
      default:
        r.skip(key & 7);
    }
  }
  return batch;
}

function readInstrument(bytes: Uint8Array): Instrument {
  try {
    return fromBinary(InstrumentSchema, bytes);
  } catch (cause) {
    throw new MalformedError('an instrument cannot be read', { cause });
  }
}

/** Reads an embedded message: the reader sees nothing after it meanwhile. */
function within<T>(r: Reader, read: (r: Reader) => T): T {
  const outer = r.end;
  r.end = r.enter();
  const value = read(r);
  r.end = outer;
  return value;
}

function readUpdate(r: Reader): UpdateFields {
  const update: UpdateFields = {
    instrumentId: 0, sequence: 0n, conflated: 0, snapshot: false, recvAge: 0n,
    eventDelta: undefined, quote: undefined, trade: undefined, stats: undefined, status: undefined,
  };
  while (r.more) {
    const key = r.small();
    switch (key) {
      case tag(1, wireVarint):
        update.instrumentId = r.small();
        break;
      case tag(2, wireVarint):
        update.sequence = r.big();
        break;
      case tag(3, wireVarint):
        update.conflated = r.small();
        break;
      case tag(4, wireVarint):
        update.snapshot = r.bool();
        break;
      case tag(5, wireVarint):
        update.recvAge = r.big();
        break;
      case tag(6, wireVarint):
        update.eventDelta = r.signed();
        break;
      case tag(7, wireBytes):
        update.quote = within(r, readQuote);
        break;
      case tag(8, wireBytes):
        update.trade = within(r, readTrade);
        break;
      case tag(9, wireBytes):
        update.stats = within(r, readStats);
        break;
      case tag(10, wireBytes):
        update.status = within(r, readStatus);
        break;
      default:
        r.skip(key & 7);
    }
  }
  return update;
}

function readQuote(r: Reader): QuoteFields {
  const quote: QuoteFields = {
    bidPrice: undefined, bidSize: undefined, askPrice: undefined, askSize: undefined, bidCleared: false, askCleared: false,
  };
  while (r.more) {
    const key = r.small();
    switch (key) {
      case tag(1, wireVarint):
        quote.bidPrice = r.signed();
        break;
      case tag(2, wireVarint):
        quote.bidSize = r.signed();
        break;
      case tag(3, wireVarint):
        quote.askPrice = r.signed();
        break;
      case tag(4, wireVarint):
        quote.askSize = r.signed();
        break;
      case tag(5, wireVarint):
        quote.bidCleared = r.bool();
        break;
      case tag(6, wireVarint):
        quote.askCleared = r.bool();
        break;
      default:
        r.skip(key & 7);
    }
  }
  return quote;
}

function readTrade(r: Reader): TradeFields {
  const trade: TradeFields = { price: 0n, size: 0n, aggressor: 0 };
  while (r.more) {
    const key = r.small();
    switch (key) {
      case tag(1, wireVarint):
        trade.price = r.signed();
        break;
      case tag(2, wireVarint):
        trade.size = r.signed();
        break;
      case tag(3, wireVarint):
        trade.aggressor = r.small();
        break;
      default:
        r.skip(key & 7);
    }
  }
  return trade;
}

function readStats(r: Reader): StatsFields {
  const stats: StatsFields = {
    volume: undefined, tradeCount: undefined, turnover: undefined, open: undefined, high: undefined, low: undefined,
  };
  while (r.more) {
    const key = r.small();
    switch (key) {
      case tag(1, wireVarint):
        stats.volume = r.signed();
        break;
      case tag(2, wireVarint):
        stats.tradeCount = r.big();
        break;
      case tag(3, wireVarint):
        stats.turnover = r.signed();
        break;
      case tag(4, wireVarint):
        stats.open = r.signed();
        break;
      case tag(5, wireVarint):
        stats.high = r.signed();
        break;
      case tag(6, wireVarint):
        stats.low = r.signed();
        break;
      default:
        r.skip(key & 7);
    }
  }
  return stats;
}

function readStatus(r: Reader): { status: TradingStatus } {
  const status: { status: TradingStatus } = { status: 0 };
  while (r.more) {
    const key = r.small();
    if (key === tag(1, wireVarint)) status.status = r.small();
    else r.skip(key & 7);
  }
  return status;
}
