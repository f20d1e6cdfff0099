import './style/index.css';
import { Client, systemClock, type Conflation } from '../wire/index.js';
import { Badge } from './badge.js';
import { Blank } from './blank.js';
import { byId } from './dom.js';
import { Frames } from './frames.js';
import { fillHelp } from './help.js';
import { Instruments } from './instruments.js';
import { defaultPace, Pace } from './pace.js';
import { Panel } from './panel.js';
import { localStore, readPreferences, writePreferences } from './preferences.js';
import { Search } from './search.js';
import { Table } from './table.js';
import { Theme } from './theme.js';
import { Watchlist } from './watchlist.js';

const firstVisitSymbols = 20;
const sampleMillis = 1_000;
/** How often ages are looked at while nothing else happens. */
const idleMillis = 250;
const messageMillis = 6_000;
/** From this width on the latency panel has room beside the table. */
const wide = matchMedia('(min-width: 1180px)');

const storage = localStore();
const preferences = readPreferences(location.hash, storage);
let firstVisit = preferences.symbols === undefined;

const streamUrl = new URL('v1/stream', document.baseURI);
streamUrl.protocol = streamUrl.protocol === 'https:' ? 'wss:' : 'ws:';
streamUrl.hash = '';

// The data: a client that keeps last values, and the list of what may be watched.
const client = new Client({ url: streamUrl.href, acknowledge: 'manual' });
const watchlist = new Watchlist();
const instruments = new Instruments(new URL('v1/instruments', document.baseURI).href, () => instrumentsChanged());

// The page.
const frames = new Frames(paint);
const request = (): void => frames.request();
const host = byId('watchlist');
const table = new Table(host, watchlist, client.book, request);
const blank = new Blank(host, { search: () => search.focus(), start: () => watchlist.add(instruments.symbols.slice(0, firstVisitSymbols)) });
const search = new Search(byId('search'), watchlist, () => instruments.symbols, (symbol) => table.select(symbol));
const pace = new Pace(byId('pace'), client, preferences.conflation ?? defaultPace, paceChanged);
const panel = new Panel(byId('panel'), byId('panel-toggle'), client, frames, systemClock);
const theme = new Theme(() => {
  table.recolour();
  panel.recolour();
});
new Badge(byId('badge'), client, systemClock);
const help = byId('help') as HTMLDialogElement;
fillHelp(help);

function paint(now: number): void {
  const more = table.paint(now);
  client.taken(); // what has been painted has been taken
  if (more) request();
}

function paceChanged(conflation: Conflation): void {
  remember();
  client.setConflation(conflation).catch(() => {}); // the page is being left
}

function remember(): void {
  const hash = writePreferences(watchlist.symbols, pace.wanted, storage);
  history.replaceState(null, '', hash === '' ? location.pathname + location.search : hash);
}

function instrumentsChanged(): void {
  if (firstVisit && watchlist.symbols.length === 0) watchlist.add(instruments.symbols.slice(0, firstVisitSymbols));
  showBlank();
}

function showBlank(): void {
  host.dataset['empty'] = String(watchlist.symbols.length === 0);
  if (watchlist.symbols.length > 0) blank.hide();
  else blank.show({ firstVisit, phase: client.status.phase, instruments: instruments.symbols.length, listFailed: instruments.failed });
}

let messageTimer: ReturnType<typeof setTimeout> | undefined;

function say(text: string): void {
  const message = byId('message');
  message.textContent = text;
  message.hidden = false;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => (message.hidden = true), messageMillis);
}

watchlist.onChange(({ added, removed }) => {
  if (added.length > 0) client.subscribe(added, { conflation: pace.wanted }).catch(() => {}); // the page is being left
  if (removed.length > 0) client.unsubscribe(removed).catch(() => {});
  if (watchlist.symbols.length > 0 || removed.length > 0) firstVisit = false;
  table.refresh();
  showBlank();
  remember();
});

client.on('batch', () => {
  request();
  if (document.hidden) client.taken(); // nothing is painted, and values are kept all the same
});
client.on('state', request);
client.on('rejected', ({ symbol, detail }) => {
  watchlist.remove([symbol]);
  say(`${symbol} was refused: ${detail}.`);
});
client.on('notice', ({ detail }) => say(detail));
client.on('status', ({ phase }) => {
  document.body.dataset['phase'] = phase;
  showBlank();
  request();
  if (phase === 'live' && instruments.symbols.length === 0) void instruments.load();
});

const keys: Record<string, () => void> = {
  '/': () => search.focus(),
  f: () => table.focusFilter(),
  p: () => byId('pace-slider').focus(),
  l: () => panel.show(!panel.open),
  t: () => theme.toggle(),
  r: () => client.retryNow(),
  '?': () => help.showModal(),
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.target instanceof HTMLInputElement && event.target.type !== 'range') return;
  const action = keys[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
});

byId('search').addEventListener('focusin', () => instruments.refresh());
byId('panel-toggle').addEventListener('click', () => panel.show(!panel.open));
byId('theme-toggle').addEventListener('click', () => theme.toggle());
byId('help-toggle').addEventListener('click', () => help.showModal());
window.addEventListener('hashchange', () => {
  const { symbols } = readPreferences(location.hash, undefined);
  if (symbols) watchlist.set(symbols);
});
setInterval(() => table.sample(), sampleMillis);
setInterval(request, idleMillis);

if (preferences.symbols) watchlist.set(preferences.symbols);
showBlank();
panel.show(wide.matches);
client.connect();
void instruments.load();

// For tests and the curious: see README.md.
declare global {
  interface Window {
    tickgate: { client: Client; book: Client['book']; watchlist: Watchlist; frames: Frames; stats: () => ReturnType<Client['rates']> };
  }
}
window.tickgate = { client, book: client.book, watchlist, frames, stats: () => client.rates() };
