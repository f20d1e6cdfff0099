const acksAtOnce = 16;
const acksPerBound = 8;

/**
 * Acknowledger tells the gateway what the application has taken: the first batches at once, because the gateway begins with a window of one, then a few
 * times per bound.
 */
export class Acknowledger {
  #sent = 0n;
  #taken = 0n;
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly boundMillis: number,
    private readonly send: (streamSequence: bigint) => void,
  ) {}

  /** The application has taken everything up to a batch. */
  taken(streamSequence: bigint): void {
    if (this.boundMillis === 0 || streamSequence <= this.#taken) return;
    this.#taken = streamSequence;
    if (this.#count < acksAtOnce) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.boundMillis / acksPerBound);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#taken <= this.#sent) return;
    this.#sent = this.#taken;
    this.#count++;
    this.send(this.#sent);
  }
}
