/** `npm run bench`: set-up, then the benchmark with the arguments as given. */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const run = (args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
run(['scripts/setup.mjs']);
run(['dist/bench.cjs', ...process.argv.slice(2)]);
