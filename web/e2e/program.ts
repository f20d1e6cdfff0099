import { spawn, type ChildProcess } from 'node:child_process';

/** A program that a test has started, and what it has printed. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  output = '';

  constructor(
    private readonly binary: string,
    args: readonly string[],
  ) {
    // The programs take TICKGATE_… as settings: ours are none, and those of the host are not what is tested.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TICKGATE_')));
    this.#child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (data: Buffer) => (this.output += data.toString()));
    this.#ended = new Promise((resolve) => {
      this.#child.on('exit', () => resolve());
      this.#child.on('error', (error) => {
        this.output += error.message;
        resolve();
      });
    });
  }

  /** Waits until it has printed what matches. */
  async printed(pattern: RegExp, withinMillis = 30_000): Promise<RegExpExecArray> {
    const end = Date.now() + withinMillis;
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match;
      if (Date.now() > end || this.#child.exitCode !== null) throw new Error(`${this.binary} did not print ${pattern}; it printed:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Waits for its end. */
  ended(): Promise<void> {
    return this.#ended;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }
}
