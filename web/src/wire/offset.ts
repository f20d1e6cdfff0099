/** One heartbeat that was answered. */
interface Sample {
  offsetMicros: number;
  roundTripMicros: number;
}

const samplesKept = 8;

/**
 * ClockOffset estimates how far the gateway's clock is ahead of ours, from heartbeats that echo our time. The answer with the shortest way there and back
 * says most. Half of that way is how wrong the estimate may be: an offset within it is taken as none, so that on one machine no error is added.
 */
export class ClockOffset {
  readonly #samples: Sample[] = [];

  /** Notes an answer: when we sent the question, when the gateway answered by its own clock, and when we had the answer. */
  add(sentMicros: number, answeredMicros: number, receivedMicros: number): void {
    this.#samples.push({
      offsetMicros: answeredMicros - (sentMicros + receivedMicros) / 2,
      roundTripMicros: Math.max(receivedMicros - sentMicros, 0),
    });
    if (this.#samples.length > samplesKept) this.#samples.shift();
  }

  /** Forgets everything: another gateway has another clock. */
  clear(): void {
    this.#samples.length = 0;
  }

  /** What to add to our clock to have the gateway's; 0 before the first answer. */
  get micros(): number {
    const best = this.#best;
    return best && Math.abs(best.offsetMicros) > best.roundTripMicros / 2 ? best.offsetMicros : 0;
  }

  /** Shortest way there and back; undefined before the first answer. */
  get roundTripMicros(): number | undefined {
    return this.#best?.roundTripMicros;
  }

  get #best(): Sample | undefined {
    return this.#samples.reduce<Sample | undefined>((a, b) => (a && a.roundTripMicros <= b.roundTripMicros ? a : b), undefined);
  }
}
