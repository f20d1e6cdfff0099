import type { BatchFields } from './batch.js';
import { microsOf } from './clock.js';
import { RollingHistogram, type Histogram } from './histogram.js';

/** A part of the data's way, as a client sees it. */
export type Stage = 'venue' | 'gateway' | 'network' | 'total';

export const stages: readonly Stage[] = ['venue', 'gateway', 'network', 'total'];

const sliceMillis = 5_000;
const sliceCount = 12;

/**
 * Latency of this stream over the last minute, one value per update:
 *
 *  - venue: from the venue's time of the event to the gateway's receipt. Two clocks that nobody compares; a negative difference counts as 0 and in `clamped`;
 *  - gateway: from the gateway's receipt of the newest event to handing the batch to the connection, the wait for the conflation interval included;
 *  - network: from there to us, by our clock corrected by the offset that heartbeats show;
 *  - total: gateway and network together, what a value's age was when we took it.
 */
export class StreamLatency {
  readonly #stages: Record<Stage, RollingHistogram>;

  constructor() {
    const rolling = (): RollingHistogram => new RollingHistogram(sliceMillis, sliceCount);
    this.#stages = { venue: rolling(), gateway: rolling(), network: rolling(), total: rolling() };
  }

  /** Notes a batch that came at gatewayMicros by the gateway's clock. */
  record(batch: BatchFields, gatewayMicros: number, nowMillis: number): void {
    const sent = microsOf(batch.tsSend);
    const eventBase = batch.tsEventBase === 0n ? undefined : microsOf(batch.tsEventBase);
    const network = Math.max(gatewayMicros - sent, 0);
    for (const update of batch.updates) {
      const gateway = Number(update.recvAge) / 1_000;
      this.#stages.gateway.record(gateway, nowMillis);
      this.#stages.network.record(network, nowMillis);
      this.#stages.total.record(gateway + network, nowMillis);
      if (update.eventDelta !== undefined) {
        const received = sent - gateway;
        this.#stages.venue.record(received - (eventBase ?? received) - Number(update.eventDelta) / 1_000, nowMillis);
      }
    }
  }

  /** The last minute of a stage; valid until the next call for it. */
  of(stage: Stage, nowMillis: number): Histogram {
    return this.#stages[stage].sum(nowMillis);
  }
}
