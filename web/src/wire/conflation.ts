import { ConflationPolicy, Kind, type Conflation as ConflationMessage } from '../gen/tickgate/v1/market_data_pb.js';

/** How events of a symbol are merged: every event, the latest as soon as it can be taken, or at most one update per so many milliseconds. */
export type Conflation = 'every event' | 'latest' | number;

/** Groups of fields. */
export type KindName = 'quote' | 'trade' | 'status';

const kinds: Record<KindName, Kind> = { quote: Kind.QUOTE, trade: Kind.TRADE, status: Kind.STATUS };

export function conflationMessage(conflation: Conflation): ConflationMessage {
  const message = (policy: ConflationPolicy, intervalMs = 0): ConflationMessage => ({
    $typeName: 'tickgate.v1.Conflation',
    policy,
    intervalMs: BigInt(intervalMs),
  });
  if (conflation === 'every event') return message(ConflationPolicy.NONE);
  if (conflation === 'latest') return message(ConflationPolicy.LATEST);
  return message(ConflationPolicy.INTERVAL, Math.round(conflation));
}

export function conflationOf(message: ConflationMessage | undefined): Conflation {
  if (message?.policy === ConflationPolicy.NONE) return 'every event';
  if (message?.policy === ConflationPolicy.INTERVAL && message.intervalMs > 0n) return Number(message.intervalMs);
  return 'latest';
}

export function kindsOf(names: readonly KindName[]): Kind[] {
  return names.map((name) => kinds[name]);
}
