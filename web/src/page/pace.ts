import type { Client, Conflation } from '../wire/index.js';
import { element } from './dom.js';

/** What the slider offers, from the fastest to the slowest. */
const paces: readonly Conflation[] = ['latest', 50, 100, 250, 500, 1_000, 2_000, 5_000];

/** Before anybody has chosen: faster than people read, and a tenth of the bytes of the fastest. */
export const defaultPace: Conflation = 100;

/** How long the slider rests before the gateway is asked. */
const settleMillis = 120;

export function paceName(pace: Conflation): string {
  if (pace === 'latest') return 'Latest';
  if (pace === 'every event') return 'Every event';
  return pace < 1_000 ? `${pace} ms` : `${pace / 1_000} s`;
}

/** The slider of the conflation interval, and what the gateway has granted. */
export class Pace {
  readonly #slider = element('input', { type: 'range', min: 0, max: paces.length - 1, step: 1, id: 'pace-slider' });
  readonly #value = element('output', { class: 'pace-value', for: 'pace-slider', 'data-field': 'pace' });
  readonly #granted = element('span', { class: 'pace-granted', 'data-field': 'granted' });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted: Conflation;

  constructor(
    host: HTMLElement,
    client: Client,
    wanted: Conflation,
    private readonly changed: (pace: Conflation) => void,
  ) {
    this.#wanted = wanted;
    host.append(
      element('label', { for: 'pace-slider', title: 'At most one update per symbol in this time' }, 'Pace'),
      this.#slider,
      element('span', { class: 'pace-text', 'aria-live': 'polite' }, this.#value, this.#granted),
    );
    this.#slider.value = String(nearest(wanted));
    this.#slider.addEventListener('input', () => this.#slide());
    client.on('granted', (granted) => this.#showGranted(granted));
    this.#show();
  }

  get wanted(): Conflation {
    return this.#wanted;
  }

  #slide(): void {
    this.#wanted = paces[Number(this.#slider.value)] ?? defaultPace;
    this.#show();
    this.#granted.textContent = 'asking…';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.changed(this.#wanted), settleMillis);
  }

  #show(): void {
    const name = paceName(this.#wanted);
    this.#value.value = name;
    this.#slider.setAttribute('aria-valuetext', name);
    this.#slider.style.setProperty('--filled', String(Number(this.#slider.value) / (paces.length - 1)));
    this.#granted.dataset['differs'] = 'false';
  }

  #showGranted(granted: Conflation): void {
    const differs = granted !== this.#wanted;
    this.#granted.textContent = differs ? `granted ${paceName(granted)}` : 'granted';
    this.#granted.dataset['differs'] = String(differs);
    this.#granted.dataset['granted'] = String(granted);
  }
}

function nearest(wanted: Conflation): number {
  const exact = paces.indexOf(wanted);
  if (exact >= 0) return exact;
  if (wanted === 'every event' || wanted === 'latest') return 0;
  const slower = paces.findIndex((pace) => typeof pace === 'number' && pace >= wanted);
  return slower < 0 ? paces.length - 1 : slower;
}
