import type { Client, Clock, Percentiles, Stage } from '../wire/index.js';
import { inWords, LatencyChart } from './chart.js';
import { element } from './dom.js';
import { absent, bytesPerSecond, grouped, micros, perSecond } from './format.js';
import type { Frames } from './frames.js';

const everyMillis = 500;

const stageNames: [Stage, string, string][] = [
  ['venue', 'Venue to gateway', 'From the venue’s time of the event to the gateway’s receipt. Two clocks that nobody compares.'],
  ['gateway', 'In the gateway', 'From the gateway’s receipt to sending, the wait for the pace included.'],
  ['network', 'Network', 'From sending to this page, by this computer’s clock as corrected with heartbeats.'],
  ['total', 'Gateway to screen', 'How old a value was when this page took it.'],
];

type Figure = Exclude<keyof Percentiles, 'count' | 'clamped'>;

const figures: [Figure, string][] = [['p50', 'p50'], ['p90', 'p90'], ['p99', 'p99'], ['p999', 'p99.9'], ['max', 'max']];

const rateNames = [
  ['messages', 'Messages', 'WebSocket messages per second'],
  ['updates', 'Updates', 'Updates of symbols per second'],
  ['bytes', 'Data', 'Bytes per second, before WebSocket framing'],
  ['conflated', 'Conflated', 'Share of feed events that were merged into a newer one'],
] as const;

/** What this very stream costs in time and bytes. */
export class Panel {
  #stage: Stage = 'total';
  #timer: ReturnType<typeof setInterval> | undefined;
  #chart: LatencyChart | undefined;
  readonly #chartHost = element('div', { class: 'chart', role: 'img' });
  readonly #chartTitle = element('h3', {});
  readonly #foot = element('p', { class: 'panel-foot' });
  readonly #cells = new Map<string, HTMLElement>();
  readonly #stageButtons = new Map<Stage, HTMLButtonElement>();

  constructor(
    private readonly host: HTMLElement,
    private readonly toggle: HTMLElement,
    private readonly client: Client,
    private readonly frames: Frames,
    private readonly clock: Clock,
  ) {
    host.append(
      element('h2', {}, 'Latency', element('span', {}, 'this stream, last minute')),
      this.#stageTable(), this.#chartTitle, this.#chartHost, this.#rateTiles(), this.#foot,
    );
  }

  get open(): boolean {
    return !this.host.hidden;
  }

  show(open: boolean): void {
    this.host.hidden = !open;
    this.toggle.setAttribute('aria-expanded', String(open));
    document.body.dataset['panel'] = open ? 'open' : 'closed';
    clearInterval(this.#timer);
    if (!open) return;
    this.#chart ??= new LatencyChart(this.#chartHost);
    this.#refresh();
    this.#timer = setInterval(() => this.#refresh(), everyMillis);
  }

  recolour(): void {
    this.#chart?.recolour();
  }

  #stageTable(): HTMLElement {
    const head = element('tr', {}, element('th', { scope: 'col' }, element('span', { class: 'hidden' }, 'Stage')),
      ...figures.map(([, title]) => element('th', { scope: 'col' }, title)));
    const rows = stageNames.map(([stage, title, hint]) => {
      const button = element('button', { type: 'button', title: hint, 'aria-pressed': String(stage === this.#stage) }, title);
      button.addEventListener('click', () => this.#choose(stage));
      this.#stageButtons.set(stage, button);
      return element('tr', { 'data-stage': stage }, element('th', { scope: 'row' }, button), ...figures.map(([figure]) => this.#cell('td', `${stage}.${figure}`)));
    });
    return element('table', { class: 'stages' }, element('thead', {}, head), element('tbody', {}, ...rows));
  }

  #rateTiles(): HTMLElement {
    return element('dl', { class: 'rates' }, ...rateNames.map(([name, title, hint]) =>
      element('div', { title: hint }, element('dt', {}, title), this.#cell('dd', name))));
  }

  #cell(tag: 'td' | 'dd', name: string): HTMLElement {
    const cell = element(tag, { 'data-figure': name }, absent);
    this.#cells.set(name, cell);
    return cell;
  }

  #choose(stage: Stage): void {
    this.#stage = stage;
    for (const [name, button] of this.#stageButtons) button.setAttribute('aria-pressed', String(name === stage));
    this.#refresh();
  }

  #refresh(): void {
    const now = this.clock.monotonicMillis();
    for (const [stage, title] of stageNames) {
      const histogram = this.client.latency.of(stage, now);
      const percentiles = histogram.percentiles();
      for (const [figure] of figures) this.#write(`${stage}.${figure}`, percentiles.count === 0 ? absent : micros(percentiles[figure]));
      if (stage !== this.#stage) continue;
      this.#chart?.show(histogram);
      this.#chartTitle.textContent = title;
      this.#chartHost.setAttribute('aria-label', inWords(title, histogram));
    }
    this.#writeRates();
    this.#writeFoot(now);
  }

  #writeRates(): void {
    const rates = this.client.rates();
    this.#write('messages', `${perSecond(rates.messagesPerSecond)}/s`);
    this.#write('updates', `${perSecond(rates.updatesPerSecond)}/s`);
    this.#write('bytes', bytesPerSecond(rates.bytesPerSecond));
    this.#write('conflated', rates.conflatedShare === undefined ? absent : `${(100 * rates.conflatedShare).toFixed(1)}%`);
  }

  #writeFoot(now: number): void {
    const { roundTripMicros, micros: offset } = this.client.clockOffset;
    const ahead = this.client.latency.of('venue', now).percentiles().clamped;
    const parts = [`Painting takes ${this.frames.work.percentile(0.95).toFixed(1)} ms of a frame (p95).`];
    if (roundTripMicros !== undefined) parts.push(`Round trip ${micros(roundTripMicros)}${offset === 0 ? '' : `, clocks ${micros(Math.abs(offset))} apart`}.`);
    if (ahead > 0) parts.push(`${grouped(String(ahead))} events came from a venue’s clock that is ahead, and count as 0.`);
    this.#foot.textContent = parts.join(' ');
  }

  #write(name: string, text: string): void {
    const cell = this.#cells.get(name);
    if (cell && cell.textContent !== text) cell.textContent = text;
  }
}
