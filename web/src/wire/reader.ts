/** Says that bytes are no message of the protocol. */
export class MalformedError extends Error {
  override name = 'MalformedError';
}

const textDecoder = new TextDecoder();

/** Wire types of protobuf. */
export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireBytes = 2;
export const wireFixed32 = 5;

/** Reads protobuf fields out of bytes. Integers come as number where the protocol bounds them to 53 bits, else as bigint. */
export class Reader {
  readonly #view: DataView;
  position: number;

  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    public end = bytes.length,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = start;
  }

  get more(): boolean {
    return this.position < this.end;
  }

  /** A varint below 2^53, as are tags, lengths, ids and counts; a greater one is malformed. */
  small(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      factor *= 128;
    }
    throw new MalformedError('an integer is too large for its field');
  }

  /** An unsigned varint of up to 64 bits. */
  big(): bigint {
    const start = this.position;
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return BigInt(value);
      factor *= 128;
    }
    return BigInt.asUintN(64, this.#longVarint(start));
  }

  /** A zigzag varint of up to 64 bits. */
  signed(): bigint {
    const start = this.position;
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return BigInt(value % 2 === 0 ? value / 2 : -(value + 1) / 2);
      factor *= 128;
    }
    const raw = BigInt.asUintN(64, this.#longVarint(start));
    return (raw & 1n) === 0n ? raw >> 1n : -((raw + 1n) >> 1n);
  }

  bool(): boolean {
    return this.big() !== 0n;
  }

  fixed64(): bigint {
    const at = this.#advance(8);
    return this.#view.getBigInt64(at, true);
  }

  /** The bytes of a field with a length; a view, not a copy. */
  slice(): Uint8Array {
    const length = this.small();
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A reader of the message in a field with a length. */
  enter(): number {
    const length = this.small();
    if (length > this.end - this.position) throw new MalformedError('a message is cut off');
    return this.position + length;
  }

  text(): string {
    return textDecoder.decode(this.slice());
  }

  skip(wireType: number): void {
    switch (wireType) {
      case wireVarint:
        this.big();
        return;
      case wireFixed64:
        this.#advance(8);
        return;
      case wireBytes:
        this.#advance(this.small());
        return;
      case wireFixed32:
        this.#advance(4);
        return;
      default:
        throw new MalformedError(`wire type ${wireType} is not known`);
    }
  }

  #byte(): number {
    if (this.position >= this.end) throw new MalformedError('a message is cut off');
    return this.bytes[this.position++]!;
  }

  #advance(length: number): number {
    const at = this.position;
    if (length > this.end - at) throw new MalformedError('a message is cut off');
    this.position = at + length;
    return at;
  }

  #longVarint(start: number): bigint {
    this.position = start;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedError('a varint is longer than ten bytes');
  }
}
