import { element } from './dom.js';

const keys: [string[], string][] = [
  [['/'], 'Add a symbol'],
  [['F'], 'Filter the watchlist'],
  [['↑', '↓'], 'Choose a row'],
  [['Alt', '↑', '↓'], 'Move the row'],
  [['Delete'], 'Remove the row'],
  [['P'], 'Change the pace, with ← and →'],
  [['L'], 'Latency panel'],
  [['T'], 'Dark or light'],
  [['R'], 'Reconnect now'],
  [['?'], 'These keys'],
];

/** Fills the dialog of keys. */
export function fillHelp(dialog: HTMLDialogElement): void {
  const close = element('button', { type: 'button', class: 'plain' }, 'Close');
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close(); // outside of what it shows
  });
  dialog.append(element('div', { class: 'help-body' },
    element('h2', { id: 'help-title' }, 'Keys'),
    element('dl', {}, ...keys.flatMap(([names, meaning]) => [element('dt', {}, ...names.map((name) => element('kbd', {}, name))), element('dd', {}, meaning)])),
    close));
}
