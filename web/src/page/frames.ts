const kept = 4_096;

/** The last few thousand durations in milliseconds. */
class Durations {
  readonly #values = new Float32Array(kept);
  #count = 0;

  add(millis: number): void {
    this.#values[this.#count++ % kept] = millis;
  }

  clear(): void {
    this.#count = 0;
  }

  get count(): number {
    return this.#count;
  }

  percentile(share: number): number {
    const sorted = this.#values.slice(0, Math.min(this.#count, kept)).sort();
    return sorted.length === 0 ? 0 : sorted[Math.min(Math.ceil(share * sorted.length), sorted.length) - 1]!;
  }
}

/** Paints at most once per frame of the display, and only when there is something to paint; measures what that costs. */
export class Frames {
  /** Our own work in a frame: everything from its beginning until the DOM is as it should be. */
  readonly work = new Durations();
  /** From the beginning of a frame until the browser has laid it out and painted it too. */
  readonly render = new Durations();

  #scheduled = false;
  readonly #after = new MessageChannel();
  #started = 0;

  constructor(private readonly paint: (nowMillis: number) => void) {
    // A message posted in a frame is delivered after it has been rendered.
    this.#after.port1.onmessage = () => this.render.add(performance.now() - this.#started);
  }

  /** Something is to be painted. */
  request(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#frame());
  }

  /** Forgets what was measured. */
  clear(): void {
    for (const durations of [this.work, this.render]) durations.clear();
  }

  #frame(): void {
    this.#scheduled = false;
    this.#started = performance.now();
    this.paint(this.#started);
    this.work.add(performance.now() - this.#started);
    this.#after.port2.postMessage(0);
  }
}
