import { element, icon } from './dom.js';
import { matching, nameOf } from './symbolname.js';
import type { Watchlist } from './watchlist.js';

const optionsShown = 9;
/** As many symbols as one click may add. */
const mostAtOnce = 1_000;

/** One line of the list below the field. */
interface Option {
  id: string;
  node: HTMLElement;
  choose(): void;
}

/** The field that finds instruments and adds them. */
export class Search {
  readonly #input = element('input', {
    type: 'text', role: 'combobox', placeholder: 'Add a symbol', 'aria-label': 'Add a symbol', 'aria-expanded': 'false', 'aria-controls': 'search-list',
    'aria-autocomplete': 'list', autocomplete: 'off', spellcheck: 'false', maxlength: 64,
  });
  readonly #list = element('div', { class: 'options', id: 'search-list', role: 'listbox', 'aria-label': 'Instruments', hidden: true });
  #options: Option[] = [];
  #active = 0;

  constructor(
    host: HTMLElement,
    private readonly watchlist: Watchlist,
    private readonly instruments: () => readonly string[],
    private readonly show: (symbol: string) => void,
  ) {
    const key = element('kbd', { 'aria-hidden': 'true' }, '/');
    host.append(icon('M9 3.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM13 13l4 4'), this.#input, key, this.#list);
    this.#input.addEventListener('input', () => this.#open());
    this.#input.addEventListener('focus', () => this.#open());
    this.#input.addEventListener('blur', () => this.#close());
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    this.#list.addEventListener('pointerdown', (event) => {
      event.preventDefault(); // the field keeps the focus
      const node = (event.target as Element).closest('.option');
      this.#options.find((option) => option.node === node)?.choose();
    });
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  #open(): void {
    const typed = this.#input.value.trim();
    const found = matching(this.instruments(), typed);
    const watched = new Set(this.watchlist.symbols);
    const missing = found.filter((symbol) => !watched.has(symbol));
    const shown = [...missing, ...found.filter((symbol) => watched.has(symbol))].slice(0, optionsShown);
    this.#options = shown.map((symbol) => this.#symbolOption(symbol, watched.has(symbol)));
    if (missing.length > 1) this.#options.push(this.#allOption(missing.slice(0, mostAtOnce), typed));
    if (typed !== '' && !found.includes(typed)) this.#options.push(this.#unknownOption(typed));
    this.#list.replaceChildren(...this.#options.map((option) => option.node));
    if (this.#options.length === 0) this.#list.append(element('p', { class: 'no-options' }, 'The feed has not announced any instrument yet.'));
    this.#list.hidden = false;
    this.#input.setAttribute('aria-expanded', 'true');
    this.#activate(0);
  }

  #close(): void {
    this.#list.hidden = true;
    this.#input.setAttribute('aria-expanded', 'false');
    this.#input.removeAttribute('aria-activedescendant');
  }

  #symbolOption(symbol: string, watched: boolean): Option {
    const { name, venue } = nameOf(symbol);
    return this.#option(`option-${symbol}`, () => (watched ? this.#leaveFor(symbol) : this.#add([symbol])),
      element('span', { class: 'name' }, name), element('span', { class: 'venue' }, venue),
      element('span', { class: 'hint' }, watched ? 'on the list' : ''));
  }

  #allOption(symbols: string[], typed: string): Option {
    const what = typed === '' ? `Add all ${symbols.length} instruments` : `Add all ${symbols.length} that match “${typed}”`;
    return this.#option('option-all', () => this.#add(symbols), element('span', { class: 'action' }, what));
  }

  #unknownOption(typed: string): Option {
    return this.#option('option-unknown', () => this.#add([typed]), element('span', { class: 'action' }, `Add “${typed}”`),
      element('span', { class: 'hint' }, 'not announced by the feed'));
  }

  #option(id: string, choose: () => void, ...children: Node[]): Option {
    return { id, choose, node: element('div', { class: 'option', role: 'option', id, 'aria-selected': 'false' }, ...children) };
  }

  #add(symbols: string[]): void {
    this.watchlist.add(symbols);
    this.#input.value = '';
    this.#open();
    const [first] = symbols;
    if (first !== undefined) this.show(first);
  }

  #leaveFor(symbol: string): void {
    this.#input.value = '';
    this.#input.blur();
    this.show(symbol);
  }

  #activate(index: number): void {
    this.#options[this.#active]?.node.setAttribute('aria-selected', 'false');
    this.#active = index;
    const option = this.#options[index];
    option?.node.setAttribute('aria-selected', 'true');
    if (option) this.#input.setAttribute('aria-activedescendant', option.id);
  }

  #key(event: KeyboardEvent): void {
    const count = this.#options.length;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        if (this.#list.hidden) this.#open();
        else if (count > 0) this.#activate((this.#active + (event.key === 'ArrowDown' ? 1 : count - 1)) % count);
        break;
      case 'Enter':
        if (this.#list.hidden) this.#open();
        else this.#options[this.#active]?.choose();
        break;
      case 'Escape':
        if (this.#input.value === '') this.#input.blur();
        this.#input.value = '';
        this.#close();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
