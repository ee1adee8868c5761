import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'test/fixtures/build.ts',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Jobs sign what they write: the tests' development key shall not be the person's own.
    env: { XDG_CONFIG_HOME: join(tmpdir(), 'joker3d-test-config') },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores and native threads inside the runtime: more workers than this only fight each other.
    maxWorkers: 2,
    pool: 'forks',
  },
});
