import type { Rejection } from '../gen/tickgate/v1/market_data_pb.js';
import { RejectReason } from '../gen/tickgate/v1/market_data_pb.js';
import type { Command, ServerEvent } from './codec.js';
import type { Conflation } from './conflation.js';
import { conflationOf } from './conflation.js';

/** Why a symbol was not taken. */
export interface Rejected {
  symbol: string;
  /** `INVALID_SYMBOL`, `STREAM_LIMIT`, … as RejectReason of the protocol names them. */
  reason: string;
  /** The same in words. */
  detail: string;
}

/** Answer to a command about symbols. */
export interface Outcome {
  /** Symbols subscribed; of an unsubscribe, those removed. */
  accepted: string[];
  rejected: Rejected[];
  /** What was granted; of an unsubscribe undefined. */
  granted: Conflation | undefined;
}

/** The client was closed before the gateway answered. */
export class ClosedError extends Error {
  override name = 'ClosedError';
  constructor() {
    super('wire: the client was closed before the gateway answered; make a new client');
  }
}

/** A command that waits for its answer, and survives the connection that it was sent on. */
interface Request {
  id: bigint;
  /** Makes the command, anew for each connection; undefined when a new connection has made it needless. */
  command: () => Command | undefined;
  /** Those that it subscribes. */
  symbols: readonly string[];
  settle: (outcome: Outcome) => void;
  fail: (error: Error) => void;
}

/** A command to be said again, and what it subscribes. */
export interface Repeated {
  id: bigint;
  command: Command;
  symbols: readonly string[];
}

const nothing: Outcome = { accepted: [], rejected: [], granted: undefined };

type Answer = Extract<ServerEvent, { case: 'subscribeResult' | 'unsubscribeResult' | 'setConflationResult' }>;

/** The commands that have not been answered yet, in the order in which they were given. */
export class Requests {
  readonly #waiting = new Map<bigint, Request>();
  #lastId = 0n;

  /** Notes a command and returns its id and the promise of its answer. */
  add(symbols: readonly string[], command: () => Command | undefined): { id: bigint; answer: Promise<Outcome> } {
    const id = ++this.#lastId;
    const answer = new Promise<Outcome>((settle, fail) => this.#waiting.set(id, { id, command, symbols, settle, fail }));
    return { id, answer };
  }

  answered(event: Answer): Outcome {
    const outcome = outcomeOf(event);
    const request = this.#waiting.get(event.value.requestId);
    this.#waiting.delete(event.value.requestId);
    request?.settle(outcome);
    return outcome;
  }

  /** There is a new connection: returns what has to be said again on it, and settles what it has made needless. */
  again(): Repeated[] {
    return [...this.#waiting.values()].flatMap(({ id, command: make, symbols, settle }) => {
      const command = make();
      if (command) return [{ id, command, symbols }];
      this.#waiting.delete(id);
      settle(nothing);
      return [];
    });
  }

  failAll(error: Error): void {
    for (const request of this.#waiting.values()) request.fail(error);
    this.#waiting.clear();
  }
}

function outcomeOf(event: Answer): Outcome {
  const rejected = event.value.rejected.map(rejectedOf);
  switch (event.case) {
    case 'subscribeResult':
      return { accepted: event.value.accepted.map((i) => i.symbol), rejected, granted: conflationOf(event.value.conflation) };
    case 'unsubscribeResult':
      return { accepted: event.value.removed, rejected, granted: undefined };
    case 'setConflationResult':
      return { accepted: [], rejected, granted: conflationOf(event.value.conflation) };
  }
}

function rejectedOf(rejection: Rejection): Rejected {
  return { symbol: rejection.symbol, reason: RejectReason[rejection.reason] ?? String(rejection.reason), detail: rejection.detail };
}

/** One outcome of several requests. */
export function joined(outcomes: Outcome[]): Outcome {
  return {
    accepted: outcomes.flatMap((o) => o.accepted),
    rejected: outcomes.flatMap((o) => o.rejected),
    granted: outcomes.find((o) => o.granted !== undefined)?.granted,
  };
}
