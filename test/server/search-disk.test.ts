/** Search on a full disk: indexing stops with what to do, and goes on when there is space again. */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const cli = path.resolve(import.meta.dirname, '../../dist/cli.cjs');
let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-disk-'));
  fs.mkdirSync(path.join(folder, 'code'));
  for (let i = 0; i < 60; i++) {
    const lines = Array.from({ length: 150 }, (_, n) => `export const name${i}number${n} = 'value${i * n}';`);
    fs.writeFileSync(path.join(folder, 'code', `file${i}.ts`), lines.join('\n'));
  }
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

// A limit on the size of files is what a full disk looks like that needs no disk.
test.skipIf(process.platform === 'win32')(
  'stops with the way out, then goes on',
  { timeout: 120_000 },
  () => {
    const index = (limit: string) =>
      spawnSync(
        'bash',
        [
          '-c',
          `ulimit -f ${limit}; exec "$0" "$@"`,
          process.execPath,
          cli,
          'index',
          path.join(folder, 'code'),
          '--index-folder',
          path.join(folder, 'index'),
          '--json',
        ],
        { encoding: 'utf8' },
      );
    const full = index('200');
    expect(full.stderr).toMatch(/The search index cannot be kept in .*stet\.search\.indexFolder/);
    expect(full.status).toBe(1);
    const after = index('unlimited');
    expect(after.stderr).toBe('');
    expect(JSON.parse(after.stdout)).toMatchObject({ nFiles: 60 });
  },
);
