// Why connections end. The gateway's codes mirror the codes with which it ends gRPC streams.

/** Codes that this client gives when it ends a connection itself; a browser allows no others than 1000 and 3000 to 4999. */
export const closeNormal = 1000;
export const closeMalformed = 4007;
export const closeSilent = 4009;

const meanings: Record<number, string> = {
  1000: 'the gateway ended the stream',
  1001: 'the gateway is going away',
  1002: 'the gateway does not speak this protocol',
  1003: 'the gateway was sent the wrong kind of frame',
  1005: 'the gateway ended the stream without saying why',
  1006: 'the connection was lost',
  1007: 'the gateway was sent a malformed message',
  1008: 'the gateway refuses this client',
  1009: 'the gateway was sent a message that is too big',
  1011: 'the gateway failed',
  1012: 'the gateway restarts',
  1013: 'the gateway has too much to do',
  4008: 'the gateway heard nothing from this client for too long',
};

/** Refusals and mistakes of ours: trying again soon would end the same way. */
const lasting = new Set([1002, 1003, 1007, 1008, 1009]);

export interface Closing {
  code: number;
  /** For people. */
  reason: string;
  /** Waiting a little will not help. */
  lasting: boolean;
}

export function closingOf(code: number, said: string): Closing {
  const meaning = meanings[code] ?? `the connection ended with code ${code}`;
  return { code, reason: said ? `${meaning}: ${said}` : meaning, lasting: lasting.has(code) };
}
