import type { Gap, Notice, State } from '../gen/tickgate/v1/market_data_pb.js';
import { Backoff } from './backoff.js';
import type { BatchFields } from './batch.js';
import { Book } from './book.js';
import { microsOf } from './clock.js';
import type { Closing } from './closing.js';
import type { Command, ServerEvent } from './codec.js';
import { conflationMessage, type Conflation, type KindName } from './conflation.js';
import { Connection, type ConnectionListener } from './connection.js';
import { Emitter } from './emitter.js';
import { chunks, Interest } from './interest.js';
import { StreamLatency } from './latency.js';
import { ClockOffset } from './offset.js';
import { settingsOf, type Options, type Settings } from './options.js';
import { RateMeter, type Rates } from './rates.js';
import { ClosedError, joined, Requests, type Outcome, type Rejected } from './requests.js';

/** Where a client stands. */
export type Phase = 'idle' | 'connecting' | 'live' | 'silent' | 'reconnecting' | 'closed';

export interface Status {
  phase: Phase;
  /** Why, in words; empty if there is nothing to say. */
  reason: string;
  /** While reconnecting: when the next attempt is made, in the clock's monotonic milliseconds; undefined while one is under way. */
  retryAtMillis: number | undefined;
  /** Attempts to connect since the gateway was last heard. */
  attempts: number;
}

/** What a client tells, by name. */
export interface ClientEvents {
  status: Status;
  /** Updates, after they were merged into the book. */
  batch: BatchFields;
  /** Events that will not come. */
  gap: Gap;
  /** What values are worth from here on, after the book has it. */
  state: State;
  /** For people and logs. */
  notice: Notice;
  /** A symbol is not subscribed, at the first time or when the subscription was renewed. */
  rejected: Rejected;
  /** The conflation that the gateway granted last. */
  granted: Conflation;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** Default: latest. */
  conflation?: Conflation;
  /** Default: all. */
  kinds?: readonly KindName[];
}

const symbolPattern = /^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/;

/** A session with a gateway that outlives connections: it reconnects, renews what is subscribed, and goes on where it was. */
export class Client {
  /** Last values. */
  readonly book: Book;
  /** Latency of what came in the last minute. */
  readonly latency = new StreamLatency();
  /** How far the gateway's clock is from ours, and the shortest way there and back. */
  readonly clockOffset = new ClockOffset();

  readonly #settings: Settings;
  readonly #events = new Emitter<ClientEvents>();
  readonly #meter = new RateMeter();
  readonly #backoff: Backoff;
  readonly #interest: Interest;
  readonly #requests = new Requests();
  #status: Status = { phase: 'idle', reason: '', retryAtMillis: undefined, attempts: 0 };
  /** The connection that carries the stream. */
  #current: Connection | undefined;
  /** The connection in the making; when it opens it takes the place of the current one. */
  #next: Connection | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #urlTurn = 0;
  #newestSequence = 0n;
  /** The gateway has said that it goes away. */
  #leaving = false;
  #retryAtMillis = 0;

