/** What dragging needs of the table. */
export interface DragHost {
  /** Scrolls, and holds the rows. */
  readonly viewport: HTMLElement;
  readonly rowHeight: number;
  /** Height of what stays at the top while the rest scrolls. */
  readonly headerHeight: number;
  readonly count: number;
  /** Rows can be put in another order now. */
  readonly sortable: boolean;
  indexOf(row: HTMLElement): number;
  /** Shows where the row would land: before the row of this index. Undefined: the drag is over. */
  showTarget(index: number | undefined, from: number | undefined): void;
  move(from: number, before: number): void;
}

const edge = 40;
const fastestScroll = 18;

/** Reordering by pointer: the handle is taken, a line shows where the row will land, near the edges the table scrolls. */
export function makeDraggable(host: DragHost): void {
  const { viewport } = host;
  viewport.addEventListener('pointerdown', (event) => {
    const handle = (event.target as Element).closest('.handle');
    const row = handle?.closest<HTMLElement>('.row');
    if (!row || event.button !== 0 || !host.sortable) return;
    event.preventDefault();
    follow(host, host.indexOf(row), event);
  });
}

function follow(host: DragHost, from: number, down: PointerEvent): void {
  const { viewport, rowHeight, headerHeight } = host;
  let pointerY = down.clientY;
  let frame = 0;

  const target = (): number => {
    const at = Math.round((pointerY - viewport.getBoundingClientRect().top - headerHeight + viewport.scrollTop) / rowHeight);
    return Math.min(Math.max(at, 0), host.count);
  };
  const place = (): void => {
    const box = viewport.getBoundingClientRect();
    const above = box.top + headerHeight + edge - pointerY;
    const below = pointerY - (box.bottom - edge);
    if (above > 0) viewport.scrollTop -= Math.min(above / 3, fastestScroll);
    else if (below > 0) viewport.scrollTop += Math.min(below / 3, fastestScroll);
    host.showTarget(target(), from);
    frame = requestAnimationFrame(place);
  };
  const stop = (): void => {
    cancelAnimationFrame(frame);
    listening.abort();
    host.showTarget(undefined, undefined);
  };
  const listening = new AbortController();
  const { signal } = listening;
  viewport.setPointerCapture(down.pointerId);
  viewport.addEventListener('pointermove', (event) => (pointerY = event.clientY), { signal });
  viewport.addEventListener('pointerup', (event) => {
    pointerY = event.clientY; // where it is let go, painted or not
    const before = target();
    stop();
    if (before !== from && before !== from + 1) host.move(from, before);
  }, { signal });
  viewport.addEventListener('pointercancel', stop, { signal });
  window.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') stop();
  }, { signal, capture: true });
  place();
}
