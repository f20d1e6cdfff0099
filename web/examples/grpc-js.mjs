// Watches symbols with plain @grpc/grpc-js and our proto files, without any code of ours:
//
//   npm run example:grpc -- BTCUSDT.BINANCE_SPOT ETHUSDT.BINANCE_USDM
//
// TICKGATE_GRPC is the gateway, by default 127.0.0.1:50051.

import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const symbols = process.argv.slice(2);
if (symbols.length === 0) symbols.push('BTCUSDT.BINANCE_SPOT', 'ETHUSDT.BINANCE_USDM');

const definition = loadSync('tickgate/v1/market_data.proto', {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
  longs: String, // 64-bit integers do not fit into numbers
  enums: String,
  arrays: true, // an empty list is a list
  oneofs: true,
});
const { MarketData } = grpc.loadPackageDefinition(definition).tickgate.v1;
const stream = new MarketData(process.env.TICKGATE_GRPC ?? '127.0.0.1:50051', grpc.credentials.createInsecure()).Stream();

const instruments = new Map(); // by id

/** mantissa / 10^scale, exactly. */
function decimal(mantissa, scale) {
  const digits = mantissa.replace('-', '').padStart(scale + 1, '0');
  const sign = mantissa.startsWith('-') ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

stream.on('data', ({ event, subscribeResult, batch, goingAway }) => {
  if (event === 'subscribeResult') {
    for (const instrument of subscribeResult.accepted) instruments.set(instrument.id, instrument);
    for (const { symbol, detail } of subscribeResult.rejected) console.error(`${symbol} was refused: ${detail}`);
  } else if (event === 'batch') {
    for (const instrument of batch.instruments) instruments.set(instrument.id, instrument);
    for (const { instrumentId, quote, conflated } of batch.updates) {
      const { symbol, priceScale = 0 } = instruments.get(instrumentId);
      const shown = [quote?.bidPrice, quote?.askPrice].map((price) => (price === undefined ? '·' : decimal(price, priceScale))); // · is: unchanged
      console.log(`${symbol}  ${shown.join(' / ')}  ${conflated ?? 0} conflated`);
    }
  } else if (event === 'goingAway') {
    console.error(`the gateway goes away: ${goingAway.reason}; connect again after ${goingAway.retryAfterMs} ms`);
  }
});
stream.on('error', (error) => {
  if (error.code !== grpc.status.CANCELLED) console.error(`the stream ended: ${error.message}`);
  process.exit(error.code === grpc.status.CANCELLED ? 0 : 1);
});

stream.write({ subscribe: { symbols, conflation: { policy: 'CONFLATION_POLICY_INTERVAL', intervalMs: 1_000 } } });
setInterval(() => stream.write({ heartbeat: {} }), 30_000); // a client that says nothing for 60 s is ended
process.once('SIGINT', () => stream.cancel());
