import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { BatchSchema, ServerMessageSchema, UpdateSchema, type Batch } from '../src/gen/tickgate/v1/market_data_pb.js';
import { readBatchMessage, type BatchFields } from '../src/wire/batch.js';
import { codecFor } from '../src/wire/codec.js';
import { MalformedError } from '../src/wire/reader.js';
import { instrument } from './fakes.js';

/** A small generator of random numbers, the same each time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function randomBatch(random: () => number): Batch {
  const maybe = <T>(value: () => T): T | undefined => (random() < 0.6 ? value() : undefined);
  const bits = (n: number): bigint => BigInt.asUintN(64, BigInt(Math.floor(random() * 2 ** 53)) << 11n) >> BigInt(64 - Math.ceil(random() * n));
  const signed = (): bigint => (random() < 0.5 ? bits(63) : -bits(63));
  const update = () =>
    create(UpdateSchema, {
      instrumentId: Math.floor(random() * 2 ** 32), sequence: bits(64), conflated: Math.floor(random() * 1000), snapshot: random() < 0.3,
      recvAge: bits(60), eventDelta: maybe(signed),
      quote: maybe(() => ({ bidPrice: maybe(signed), bidSize: maybe(signed), askPrice: maybe(signed), askSize: maybe(signed), bidCleared: random() < 0.2, askCleared: random() < 0.2 })),
      trade: maybe(() => ({ price: signed(), size: signed(), aggressor: Math.floor(random() * 3) })),
      stats: maybe(() => ({ volume: maybe(signed), tradeCount: maybe(() => bits(64)), turnover: maybe(signed), open: maybe(signed), high: maybe(signed), low: maybe(signed) })),
      status: maybe(() => ({ status: Math.floor(random() * 5) })),
    } as never);
  return create(BatchSchema, {
    tsSend: signed(), streamSequence: bits(64), tsEventBase: signed(),
    instruments: random() < 0.2 ? [instrument('A', 1)] : [], updates: Array.from({ length: Math.floor(random() * 8) }, update),
  });
}

const encode = (batch: Batch): Uint8Array => toBinary(ServerMessageSchema, create(ServerMessageSchema, { event: { case: 'batch', value: batch } }));

/** The generated message without what only generated messages have. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([k, v]) => k !== '$typeName' && v !== undefined).map(([k, v]) => [k, plain(v)]));
}

describe('batches are read by hand', () => {
  test('as the generated code reads them', () => {
    const random = randomFrom(1);
    for (let i = 0; i < 2_000; i++) {
      const batch = randomBatch(random);
      expect(plain(readBatchMessage(encode(batch)))).toEqual(plain(batch satisfies BatchFields));
    }
  });

  test('fields from the future are passed over', () => {
    const batch = create(BatchSchema, { tsSend: 1n, streamSequence: 2n });
    const inner = toBinary(BatchSchema, batch);
    const unknown = [0x78, 0x96, 0x01, 0x82, 0x01, 2, 1, 2, 0x89, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 0x95, 0x01, 1, 2, 3, 4]; // fields 15 to 18 of each wire type
    const bytes = Uint8Array.from([0x1a, inner.length + unknown.length, ...inner, ...unknown]);
    expect(readBatchMessage(bytes)).toMatchObject({ tsSend: 1n, streamSequence: 2n });
  });

  test('anything else is left to the generated code', () => {
    const event = codecFor('proto').decode(toBinary(ServerMessageSchema, create(ServerMessageSchema, { event: { case: 'notice', value: { detail: 'x' } } })));
    expect(event).toMatchObject({ case: 'notice', value: { detail: 'x' } });
  });

  test('bytes that are cut off or garbled throw MalformedError and nothing else', () => {
    const random = randomFrom(2);
    const codec = codecFor('proto');
    let malformed = 0;
    for (let i = 0; i < 2_000; i++) {
      const bytes = encode(randomBatch(random));
      const cut = bytes.slice(0, Math.floor(random() * bytes.length));
      for (let j = 0; j < 3; j++) cut[Math.floor(random() * cut.length)] = Math.floor(random() * 256);
      try {
        codec.decode(cut);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
        malformed++;
      }
    }
    expect(malformed).toBeGreaterThan(1_000);
  });
});

test('JSON carries the same', () => {
  const codec = codecFor('json');
  const text = codec.encode(3n, { case: 'subscribe', value: { $typeName: 'tickgate.v1.Subscribe', symbols: ['A'], kinds: [], resume: [], implySequences: false } });
  expect(JSON.parse(text as string)).toEqual({ requestId: '3', subscribe: { symbols: ['A'] } });
  expect(codec.decode('{"batch":{"streamSequence":"1","updates":[{"instrumentId":1,"quote":{"bidPrice":"-5"}}],"fromTheFuture":1}}')).toMatchObject({
    case: 'batch', value: { streamSequence: 1n, updates: [{ instrumentId: 1, quote: { bidPrice: -5n } }] },
  });
  for (const bad of ['{', '[]', '{"batch":7}', new ArrayBuffer(3)]) expect(() => codec.decode(bad)).toThrow(MalformedError);
});
