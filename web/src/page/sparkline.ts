import type { PriceHistory } from './history.js';
import { element } from './dom.js';

/** Colours of what is drawn on canvas; read from the style sheet once per theme. */
export interface Palette {
  up: string;
  down: string;
  flat: string;
}

export function paletteOf(host: Element): Palette {
  const style = getComputedStyle(host);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return { up: read('--up'), down: read('--down'), flat: read('--muted') };
}

const width = 92;
const height = 22;
const inset = 2;
/** A line of fewer points does not take the whole width. */
const fewestPoints = 30;

/** A line of the last minute and a half, without axes. */
export class Sparkline {
  readonly canvas = element('canvas', { class: 'spark', 'aria-hidden': 'true' });
  readonly #context = this.canvas.getContext('2d');
  #drawn: PriceHistory | undefined;
  #drawnVersion = -1;
  #drawnPalette: Palette | undefined;

  /** There is nothing to draw. */
  shows(history: PriceHistory, palette: Palette): boolean {
    return this.#drawn === history && this.#drawnVersion === history.version && this.#drawnPalette === palette;
  }

  draw(history: PriceHistory, palette: Palette): void {
    if (this.shows(history, palette)) return;
    this.#drawn = history;
    this.#drawnVersion = history.version;
    this.#drawnPalette = palette;
    const context = this.#context;
    if (!context) return;
    this.#clear(context);
    if (history.length >= 2) drawLine(context, history, palette);
  }

  #clear(context: CanvasRenderingContext2D): void {
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      context.scale(ratio, ratio);
    }
    context.clearRect(0, 0, width, height);
  }
}

function drawLine(context: CanvasRenderingContext2D, history: PriceHistory, palette: Palette): void {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < history.length; i++) {
    low = Math.min(low, history.at(i));
    high = Math.max(high, history.at(i));
  }
  const range = high - low;
  const step = (width - 2 * inset) / (Math.max(history.length, fewestPoints) - 1);
  const left = width - inset - step * (history.length - 1);
  const y = (value: number): number => (range === 0 ? height / 2 : height - inset - ((value - low) / range) * (height - 2 * inset));
  const [first, last] = [history.at(0), history.at(history.length - 1)];
  context.beginPath();
  for (let i = 0; i < history.length; i++) context.lineTo(left + i * step, y(history.at(i)));
  context.strokeStyle = last > first ? palette.up : last < first ? palette.down : palette.flat;
  context.lineWidth = 1.25;
  context.lineJoin = 'round';
  context.stroke();
  context.beginPath();
  context.arc(width - inset, y(last), 1.75, 0, 2 * Math.PI);
  context.fillStyle = context.strokeStyle;
  context.fill();
}
