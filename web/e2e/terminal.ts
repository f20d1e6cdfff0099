import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { Terminal as Screen } from '@xterm/xterm';
import { environment } from './program.js';

const xterm = createRequire(import.meta.url).resolve('@xterm/xterm/package.json').replace('package.json', '');
const betweenFramesMillis = 25;

/** A program at a pseudo-terminal of script(1), and what it has written there. */
export class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #written: Buffer[] = [];
  #writtenAt = 0;

  constructor(command: readonly string[], readonly columns: number, readonly rows: number) {
    const inside = `stty cols ${columns} rows ${rows} && exec ${command.map((word) => `'${word}'`).join(' ')}`;
    this.#child = spawn('script', ['--quiet', '--flush', '--command', inside, '/dev/null'], {
      env: { ...environment(), TERM: 'xterm-256color', COLORTERM: '', NO_COLOR: '' },
    });
    this.#child.stdout.on('data', (data: Buffer) => {
      this.#written.push(data);
      this.#writtenAt = performance.now();
    });
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Ends the program with the key that it ends with. */
  async end(key: string): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.type(key);
    await ended;
  }

  /** Takes a picture of the screen, as xterm.js shows it in a page. */
  async picture(page: Page, path: string): Promise<void> {
    while (performance.now() - this.#writtenAt < betweenFramesMillis) await page.waitForTimeout(5); // a whole frame, not half of one
    const written = Buffer.concat(this.#written).toString('latin1');
    await page.setContent('<main style="display: inline-block; padding: 18px 20px; background: #11161d"></main>');
    await page.addStyleTag({ path: `${xterm}css/xterm.css` });
    await page.addScriptTag({ path: `${xterm}lib/xterm.js` });
    await page.evaluate(show, { written, columns: this.columns, rows: this.rows });
    await page.locator('main').screenshot({ path });
  }
}

/** In the page: a screen on which was written what is given, byte by byte. */
function show({ written, columns, rows }: { written: string; columns: number; rows: number }): Promise<void> {
  const { Terminal } = window as unknown as { Terminal: typeof Screen };
  const screen = new Terminal({
    cols: columns, rows, fontFamily: '"DejaVu Sans Mono", monospace', fontSize: 14, cursorInactiveStyle: 'none',
    theme: { background: '#11161d', foreground: '#e4e9f0' },
  });
  screen.open(document.querySelector('main')!);
  return new Promise((done) => screen.write(Uint8Array.from(written, (byte) => byte.charCodeAt(0)), () => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
}
