import { create, fromBinary, toBinary, toJsonString } from '@bufbuild/protobuf';
import {
  ClientMessageSchema, InstrumentSchema, MarketState, ServerMessageSchema, UpdateSchema,
  type ClientMessage, type Instrument, type ServerMessage, type Update,
} from '../src/gen/tickgate/v1/market_data_pb.js';
import { Client, type Options } from '../src/wire/index.js';
import type { Socket } from '../src/wire/socket.js';
import type { MessageInitShape } from '@bufbuild/protobuf';

/** A WebSocket whose other side is the test. */
export class FakeSocket implements Socket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (!socket) throw new Error('no socket was made');
    return socket;
  }

  binaryType = 'blob';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: (string | Uint8Array)[] = [];
  closedWith: { code: number | undefined; reason: string | undefined } | undefined;

  constructor(readonly url: string, readonly protocols: string[]) {
    FakeSocket.all.push(this);
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  close(code?: number, reason?: string): void {
    this.closedWith = { code, reason };
  }

  /** The commands that the client has sent, acknowledgements and heartbeats too. */
  get commands(): ClientMessage[] {
    return this.sent.map((data) => fromBinary(ClientMessageSchema, data as Uint8Array));
  }

  of<Case extends ClientMessage['command']['case']>(name: Case): Extract<ClientMessage['command'], { case: Case }>['value'][] {
    return this.commands.filter((m) => m.command.case === name).map((m) => m.command.value as never);
  }

  idOf(name: ClientMessage['command']['case']): bigint {
    const command = this.commands.filter((m) => m.command.case === name).at(-1);
    if (!command) throw new Error(`the client has sent no ${name}`);
    return command.requestId;
  }

  open(): void {
    this.onopen?.({} as never);
  }

  say(event: MessageInitShape<typeof ServerMessageSchema>['event']): void {
    const bytes = toBinary(ServerMessageSchema, create(ServerMessageSchema, { event: event! }));
    this.raw(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }

  sayJson(event: MessageInitShape<typeof ServerMessageSchema>['event']): void {
    this.raw(toJsonString(ServerMessageSchema, create(ServerMessageSchema, { event: event! }) as ServerMessage));
  }

  raw(data: unknown): void {
    this.onmessage?.({ data } as never);
  }

  drop(code = 1006, reason = ''): void {
    this.onclose?.({ code, reason } as never);
  }
}

/** A client on fake sockets, without jitter. */
export function fakeClient(options: Partial<Options> = {}): Client {
  FakeSocket.all = [];
  return new Client({ url: 'ws://gateway/v1/stream', WebSocket: FakeSocket, random: () => 0.5, ...options });
}

export function instrument(symbol: string, id: number, more: MessageInitShape<typeof InstrumentSchema> = {}): Instrument {
  return create(InstrumentSchema, { symbol, id, priceScale: 2, sizeScale: 3, turnoverScale: 5, state: MarketState.LIVE, epoch: 7n, ...more });
}

export function update(instrumentId: number, sequence: bigint, more: MessageInitShape<typeof UpdateSchema> = {}): Update {
  return create(UpdateSchema, { instrumentId, sequence, ...more });
}

/** Answers the newest Subscribe: every symbol accepted, with ids from 1 on. */
export function accept(socket: FakeSocket, symbols: string[], intervalMs = 0n): void {
  socket.say({
    case: 'subscribeResult',
    value: {
      requestId: socket.idOf('subscribe'),
      accepted: symbols.map((symbol, i) => instrument(symbol, i + 1)),
      conflation: { policy: intervalMs > 0n ? 2 : 1, intervalMs },
    },
  });
}
