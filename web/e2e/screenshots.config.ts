import { defineConfig } from 'vitest/config';

// The pictures of the documents: npm run screenshots.
export default defineConfig({
  test: {
    include: ['e2e/**/*.shot.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
});
