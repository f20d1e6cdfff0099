// Watches symbols without any library of ours, in JSON over WebSocket:
//
//   npm run example:json -- BTCUSDT.BINANCE_SPOT ETHUSDT.BINANCE_USDM
//
// TICKGATE_URL is the stream, by default ws://127.0.0.1:8080/v1/stream.

import WebSocket from 'ws'; // Node 20 has none of its own; browsers do

const url = process.env.TICKGATE_URL ?? 'ws://127.0.0.1:8080/v1/stream';
const symbols = process.argv.slice(2);
if (symbols.length === 0) symbols.push('BTCUSDT.BINANCE_SPOT', 'ETHUSDT.BINANCE_USDM');

const socket = new WebSocket(url, 'tickgate.v1.json');
socket.onopen = () => socket.send(JSON.stringify({ subscribe: { symbols, conflation: { policy: 'CONFLATION_POLICY_INTERVAL', intervalMs: '1000' } } }));
socket.onmessage = ({ data }) => console.log(data);
socket.onclose = ({ code, reason }) => console.error(`closed with ${code} ${reason}`);
const beat = setInterval(() => socket.send('{"heartbeat":{}}'), 30_000); // a client that says nothing for 60 s is ended

process.once('SIGINT', () => {
  clearInterval(beat);
  socket.close();
});
