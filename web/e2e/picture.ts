import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The symbols of the sample that ships, which the demo plays. */
export const recorded = [
  'BTCUSDT.BINANCE_SPOT', 'BTCUSDT.BINANCE_USDM', 'BTCUSD_PERP.BINANCE_COINM', 'ETHUSDT.BINANCE_SPOT', 'ETHUSDT.BINANCE_USDM', 'ETHUSD_PERP.BINANCE_COINM',
];

/** Where a picture of the documents lives. */
export function pictureNamed(name: string): string {
  const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  return `${folder}${name}.png`;
}
