// Watches symbols from Node with the wire client, over WebSocket:
//
//   npm run example:watch -- BTCUSDT.BINANCE_SPOT ETHUSDT.BINANCE_USDM
//
// TICKGATE_URL is the stream, by default ws://127.0.0.1:8080/v1/stream.

import { Client } from '@tickgate/web/wire';
import WebSocket from 'ws'; // Node 20 has none of its own; browsers do

const url = process.env.TICKGATE_URL ?? 'ws://127.0.0.1:8080/v1/stream';
const symbols = process.argv.slice(2);
if (symbols.length === 0) symbols.push('BTCUSDT.BINANCE_SPOT', 'ETHUSDT.BINANCE_USDM');

const client = new Client({ url, WebSocket });
client.on('status', ({ phase, reason }) => console.error(reason ? `${phase}: ${reason}` : phase));
client.on('gap', ({ symbol, missing }) => console.error(`${symbol || 'every symbol'}: ${missing} events are missing`));
client.on('rejected', ({ symbol, detail }) => console.error(`${symbol} was refused: ${detail}`));
client.on('batch', () => {
  for (const symbol of client.symbols) {
    const quote = client.book.quote(symbol);
    if (quote) console.log(`${symbol}  ${quote.bid ?? '–'} / ${quote.ask ?? '–'}  last ${quote.last ?? '–'}  ${quote.state}`);
  }
});

process.once('SIGINT', () => client.close()); // nothing is left to wait for, and the process ends
client.connect();
const { granted } = await client.subscribe(symbols, { conflation: 1_000 });
console.error(`granted: one update per ${granted} ms`);