  constructor(options: Options) {
    this.#settings = settingsOf(options);
    this.book = new Book(() => this.#settings.clock.monotonicMillis());
    this.#interest = new Interest(this.book);
    this.#backoff = new Backoff(this.#settings.backoff, this.#settings.random);
  }

  get status(): Status {
    return this.#status;
  }

  /** Calls a listener from now on; returns what ends that. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Connects, and stays connected until close. */
  connect(): void {
    if (this.#status.phase === 'closed') throw new ClosedError();
    if (!this.#current && !this.#next) this.#attempt();
  }

  /** Does not wait for the next attempt to connect but makes it now. */
  retryNow(): void {
    if (this.#status.phase === 'reconnecting' && !this.#next) this.#attempt();
  }

  /** Ends the session. Commands that were not answered fail with ClosedError. */
  close(): void {
    clearTimeout(this.#retryTimer);
    this.#next?.close();
    this.#current?.close();
    this.#next = this.#current = undefined;
    this.book.disconnected();
    this.#requests.failAll(new ClosedError());
    this.#setStatus({ phase: 'closed', reason: '' });
  }

  /** Symbols that are subscribed or will be. */
  get symbols(): string[] {
    return this.#interest.symbols();
  }

  /** Subscribes symbols until they are unsubscribed or rejected. The promise settles when the gateway has answered, on this connection or a later one. */
  async subscribe(symbols: readonly string[], options: SubscribeOptions = {}): Promise<Outcome> {
    const distinct = [...new Set(symbols)];
    const valid = distinct.filter((symbol) => symbolPattern.test(symbol));
    const rejected = distinct.filter((symbol) => !symbolPattern.test(symbol)).map(invalidSymbol);
    for (const rejection of rejected) this.#events.emit('rejected', rejection);
    const terms = { conflation: options.conflation ?? 'latest', kinds: options.kinds ?? [] };
    this.#interest.set(valid, terms);
    for (const symbol of valid) this.book.add(symbol);
    const answers = chunks(valid).map((chunk) =>
      this.#ask(chunk, () => {
        const wanted = chunk.filter((symbol) => this.#interest.has(symbol));
        return wanted.length === 0 ? undefined : this.#interest.subscribe(wanted, terms, false);
      }),
    );
    const outcome = joined(await Promise.all(answers));
    return { ...outcome, rejected: [...rejected, ...outcome.rejected] };
  }

  /** Unsubscribes symbols and forgets their values. */
  async unsubscribe(symbols: readonly string[]): Promise<Outcome> {
    const removed = symbols.filter((symbol) => this.#interest.has(symbol));
    this.#interest.delete(removed);
    for (const symbol of removed) this.book.remove(symbol);
    if (!this.#current) return { accepted: removed, rejected: [], granted: undefined };
    return joined(await Promise.all(chunks(removed).map((chunk) => this.#askNow(unsubscribeCommand(chunk)))));
  }

  /** Changes the conflation of symbols, or of all. */
  async setConflation(conflation: Conflation, symbols: readonly string[] = []): Promise<Outcome> {
    this.#interest.setConflation(symbols.length > 0 ? symbols : this.#interest.symbols(), conflation);
    const value = { $typeName: 'tickgate.v1.SetConflation' as const, conflation: conflationMessage(conflation) };
    const all = symbols.length > 0 ? chunks(symbols) : [[]];
    return joined(await Promise.all(all.map((chunk) => this.#ask([], () => ({ case: 'setConflation', value: { ...value, symbols: chunk } })))));
  }

  /** With `acknowledge: 'manual'`: the application has taken everything that has come. */
  taken(): void {
    this.#current?.taken(this.#newestSequence);
  }

  /** What came per second, over the last five seconds. */
  rates(): Rates {
    return this.#meter.rates(this.#settings.clock.monotonicMillis());
  }

  /** What came since the beginning. */
  get totals(): { readonly messages: number; readonly bytes: number; readonly updates: number; readonly conflated: number } {
    return this.#meter.total;
  }

  #ask(symbols: readonly string[], command: () => Command | undefined): Promise<Outcome> {
    const { id, answer } = this.#requests.add(symbols, command);
    const now = this.#current && command();
    if (now) this.#current?.send(id, now);
    return answer;
  }

  /** Sends a command that is settled by the end of its connection. */
  #askNow(command: Command): Promise<Outcome> {
    const { id, answer } = this.#requests.add([], () => undefined);
    this.#current?.send(id, command);
    return answer;
  }

  #attempt(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    const { urls } = this.#settings;
    const url = urls[this.#urlTurn++ % urls.length]!;
    if (!this.#current) this.#setStatus({ phase: this.#status.phase === 'idle' ? 'connecting' : 'reconnecting', reason: this.#status.reason });
    this.#next = new Connection(url, this.#settings, this.#listener);
  }

  readonly #listener: ConnectionListener = {
    opened: (connection) => this.#adopt(connection),
    received: (_, event, bytes) => this.#received(event, bytes),
    silence: (_, silent) =>
      this.#setStatus(silent ? { phase: 'silent', reason: 'the gateway says nothing' } : { phase: 'live', reason: '' }),
    closed: (connection, closing) => this.#closed(connection, closing),
  };

  /** The next connection is open: it takes over, and everything that is wanted is said on it. */
  #adopt(connection: Connection): void {
    this.#current?.close();
    this.#current = connection;
    this.#next = undefined;
    this.#newestSequence = 0n;
    this.#leaving = false;
    this.clockOffset.clear();
    this.book.connected();
    const { freshnessMillis } = this.#settings;
    if (freshnessMillis > 0) {
      connection.send(0n, { case: 'setFreshness', value: { $typeName: 'tickgate.v1.SetFreshness', maxUnackedMs: BigInt(freshnessMillis) } });
    }
    const again = this.#requests.again();
    const asked = new Set(again.flatMap(({ symbols }) => symbols));
    for (const command of this.#interest.renewal(asked)) connection.send(0n, command);
    for (const { id, command } of again) connection.send(id, command);
    this.#setStatus({ phase: 'live', reason: '' });
  }

  #closed(connection: Connection, closing: Closing): void {
    if (connection === this.#next) this.#next = undefined;
    if (connection === this.#current) {
      this.#current = undefined;
      this.book.disconnected();
    }
    if (!this.#next && this.#retryTimer === undefined) this.#retryIn(closing.lasting ? this.#backoff.longest() : this.#backoff.next());
    if (!this.#current) this.#setStatus({ phase: 'reconnecting', reason: closing.reason });
  }

  #retryIn(millis: number): void {
    this.#retryAtMillis = this.#settings.clock.monotonicMillis() + millis;
    this.#retryTimer = setTimeout(() => this.#attempt(), millis);
  }

  #received(event: ServerEvent, bytes: number): void {
    if (!this.#leaving) this.#backoff.reset();
    const now = this.#settings.clock.monotonicMillis();
    this.#meter.note(bytes, event.case === 'batch' ? event.value : undefined, now);
    switch (event.case) {
      case 'batch':
        this.#batch(event.value, now);
        break;
      case 'subscribeResult':
        for (const instrument of event.value.accepted) this.book.describe(instrument);
        this.#refuse(this.#answered(event).rejected);
        break;
      case 'unsubscribeResult':
      case 'setConflationResult':
        this.#answered(event);
        break;
      case 'gap':
        this.book.noteGap(event.value);
        this.#events.emit('gap', event.value);
        break;
      case 'state':
        this.book.setState(event.value);
        this.#events.emit('state', event.value);
        break;
      case 'heartbeat':
        if (event.value.echo !== undefined) {
          this.clockOffset.add(microsOf(event.value.echo), microsOf(event.value.tsSend), this.#settings.clock.wallMicros());
        }
        break;
      case 'notice':
        this.#events.emit('notice', event.value);
        break;
      case 'goingAway':
        this.#leave(event.value.reason, event.value.retryAfterMs);
        break;
    }
  }

  #batch(batch: BatchFields, now: number): void {
    this.#newestSequence = batch.streamSequence;
    this.latency.record(batch, this.#settings.clock.wallMicros() + this.clockOffset.micros, now);
    this.book.merge(batch);
    this.#events.emit('batch', batch);
    if (this.#settings.acknowledge === 'received') this.taken();
  }

  #answered(event: Parameters<Requests['answered']>[0]): Outcome {
    const outcome = this.#requests.answered(event);
    if (outcome.granted !== undefined) this.#events.emit('granted', outcome.granted);
    return outcome;
  }

  /** Symbols that the gateway does not take are not asked for again. */
  #refuse(rejected: Rejected[]): void {
    this.#interest.delete(rejected.map(({ symbol }) => symbol));
    for (const rejection of rejected) {
      this.book.remove(rejection.symbol);
      this.#events.emit('rejected', rejection);
    }
  }

  /** The gateway will end the stream. The next connection is made when it allows; this one carries until then, so that no time is lost. */
  #leave(reason: string, retryAfterMillis: number): void {
    if (this.#next || this.#retryTimer !== undefined) return;
    this.#leaving = true;
    this.#retryIn(retryAfterMillis);
    this.#setStatus({ phase: this.#status.phase, reason });
  }

  #setStatus({ phase, reason }: Pick<Status, 'phase' | 'reason'>): void {
    const waiting = phase === 'reconnecting' && this.#retryTimer !== undefined;
    this.#status = { phase, reason, retryAtMillis: waiting ? this.#retryAtMillis : undefined, attempts: this.#backoff.attempts };
    this.#events.emit('status', this.#status);
  }
}

function unsubscribeCommand(symbols: string[]): Command {
  return { case: 'unsubscribe', value: { $typeName: 'tickgate.v1.Unsubscribe', symbols, all: false } };
}

function invalidSymbol(symbol: string): Rejected {
  return {
    symbol,
    reason: 'INVALID_SYMBOL',
    detail: 'a symbol is 1 to 64 printable ASCII characters, without a space at either end',
  };
}
