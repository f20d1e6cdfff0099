/** The times that the client needs. Tests give their own. */
export interface Clock {
  /** Milliseconds that never go backwards. */
  monotonicMillis(): number;
  /** UTC microseconds since 1970. */
  wallMicros(): number;
}

export const systemClock: Clock = {
  monotonicMillis: () => performance.now(),
  wallMicros: () => (performance.timeOrigin + performance.now()) * 1_000,
};

/** Nanoseconds of the protocol as microseconds: exact enough for a double, which holds microseconds until the year 2255. */
export function microsOf(nanos: bigint): number {
  return Number(nanos / 1_000n);
}
