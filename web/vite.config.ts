import { defineConfig } from 'vitest/config';

// The gateway that `npm run dev` shows: its page is ours, its stream is real.
const gateway = process.env['TICKGATE_WEB'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: 'src/page',
  publicDir: '../../public',
  base: './',
  build: {
    outDir: '../../dist',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0, // so that a strict content security policy needs no data: URLs
  },
  server: {
    proxy: { '/v1': { target: gateway, ws: true } },
  },
  test: {
    root: '.',
    include: ['test/**/*.test.ts'],
  },
});
