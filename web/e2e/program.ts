import { spawn, type ChildProcess } from 'node:child_process';

/** Path of one of our programs, by the variable that names it. */
export function binary(variable: string): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: give the path of the program, or run e2e/with-browser.sh`);
  return path;
}

/** The environment of our programs. They take TICKGATE_… as settings: ours are none, and those of the host are not what is tested. */
export function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TICKGATE_')));
}

/** A program that a test has started, and what it has printed. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  output = '';

  constructor(
    private readonly name: string,
    args: readonly string[],
    more: Record<string, string> = {},
  ) {
    this.#child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...environment(), ...more } });
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
      if (Date.now() > end || this.#child.exitCode !== null) throw new Error(`${this.name} did not print ${pattern}; it printed:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Undefined while it runs, and when a signal has ended it. */
  get exitCode(): number | undefined {
    return this.#child.exitCode ?? undefined;
  }

  /** Waits for its end. */
  ended(): Promise<void> {
    return this.#ended;
  }

  /** Has it stand still, or go on. */
  suspend(stopped: boolean): void {
    this.#child.kill(stopped ? 'SIGSTOP' : 'SIGCONT');
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }
}
