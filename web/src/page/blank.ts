import type { Phase } from '../wire/index.js';
import { element } from './dom.js';

/** What the page knows when there is no row to show. */
export interface Situation {
  /** Nobody has chosen symbols yet. */
  firstVisit: boolean;
  phase: Phase;
  instruments: number;
  listFailed: boolean;
}

/** What stands in place of rows: why there are none, and what to do. */
export class Blank {
  readonly #node = element('div', { class: 'blank', hidden: true });
  #shown = '';

  constructor(
    host: HTMLElement,
    private readonly actions: { search(): void; start(): void },
  ) {
    host.append(this.#node);
  }

  hide(): void {
    this.#node.hidden = true;
  }

  show(situation: Situation): void {
    this.#node.hidden = false;
    const kind = kindOf(situation);
    if (kind === this.#shown) return;
    this.#shown = kind;
    this.#node.dataset['kind'] = kind;
    this.#node.replaceChildren(...this.#content(kind));
  }

  #content(kind: Kind): HTMLElement[] {
    const text = (title: string, detail: string): HTMLElement[] => [element('h2', {}, title), element('p', {}, detail)];
    switch (kind) {
      case 'connecting':
        return [skeleton(), element('p', { class: 'hidden', role: 'status' }, 'Connecting to the gateway')];
      case 'unreachable':
        return text('The gateway cannot be reached', 'This page goes on trying, and begins by itself as soon as there is an answer.');
      case 'waiting':
        return text('The feed has not announced anything yet', 'Instruments appear here as soon as it does. A symbol that you know can be added already.');
      case 'empty': {
        const add = element('button', { type: 'button', class: 'primary' }, 'Add a symbol');
        const start = element('button', { type: 'button', class: 'plain' }, 'Begin with the first instruments');
        add.addEventListener('click', () => this.actions.search());
        start.addEventListener('click', () => this.actions.start());
        return [...text('Nothing on the watchlist', 'What you add stays here, in the order you give it.'), element('div', { class: 'blank-actions' }, add, start)];
      }
    }
  }
}

type Kind = 'connecting' | 'unreachable' | 'waiting' | 'empty';

function kindOf({ firstVisit, phase, instruments, listFailed }: Situation): Kind {
  if (!firstVisit && instruments > 0) return 'empty';
  if (listFailed || phase === 'reconnecting') return 'unreachable';
  if (instruments === 0 && phase !== 'live') return 'connecting';
  return instruments === 0 ? 'waiting' : 'empty';
}

/** Rows to come. */
function skeleton(): HTMLElement {
  return element('div', { class: 'skeleton', 'aria-hidden': 'true' }, ...Array.from({ length: 8 }, () =>
    element('div', {}, ...Array.from({ length: 6 }, () => element('span')))));
}
