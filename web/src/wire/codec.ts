import { create, fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import { ClientMessageSchema, ServerMessageSchema, type ClientMessage, type ServerMessage } from '../gen/tickgate/v1/market_data_pb.js';
import { readBatchMessage, type BatchFields } from './batch.js';
import { MalformedError } from './reader.js';

/** How messages are written: protobuf in binary frames, or JSON in text frames. */
export type Encoding = 'proto' | 'json';

/** What a client says. */
export type Command = Exclude<ClientMessage['command'], { case: undefined }>;

/** What a server says; batches without the generated message's extras. */
export type ServerEvent = { case: 'batch'; value: BatchFields } | Exclude<ServerMessage['event'], { case: 'batch' }>;

export interface Codec {
  readonly subprotocol: string;
  encode(requestId: bigint, command: Command): string | Uint8Array;
  /** Throws MalformedError. */
  decode(data: unknown): ServerEvent;
  /** Bytes of a frame. */
  size(data: unknown): number;
}

const protoCodec: Codec = {
  subprotocol: 'tickgate.v1.proto',
  encode: (requestId, command) => toBinary(ClientMessageSchema, create(ClientMessageSchema, { requestId, command })),
  decode(data) {
    const bytes = bytesOf(data);
    const batch = readBatchMessage(bytes);
    if (batch) return { case: 'batch', value: batch };
    return malformedUnless(() => fromBinary(ServerMessageSchema, bytes)).event;
  },
  size: (data) => bytesOf(data).length,
};

const jsonCodec: Codec = {
  subprotocol: 'tickgate.v1.json',
  encode: (requestId, command) => toJsonString(ClientMessageSchema, create(ClientMessageSchema, { requestId, command })),
  decode(data) {
    if (typeof data !== 'string') throw new MalformedError('a binary frame on a stream of JSON');
    return malformedUnless(() => fromJsonString(ServerMessageSchema, data, { ignoreUnknownFields: true })).event;
  },
  size: (data) => (typeof data === 'string' ? data.length : 0), // symbols are ASCII, and so is the rest but for people's words
};

export function codecFor(encoding: Encoding): Codec {
  return encoding === 'json' ? jsonCodec : protoCodec;
}

function bytesOf(data: unknown): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (data instanceof Uint8Array) return data;
  throw new MalformedError('a text frame on a stream of protobuf');
}

function malformedUnless<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new MalformedError('a message cannot be read', { cause });
  }
}
