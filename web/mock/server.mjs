// A gateway for developing the page without Go: one random market, the real protocol, the built page. Not a model of conflation: every session gets what has
// changed at its interval. `npm run mock`, or startMock() from a test. Needs `npm run build:wire` (the generated messages) first.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import { WebSocketServer } from 'ws';
import { ClientMessageSchema, ServerMessageSchema } from '../lib/gen/tickgate/v1/market_data_pb.js';

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const LIVE = 1, STALE = 2;

/** Starts a mock gateway. `setLive(false)` stops the feed, `goAway()` drains, `stop()` cuts everything off. */
export async function startMock({ port = 0, symbols = demoSymbols(), rate = 400, latencyMs = 0 } = {}) {
  const epoch = nowNanos();
  const market = symbols.map((symbol, i) => ({
    symbol, id: i + 1, sequence: 1n, at: nowNanos(),
    bid: BigInt(Math.round(10 ** (3.5 + (i % 5) * 0.7))), spread: 1n + BigInt(i % 4), last: undefined, open: 0n, volume: 0n,
  }));
  for (const m of market) m.open = m.last = m.bid;
  const bySymbol = new Map(market.map((m) => [m.symbol, m]));
  const sessions = new Set();
  let live = true;

  const move = () => {
    if (!live) return;
    for (let i = 0; i < rate / 50; i++) {
      const m = market[Math.floor(Math.random() ** 1.5 * market.length)];
      const step = BigInt(Math.floor(Math.random() * 5) - 2);
      m.bid = m.bid + step > 1n ? m.bid + step : m.bid;
      if (Math.random() < 0.3) {
        m.last = Math.random() < 0.5 ? m.bid : m.bid + m.spread;
        m.volume += BigInt(1 + Math.floor(Math.random() * 5_000));
      }
      m.sequence++;
      m.at = nowNanos();
    }
  };
  const feed = setInterval(move, 20);

  const http = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://mock');
    if (pathname === '/v1/instruments') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ instruments: symbols.map((symbol) => ({ symbol })) }));
      return;
    }
    const name = normalize(pathname === '/' ? 'index.html' : pathname.slice(1));
    const body = name.startsWith('..') ? undefined : await readFile(join(dist, name)).catch(() => undefined);
    response.statusCode = body ? 200 : 404;
    response.setHeader('content-security-policy', "default-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'");
    response.setHeader('content-type', types[extname(name)] ?? 'application/octet-stream').end(body);
  });
  const sockets = new WebSocketServer({ server: http, path: '/v1/stream', handleProtocols: (offered) => [...offered].find((p) => p.startsWith('tickgate.v1.')) ?? false });
  sockets.on('connection', (socket) => {
    const session = new Session(socket, bySymbol, () => (live ? LIVE : STALE), epoch, latencyMs);
    sessions.add(session);
    socket.on('close', () => (session.stop(), sessions.delete(session)));
  });
  await new Promise((listening) => http.listen(port, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    market: bySymbol,
    setLive(on) {
      live = on;
      for (const s of sessions) s.send({ case: 'state', value: { symbol: '', state: on ? LIVE : STALE, reason: on ? 1 : 2, since: nowNanos() } });
    },
    goAway(retryAfterMs) {
      for (const s of sessions) s.send({ case: 'goingAway', value: { reason: 'the gateway is about to stop', retryAfterMs } });
    },
    async stop() {
      clearInterval(feed);
      for (const client of sockets.clients) client.terminate();
      await new Promise((closed) => http.close(closed));
    },
  };
}

class Session {
  #held = new Map(); // symbol to sequence sent
  #streamSequence = 0n;
  #timer;

