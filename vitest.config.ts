/** Unit and server tests; the editor tests run inside a real VS Code (test/editor). */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['server/**/*.test.ts', 'client/**/*.test.ts', 'protocol/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/editor/**', '.cache/**'],
    maxWorkers: 3, // most tests wait for processes of their own; the default on two cores is one worker
    env: { STET_POWER_SUPPLY: 'nowhere' }, // a laptop on battery tests the same
    testTimeout: 60_000, // real processes on a busy two-core machine
    hookTimeout: 120_000,
  },
});
