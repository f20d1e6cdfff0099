import { defaultBackoff, type BackoffConfig } from './backoff.js';
import { systemClock, type Clock } from './clock.js';
import type { Encoding } from './codec.js';
import type { SocketConstructor } from './socket.js';

/** Options of a Client. */
export interface Options {
  /** Address of the stream, ws: or wss:, or several that are tried in turn. */
  url: string | readonly string[];
  /** Default proto: it takes a third of the bytes. */
  encoding?: Encoding;
  /** Default: the global WebSocket. Node 20 has none; give it that of the package ws. */
  WebSocket?: SocketConstructor;
  /**
   * Bound of the age of what the application has not taken, in milliseconds; default 1,000, 0 turns it off. The gateway sends nothing while more is out, and
   * conflates meanwhile.
   */
  freshnessMillis?: number;
  /** When a batch counts as taken: when it has been received (default), or when the application calls `taken`. */
  acknowledge?: 'received' | 'manual';
  /** How often we tell the gateway that we are here, default 30,000 ms; it ends streams after 60 s of silence. */
  heartbeatMillis?: number;
  /**
   * How often the gateway gives a sign of life at least, until it says so itself; default 10,000 ms. A connection on which nothing has come for two of them is given
   * up.
   */
  serverHeartbeatMillis?: number;
  /** How long an attempt to connect may take, default 10,000 ms. */
  connectTimeoutMillis?: number;
  backoff?: Partial<BackoffConfig>;
  /** For tests. */
  random?: () => number;
  /** For tests. */
  clock?: Clock;
}

/** Options with their defaults. */
export interface Settings {
  urls: readonly string[];
  encoding: Encoding;
  WebSocket: SocketConstructor;
  freshnessMillis: number;
  acknowledge: 'received' | 'manual';
  heartbeatMillis: number;
  serverHeartbeatMillis: number;
  connectTimeoutMillis: number;
  backoff: BackoffConfig;
  random: () => number;
  clock: Clock;
}

export function settingsOf(options: Options): Settings {
  const urls = typeof options.url === 'string' ? [options.url] : [...options.url];
  if (urls.length === 0) throw new TypeError('wire: url is empty; give at least one address');
  const constructor = options.WebSocket ?? (globalThis.WebSocket as unknown as SocketConstructor | undefined);
  if (!constructor) throw new TypeError('wire: there is no global WebSocket; give the option WebSocket, for example that of the package ws');
  return {
    urls,
    encoding: options.encoding ?? 'proto',
    WebSocket: constructor,
    freshnessMillis: options.freshnessMillis ?? 1_000,
    acknowledge: options.acknowledge ?? 'received',
    heartbeatMillis: options.heartbeatMillis ?? 30_000,
    serverHeartbeatMillis: options.serverHeartbeatMillis ?? 10_000,
    connectTimeoutMillis: options.connectTimeoutMillis ?? 10_000,
    backoff: { ...defaultBackoff, ...options.backoff },
    random: options.random ?? Math.random,
    clock: options.clock ?? systemClock,
  };
}