  constructor(socket, market, state, epoch, latencyMs) {
    Object.assign(this, { socket, market, state, epoch, latencyMs, json: socket.protocol === 'tickgate.v1.json' });
    socket.on('message', (data, binary) => this.#receive(data, binary));
    this.#setInterval(50);
  }

  stop() {
    clearInterval(this.#timer);
  }

  send(event) {
    const message = create(ServerMessageSchema, { event });
    this.socket.send(this.json ? toJsonString(ServerMessageSchema, message) : toBinary(ServerMessageSchema, message));
  }

  #receive(data, binary) {
    if (binary === this.json) return this.socket.close(1003, 'wrong kind of frame');
    let message;
    try {
      message = this.json ? fromJsonString(ClientMessageSchema, data.toString()) : fromBinary(ClientMessageSchema, data);
    } catch {
      return this.socket.close(1007, 'malformed message');
    }
    const { requestId, command } = message;
    switch (command.case) {
      case 'subscribe': return this.#subscribe(requestId, command.value);
      case 'unsubscribe': return this.#unsubscribe(requestId, command.value.symbols);
      case 'setConflation':
        return this.send({ case: 'setConflationResult', value: { requestId, conflation: this.#grant(command.value.conflation), changedCount: this.#held.size } });
      case 'heartbeat': return this.send({ case: 'heartbeat', value: { requestId, echo: command.value.clientTime, tsSend: nowNanos(), feedAge: 1_000_000n } });
      case 'setFreshness': return this.send({ case: 'freshnessResult', value: { requestId, maxUnackedMs: command.value.maxUnackedMs } });
    }
  }

  #subscribe(requestId, { symbols, conflation, resume }) {
    const accepted = [];
    for (const symbol of new Set(symbols)) {
      const m = this.market.get(symbol);
      accepted.push(m ? this.#instrument(m) : { symbol, state: 4 });
      const from = resume.find((r) => r.symbol === symbol && r.epoch === this.epoch);
      if (m) this.#held.set(symbol, from ? from.lastSequence : 0n);
    }
    this.send({ case: 'subscribeResult', value: { requestId, accepted, conflation: this.#grant(conflation) } });
  }

  #unsubscribe(requestId, symbols) {
    for (const symbol of symbols) this.#held.delete(symbol);
    this.send({ case: 'unsubscribeResult', value: { requestId, removed: symbols, removedCount: symbols.length } });
  }

  /** At least 50 ms, and LATEST is as good as that. */
  #grant(wish) {
    const millis = wish?.policy === 2 ? Math.max(Number(wish.intervalMs), 50) : 20;
    this.#setInterval(millis);
    return wish?.policy === 2 ? { policy: 2, intervalMs: BigInt(millis) } : { policy: 1 };
  }

  #setInterval(millis) {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#flush(), millis);
  }

  #instrument(m) {
    return { symbol: m.symbol, id: m.id, priceScale: 4, sizeScale: 3, turnoverScale: 7, state: this.state(), epoch: this.epoch };
  }

  #flush() {
    const now = nowNanos();
    const updates = [];
    for (const [symbol, sent] of this.#held) {
      const m = this.market.get(symbol);
      if (m.sequence === sent) continue;
      this.#held.set(symbol, m.sequence);
      updates.push({
        instrumentId: m.id, sequence: m.sequence, conflated: sent === 0n ? 0 : Number(m.sequence - sent - 1n), snapshot: sent === 0n,
        recvAge: now - m.at + BigInt(this.latencyMs * 1e6), eventDelta: -3_000_000n,
        quote: { bidPrice: m.bid * 100n, bidSize: 1_000n, askPrice: (m.bid + m.spread) * 100n, askSize: 2_000n },
        trade: { price: m.last * 100n, size: 1_000n, aggressor: 1 },
        stats: { volume: m.volume * 100n, open: m.open * 100n },
      });
    }
    if (updates.length > 0) this.send({ case: 'batch', value: { tsSend: now, streamSequence: ++this.#streamSequence, updates } });
  }
}

function nowNanos() {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1_000n;
}

function demoSymbols() {
  const venues = ['BINANCE_SPOT', 'BINANCE_USDM', 'COINBASE'];
  const names = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'ADAUSDT', 'DOGEUSDT', 'LINKUSDT', 'AVAXUSDT', 'DOTUSDT', 'LTCUSDT', 'BCHUSDT', 'UNIUSDT'];
  return [...names.map((name, i) => `${name}.${venues[i % 3]}`), 'BRK.B', 'BTC/USD', ...Array.from({ length: 30 }, (_, i) => `SYN${String(i + 1).padStart(4, '0')}`)];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock({ port: Number(process.env.PORT ?? 8080) });
  console.log(`a mock gateway serves ${url}`);
}
