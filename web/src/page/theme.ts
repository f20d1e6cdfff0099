import { localStore } from './preferences.js';

/** Switches between dark and light; public/theme.js reads the choice before the first paint. */
export class Theme {
  readonly #system = matchMedia('(prefers-color-scheme: dark)');

  constructor(private readonly changed: () => void) {
    this.#system.addEventListener('change', changed);
  }

  get dark(): boolean {
    const chosen = document.documentElement.dataset['theme'];
    return chosen === undefined ? this.#system.matches : chosen === 'dark';
  }

  toggle(): void {
    const theme = this.dark ? 'light' : 'dark';
    document.documentElement.dataset['theme'] = theme;
    try {
      localStore()?.setItem('tickgate.theme', theme);
    } catch {
      // for this visit only
    }
    this.changed();
  }
}
