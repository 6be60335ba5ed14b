/** Search survives kill -9: killed while it indexes, again and again, its index opens and loses nothing. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { IndexStatus } from '../../server/src/engine/search/code-search.ts';
import { SearchClient } from '../../server/src/node/search/search-client.ts';
import { openSqlite } from '../../server/src/node/search/sqlite.ts';

const searchPath = path.resolve(import.meta.dirname, '../../dist/search.cjs');
const nFiles = 800;
const patience = { timeout: 100_000, interval: 10 };

let root = '';
let indexFolder = '';
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-crash-')).replaceAll('\\', '/');
  indexFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-crash-index-'));
  for (let i = 0; i < nFiles; i++) {
    const lines = Array.from(
      { length: 12 },
      (_, n) => `export function made${i}by${n}(value: number) {\n  return value * ${n};\n}\n`,
    );
    fs.writeFileSync(
      path.join(root, `file${i}.ts`),
      `export const marker${i} = 'unique${i}mark';\n${lines.join('\n')}`,
    );
  }
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
  fs.rmSync(indexFolder, { recursive: true, force: true });
});

function openClient() {
  const statuses: IndexStatus[] = [];
  const logs: string[] = [];
  const client = new SearchClient({
    searchPath,
    onStatus: (status) => void statuses.push(status),
    tracer: (event) => void (event.kind === 'log' && logs.push(event.message)),
  });
  const settings = { isEnabled: true, exclude: [], maxFileSizeKb: 256, maxFiles: 10_000, indexFolder };
  client.open([{ path: root, name: 'crash' }], settings);
  const search = (query: string) => client.search({ query, limit: 5 }, new AbortController().signal);
  return { client, statuses, logs, search };
}

const indexFile = () => path.join(indexFolder, fs.readdirSync(indexFolder)[0] as string, 'index.sqlite');

test('killed ten times while it indexes, it opens, goes on where it was, and finds everything', {
  timeout: 300_000,
}, async () => {
  let nStored = 0;
  for (let run = 0; run < 10; run++) {
    const { client, statuses, search } = openClient();
    search('starts the process').catch(() => {}); // its process is killed under it
    await vi.waitFor(() => {
      const done = statuses
        .filter(({ state }) => state === 'indexing' || state === 'ready')
        .map((s) => s.nFilesDone);
      // What was reported as done in earlier runs is there again, and something new is under way.
      expect(Math.max(0, ...done)).toBeGreaterThanOrEqual(Math.min(nFiles, nStored + 1 + 30 * (run % 3)));
    }, patience);
    const pid = client.pid as number;
    nStored = Math.max(...statuses.map(({ nFilesDone }) => nFilesDone));
    process.kill(pid, 'SIGKILL');
    await client.dispose();
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), patience);
  }
  expect(nStored).toBeGreaterThan(0);

  const { client, statuses, logs, search } = openClient();
  search('start').catch(() => {});
  await vi.waitFor(() => expect(client.status.state).toBe('ready'), patience);
  expect(logs.join('\n')).not.toMatch(/damaged|built anew/);
  const waiting = /files found, (\d+) to be indexed, 0 of (\d+) gone/.exec(logs.join('\n'));
  expect(Number(waiting?.[2])).toBeGreaterThanOrEqual(nStored);
  expect(Number(waiting?.[1]) + Number(waiting?.[2])).toBe(nFiles);
  expect(statuses.at(-1)?.nFilesDone).toBe(nFiles);
  for (const i of [0, 1, 77, 500, nFiles - 1]) {
    expect((await search(`"unique${i}mark"`)).hits[0]?.relativePath).toBe(`file${i}.ts`);
  }
  await client.dispose();
  const database = await openSqlite(indexFile());
  database.exec('PRAGMA locking_mode=EXCLUSIVE'); // as the store opens it
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  expect(database.prepare('SELECT count(*) AS n FROM files').all()).toEqual([{ n: nFiles }]);
  database.close();
});

test('a search process that dies is started again and answers', { timeout: 200_000 }, async () => {
  const { client, search } = openClient();
  search('start').catch(() => {});
  await vi.waitFor(() => expect(client.status.state).toBe('ready'), patience);
  const pid = client.pid as number;
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(async () => {
    expect(client.pid).not.toBe(pid);
    expect((await search('"unique7mark"')).hits).toHaveLength(1);
  }, patience);
  await client.dispose();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
