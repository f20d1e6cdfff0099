import type { Client, Clock, Phase, Status } from '../wire/index.js';
import { element } from './dom.js';

const words: Record<Phase, string> = {
  idle: 'Starting', connecting: 'Connecting', live: 'Live', silent: 'No word', reconnecting: 'Reconnecting', closed: 'Closed',
};

/** Tells how the connection is, counts down to the next attempt, and makes it at once if asked. */
export class Badge {
  readonly #word = element('span', { class: 'badge-word' });
  readonly #count = element('span', { class: 'badge-count', 'aria-hidden': 'true' });
  readonly #retry = element('button', { type: 'button', class: 'badge-retry', hidden: true }, 'Retry now');
  readonly #spoken = element('span', { class: 'hidden', role: 'status' });
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly host: HTMLElement,
    private readonly client: Client,
    private readonly clock: Clock,
  ) {
    host.append(element('span', { class: 'badge-dot', 'aria-hidden': 'true' }), this.#word, this.#count, this.#retry, this.#spoken);
    this.#retry.addEventListener('click', () => client.retryNow());
    client.on('status', (status) => this.#show(status));
    this.#show(client.status);
  }

  #show(status: Status): void {
    const { phase, reason, retryAtMillis } = status;
    if (this.host.dataset['phase'] !== phase) this.#spoken.textContent = reason ? `${words[phase]}: ${reason}` : words[phase];
    this.host.dataset['phase'] = phase;
    this.host.title = reason;
    this.#word.textContent = words[phase];
    this.#retry.hidden = retryAtMillis === undefined;
    clearInterval(this.#timer);
    this.#countDown(this.client.status);
    if (retryAtMillis !== undefined) this.#timer = setInterval(() => this.#countDown(this.client.status), 200);
  }

  #countDown({ retryAtMillis }: Status): void {
    const left = retryAtMillis === undefined ? undefined : Math.ceil((retryAtMillis - this.clock.monotonicMillis()) / 1_000);
    const text = left === undefined ? '' : `in ${Math.max(left, 1)} s`;
    if (this.#count.textContent !== text) this.#count.textContent = text;
  }
}
