import uPlot from 'uplot';
import type { Histogram } from '../wire/index.js';
import { micros } from './format.js';

const perDecade = 8;
const lowestDecade = 1; // 10 µs
const highestDecade = 7; // 10 s
const bars = (highestDecade - lowestDecade) * perDecade;
const chartHeight = 168;

const decadeNames = ['10 µs', '100 µs', '1 ms', '10 ms', '100 ms', '1 s', '10 s'];

/** A live histogram of one stage on a logarithmic axis of time; bars are shares of all updates. */
export class LatencyChart {
  readonly #plot: uPlot;

  constructor(private readonly host: HTMLElement) {
    this.#plot = new uPlot(this.#options(), [[], []], host);
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0) this.#plot.setSize({ width, height: chartHeight });
    }).observe(host);
  }

  show(histogram: Histogram): void {
    const { counts } = histogram.bars(perDecade, lowestDecade, highestDecade);
    const all = Math.max(histogram.count, 1);
    this.#plot.setData([counts.map((_, i) => i + 0.5), counts.map((count) => (100 * count) / all)]);
  }

  /** The theme has changed. */
  recolour(): void {
    this.#plot.redraw(false, true);
  }

  #options(): uPlot.Options {
    const colour = (name: string) => (): string => getComputedStyle(this.host).getPropertyValue(name).trim();
    const font = '11px "Inter Variable", system-ui, sans-serif';
    const line = { stroke: colour('--line'), width: 1 };
    return {
      width: 300,
      height: chartHeight,
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [0, bars] },
        y: { range: (_, __, highest) => [0, Math.max(highest * 1.1, 5)] },
      },
      axes: [
        {
          stroke: colour('--muted'), font, size: 26, gap: 4, grid: { show: false }, ticks: { ...line, size: 4 },
          splits: decadeNames.map((_, decade) => decade * perDecade),
          values: decadeNames.map((name, decade) => (decade % 2 === 1 ? name : '')) as never,
        },
        {
          stroke: colour('--muted'), font, size: 38, gap: 6, grid: line, ticks: { show: false }, space: 36,
          values: (_, values) => values.map((value) => `${value}%`),
        },
      ],
      series: [
        {},
        { fill: colour('--bar'), stroke: colour('--bar'), width: 0, points: { show: false }, paths: uPlot.paths.bars!({ size: [0.86, 64], radius: 0.25 }) },
      ],
    };
  }
}

/** A histogram in words, for those who do not see the chart. */
export function inWords(stage: string, histogram: Histogram): string {
  const p = histogram.percentiles();
  return p.count === 0 ? `${stage}: nothing measured yet` : `${stage}: half of the updates within ${micros(p.p50)}, 99 % within ${micros(p.p99)}`;
}
