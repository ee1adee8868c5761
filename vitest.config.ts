import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores and native threads inside the runtime: more workers than this only fight each other.
    maxWorkers: 2,
    pool: 'forks',
  },
});
