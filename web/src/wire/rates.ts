import type { BatchFields } from './batch.js';

/** What a stream carries, per second. */
export interface Rates {
  messagesPerSecond: number;
  bytesPerSecond: number;
  updatesPerSecond: number;
  /** Share of feed events that were merged into a newer one, 0 to 1; undefined without any. */
  conflatedShare: number | undefined;
}

const slotMillis = 250;
const slotCount = 20;

/** Counts of a slot of time. */
class Slot {
  messages = 0;
  bytes = 0;
  updates = 0;
  conflated = 0;

  clear(): void {
    this.messages = this.bytes = this.updates = this.conflated = 0;
  }
}

/** Rates over the last five seconds, and counts since the beginning. */
export class RateMeter {
  readonly #slots = Array.from({ length: slotCount }, () => new Slot());
  #newest = -1;
  #startedMillis: number | undefined;
  readonly total = new Slot();

  note(bytes: number, batch: BatchFields | undefined, nowMillis: number): void {
    this.#startedMillis ??= nowMillis;
    const slot = this.#slotAt(nowMillis);
    let conflated = 0;
    if (batch) for (const update of batch.updates) conflated += update.conflated;
    const updates = batch?.updates.length ?? 0;
    for (const counts of [slot, this.total]) {
      counts.messages++;
      counts.bytes += bytes;
      counts.updates += updates;
      counts.conflated += conflated;
    }
  }

  rates(nowMillis: number): Rates {
    this.#slotAt(nowMillis);
    const sum = new Slot();
    for (const slot of this.#slots) {
      sum.messages += slot.messages;
      sum.bytes += slot.bytes;
      sum.updates += slot.updates;
      sum.conflated += slot.conflated;
    }
    const window = slotMillis * (slotCount - 1) + (nowMillis % slotMillis);
    const seconds = Math.max(Math.min(window, nowMillis - (this.#startedMillis ?? nowMillis)), slotMillis) / 1_000;
    const events = sum.updates + sum.conflated;
    return {
      messagesPerSecond: sum.messages / seconds,
      bytesPerSecond: sum.bytes / seconds,
      updatesPerSecond: sum.updates / seconds,
      conflatedShare: events === 0 ? undefined : sum.conflated / events,
    };
  }

  #slotAt(nowMillis: number): Slot {
    const number = Math.floor(nowMillis / slotMillis);
    if (this.#newest < 0) this.#newest = number;
    for (let i = Math.max(this.#newest + 1, number - slotCount + 1); i <= number; i++) this.#slots[i % slotCount]!.clear();
    this.#newest = Math.max(this.#newest, number);
    return this.#slots[this.#newest % slotCount]!;
  }
}
