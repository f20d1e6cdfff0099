import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { binary, Program } from './program.js';

/** A gateway with a NATS server of its own, which keeps its addresses and its data when it is killed and started again. */
export class System {
  readonly folder = mkdtempSync(join(tmpdir(), 'tickgate-e2e-'));
  readonly #feeds: Program[] = [];
  #gateway: Program | undefined;
  web = '127.0.0.1:0';
  grpc = '127.0.0.1:0';
  #nats = '127.0.0.1:0';
  #admin = '';

  async start(...args: string[]): Promise<void> {
    this.#gateway = new Program(binary('TICKGATE_GATEWAY'), [
      '--web-listen', this.web, '--grpc-listen', this.grpc, '--nats-listen', this.#nats, '--admin-listen', '127.0.0.1:0', '--data-dir', join(this.folder, 'nats'), ...args,
    ]);
    this.web = (await this.#gateway.printed(/web\s+http:\/\/(\S+:\d+)/))[1]!;
    this.grpc = (await this.#gateway.printed(/gRPC\s+(\S+:\d+)/))[1]!;
    this.#nats = (await this.#gateway.printed(/NATS\s+nats:\/\/(?:\S+@)?(\S+:\d+)/))[1]!;
    this.#admin = (await this.#gateway.printed(/admin\s+http:\/\/(\S+:\d+)/))[1]!;
    await this.#gateway.printed(/msg=ready/);
  }

  get page(): string {
    return `http://${this.web}/`;
  }

  /** Starts feedsim; it is stopped with the system. */
  feed(...args: string[]): Program {
    const feed = new Program(binary('TICKGATE_FEEDSIM'), [...args, '--nats-url', `nats://${this.#nats}`]);
    this.#feeds.push(feed);
    return feed;
  }

  /** Writes a file for feedsim. */
  file(name: string, lines: readonly string[]): string {
    const path = join(this.folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  }

  /** Waits until the gateway lists as many instruments, and returns them. */
  async listed(count: number): Promise<string[]> {
    for (let i = 0; i < 600; i++) {
      const { instruments } = (await (await fetch(`${this.page}v1/instruments`)).json()) as { instruments?: { symbol: string }[] };
      if (instruments && instruments.length >= count) return instruments.map(({ symbol }) => symbol);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the gateway does not list ${count} instruments`);
  }

  /** The value of a metric of the gateway, without labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://${this.#admin}/metrics`)).text();
    const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
    if (value === undefined) throw new Error(`the gateway has no metric ${name}`);
    return Number(value);
  }

  /** Ends the gateway: at once, or in order with SIGTERM. */
  async kill(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    await this.#gateway?.stop(signal);
  }

  /** Has the gateway hang while something is done: its connections stay, and it says nothing. */
  async whileHanging(during: () => Promise<void>): Promise<void> {
    this.#gateway?.suspend(true);
    try {
      await during();
    } finally {
      this.#gateway?.suspend(false);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#feeds.map((feed) => feed.stop()));
    await this.#gateway?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the gateway says over gRPC, by symbol: the same values by another way. */
  async snapshot(symbols: readonly string[]): Promise<Map<string, SnapshotValues>> {
    const definition = loadSync('tickgate/v1/market_data.proto', {
      includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))], longs: String, enums: String, defaults: false,
    });
    const { tickgate } = grpc.loadPackageDefinition(definition) as unknown as { tickgate: { v1: { MarketData: grpc.ServiceClientConstructor } } };
    const client = new tickgate.v1.MarketData(this.grpc, grpc.credentials.createInsecure());
    try {
      const response = await new Promise<Snapshot>((resolve, reject) =>
        client['GetSnapshot']!({ symbols }, (error: Error | null, answer: Snapshot) => (error ? reject(error) : resolve(answer))));
      return valuesOf(response);
    } finally {
      client.close();
    }
  }
}

/** Values of a symbol as mantissas with their scale. */
export interface SnapshotValues {
  scale: number;
  bid: string | undefined;
  ask: string | undefined;
  last: string | undefined;
}

interface Snapshot {
  instruments: { symbol: string; id: number; priceScale?: number }[];
  batch?: { updates: { instrumentId: number; quote?: { bidPrice?: string; askPrice?: string }; trade?: { price?: string } }[] };
}

function valuesOf({ instruments, batch }: Snapshot): Map<string, SnapshotValues> {
  const byId = new Map(batch?.updates.map((update) => [update.instrumentId, update]));
  return new Map(instruments.map(({ symbol, id, priceScale }) => {
    const update = byId.get(id);
    return [symbol, { scale: priceScale ?? 0, bid: update?.quote?.bidPrice, ask: update?.quote?.askPrice, last: update?.trade?.price }];
  }));
}
