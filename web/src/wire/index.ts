// The wire client of Tickgate: a session over WebSocket that reconnects, resumes and keeps last values. Works in browsers and in Node.
//
//   const client = new Client({ url: 'ws://127.0.0.1:8080/v1/stream' });
//   client.on('batch', () => console.log(client.book.quote('BTCUSDT.BINANCE_SPOT')));
//   client.connect();
//   await client.subscribe(['BTCUSDT.BINANCE_SPOT'], { conflation: 250 });

export { Book, type QuoteText, type Worth } from './book.js';
export { Client, type ClientEvents, type Phase, type Status, type SubscribeOptions } from './client.js';
export { systemClock, type Clock } from './clock.js';
export type { Conflation, KindName } from './conflation.js';
export { changeBasisPoints, formatDecimal, rescale } from './decimal.js';
export { Histogram, type Bars, type Percentiles } from './histogram.js';
export { StreamLatency, stages, type Stage } from './latency.js';
export type { Encoding } from './codec.js';
export type { Options } from './options.js';
export type { Rates } from './rates.js';
export { MalformedError } from './reader.js';
export { ClosedError, type Outcome, type Rejected } from './requests.js';
export type { Socket, SocketConstructor } from './socket.js';
export { Ticker } from './ticker.js';
export { MarketState, Side, StateReason, TradingStatus } from '../gen/tickgate/v1/market_data_pb.js';
