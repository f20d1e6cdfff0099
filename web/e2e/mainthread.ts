import type { Page } from 'playwright-core';

/** An event of Chromium's trace; times in microseconds. */
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  /** Of the processor: what the thread waited for it does not count. */
  tdur?: number;
}

const categories = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'];

/**
 * Traces a page while something is done. Returns what each frame cost its main thread in milliseconds of the processor, sorted: messages since the frame before, our painting,
 * and the browser's style, layout and painting.
 */
export async function mainThreadPerFrame<T>(page: Page, during: () => Promise<T>): Promise<{ perFrame: number[]; result: T }> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories });
  let result: T;
  let trace: Buffer;
  try {
    result = await during();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  return { perFrame: framesOf(traceEvents).sort((a, b) => a - b), result };
}

function framesOf(events: TraceEvent[]): number[] {
  const painting = events.filter(({ name }) => name === 'FireAnimationFrame');
  const { pid, tid } = painting[0]!;
  const paintedAt = painting.map(({ ts }) => ts).sort((a, b) => a - b);
  const tasks = events.filter((event) => event.pid === pid && event.tid === tid && event.name === 'RunTask' && event.ph === 'X').sort((a, b) => a.ts - b.ts);
  const frames: number[] = [];
  let cost = 0;
  let next = 0;
  for (const { ts, dur = 0, tdur = 0 } of tasks) {
    cost += tdur / 1_000;
    let paints = false;
    for (; next < paintedAt.length && paintedAt[next]! <= ts + dur; next++) paints ||= paintedAt[next]! >= ts;
    if (!paints) continue;
    frames.push(cost);
    cost = 0;
  }
  return frames;
}
