import { Acknowledger } from './acknowledger.js';
import { closeMalformed, closeNormal, closeSilent, closingOf, type Closing } from './closing.js';
import { codecFor, type Codec, type Command, type ServerEvent } from './codec.js';
import type { Settings } from './options.js';
import type { Socket } from './socket.js';

/** What a connection tells its client. */
export interface ConnectionListener {
  opened(connection: Connection): void;
  received(connection: Connection, event: ServerEvent, bytes: number): void;
  /** The gateway has been silent for longer than one of its heartbeats, or speaks again. */
  silence(connection: Connection, silent: boolean): void;
  /** The last call; not made after close(). */
  closed(connection: Connection, closing: Closing): void;
}

const nanosPerMicro = 1_000n;
/** After so many heartbeats without a word the gateway is silent: it may be late by half of one, since it looks after its clients from time to time. */
const silentBeats = 1.5;
/** Heartbeats soon after the first, which had to wait behind subscriptions and tells little about the clocks. */
const earlyBeatsMillis = [1_000, 4_000];

/** One WebSocket from its making to its end: frames, heartbeats both ways, acknowledgements. */
export class Connection {
  readonly #codec: Codec;
  readonly #socket: Socket;
  readonly #acknowledger: Acknowledger;
  #openTimer: ReturnType<typeof setTimeout> | undefined;
  #heartbeatTimer: ReturnType<typeof setInterval> | undefined;
  #earlyTimers: ReturnType<typeof setTimeout>[] = [];
  #silenceTimer: ReturnType<typeof setInterval> | undefined;
  /** How often the gateway gives a sign of life at least: as it says itself, or until it does, as the settings say. */
  #beatMillis = 0;
  #heardAtMillis = 0;
  #silent = false;
  #ended = false;

  constructor(
    readonly url: string,
    private readonly settings: Settings,
    private readonly listener: ConnectionListener,
  ) {
    this.#codec = codecFor(settings.encoding);
    this.#acknowledger = new Acknowledger(settings.freshnessMillis, (streamSequence) =>
      this.send(0n, { case: 'ack', value: { $typeName: 'tickgate.v1.Ack', streamSequence } }),
    );
    const socket = new settings.WebSocket(url, [this.#codec.subprotocol]);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#opened();
    socket.onmessage = (event: { data: unknown }) => this.#received(event.data);
    socket.onclose = (event: { code: number; reason: string }) => this.#end(closingOf(event.code, event.reason));
    socket.onerror = () => {}; // a close event follows, and says more
    this.#openTimer = setTimeout(() => this.#giveUp(closeSilent, 'no answer from the gateway'), settings.connectTimeoutMillis);
  }

  send(requestId: bigint, command: Command): void {
    if (this.#ended) return;
    this.#socket.send(this.#codec.encode(requestId, command) as string | Uint8Array<ArrayBuffer>);
  }

  /** The application has taken everything up to a batch. */
  taken(streamSequence: bigint): void {
    if (!this.#ended) this.#acknowledger.taken(streamSequence);
  }

  /** Ends the connection from our side; the listener hears nothing more. */
  close(code = closeNormal, reason = ''): void {
    if (this.#ended) return;
    this.#release();
    this.#socket.close(code, reason);
  }

  #opened(): void {
    clearTimeout(this.#openTimer);
    const { serverHeartbeatMillis, heartbeatMillis } = this.settings;
    this.#heardAtMillis = this.settings.clock.monotonicMillis();
    this.#expectBeats(serverHeartbeatMillis);
    this.#heartbeatTimer = setInterval(() => this.#beat(), heartbeatMillis);
    this.listener.opened(this);
    this.#beat();
    this.#earlyTimers = earlyBeatsMillis.map((millis) => setTimeout(() => this.#beat(), millis));
  }

  #beat(): void {
    const clientTime = BigInt(Math.round(this.settings.clock.wallMicros())) * nanosPerMicro;
    this.send(0n, { case: 'heartbeat', value: { $typeName: 'tickgate.v1.ClientHeartbeat', clientTime } });
  }

  #received(data: unknown): void {
    if (this.#ended) return;
    this.#heardAtMillis = this.settings.clock.monotonicMillis();
    if (this.#silent) this.#setSilent(false);
    let event: ServerEvent;
    try {
      event = this.#codec.decode(data);
    } catch (error) {
      this.#giveUp(closeMalformed, `the gateway sent what is no message: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    if (event.case === 'heartbeat' && event.value.intervalMs > 0) this.#expectBeats(event.value.intervalMs);
    this.listener.received(this, event, this.#codec.size(data));
  }

  #expectBeats(everyMillis: number): void {
    if (everyMillis === this.#beatMillis) return;
    this.#beatMillis = everyMillis;
    clearInterval(this.#silenceTimer);
    this.#silenceTimer = setInterval(() => this.#lookForSilence(), everyMillis / 20);
  }

  #lookForSilence(): void {
    const silence = this.settings.clock.monotonicMillis() - this.#heardAtMillis;
    if (silence >= 1.9 * this.#beatMillis) this.#giveUp(closeSilent, 'the gateway has fallen silent');
    else if (silence >= silentBeats * this.#beatMillis && !this.#silent) this.#setSilent(true);
  }

  #setSilent(silent: boolean): void {
    this.#silent = silent;
    this.listener.silence(this, silent);
  }

  /** Ends the connection without waiting for the other side, which may be gone. */
  #giveUp(code: number, reason: string): void {
    if (this.#ended) return;
    this.close(code, reason.slice(0, 120)); // a close frame has room for 123 bytes
    this.listener.closed(this, { code, reason, lasting: false });
  }

  #end(closing: Closing): void {
    if (this.#ended) return;
    this.#release();
    this.listener.closed(this, closing);
  }

  #release(): void {
    this.#ended = true;
    clearTimeout(this.#openTimer);
    clearInterval(this.#heartbeatTimer);
    for (const timer of this.#earlyTimers) clearTimeout(timer);
    clearInterval(this.#silenceTimer);
    this.#acknowledger.stop();
  }
}
