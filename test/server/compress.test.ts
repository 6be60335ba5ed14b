/** Compressed context by every way to ask: the server, the command line and MCP give the same answer. */

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CompressResponse, compressRequest } from '../../protocol/messages.ts';
import { LanguageServer, until } from './language-server.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const cli = path.join(root, 'dist', 'cli.cjs');
const patienceMs = 90_000;
const query = 'how is fineInCents computed';
const budget = 260;

let home: string;
let folder: string;
let environment: Record<string, string>;

beforeAll(() => {
  home = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'stet-compress-'));
  folder = path.join(home, 'app');
  fs.cpSync(path.join(root, 'test/fixtures/workspace'), folder, { recursive: true });
  fs.writeFileSync(path.join(folder, '.env'), 'LATE_BOOK_COST=xyzzycanary\n');
  const cache = path.join(home, 'cache');
  environment = { ...process.env, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache } as Record<string, string>;
});
afterAll(() => fs.rmSync(home, { recursive: true, force: true }));

const stet = async (args: readonly string[], cwd = folder) =>
  (await run(process.execPath, [cli, 'compress', ...args], { cwd, env: environment })).stdout;

test('server, command line and MCP give the same text', async () => {
  const server = await LanguageServer.start({ folders: [folder], environment });
  await server.reached('ready', patienceMs);
  await until(() => server.indexStatuses.at(-1)?.state === 'ready', 'the index', patienceMs);
  const ask = (params: unknown): Promise<CompressResponse> =>
    server.connection.sendRequest(compressRequest, params);
  const response = await ask({ query, budgetTokens: budget });
  expect(response.nTokens).toBeLessThanOrEqual(budget);
  expect(response.text).toContain('fineInCents');
  expect(response.text).not.toContain('xyzzycanary');
  expect(new Set(response.pieces.map(({ form }) => form)).has('dropped')).toBe(true);
  for (const nonsense of [
    {},
    { query: '' },
    { query: 'x', budgetTokens: 0 },
    { query: 'x', budgetTokens: 'y' },
    null,
  ]) {
    expect(await ask(nonsense)).toMatchObject({ text: '', note: expect.stringMatching(/./) });
  }
  await server.stop();

  const own = JSON.parse(
    await stet(['--query', query, '--budget', String(budget), '--json']),
  ) as CompressResponse;
  expect(own.text).toBe(response.text);

  const client = new Client({ name: 'test', version: '0.0.0' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [cli, 'mcp', '--root', folder],
      env: environment,
    }),
  );
  const called = await client.callTool({ name: 'compress_context', arguments: { query, budget } });
  await client.close();
  expect(called.content).toEqual([{ type: 'text', text: response.text }]);
}, 240_000);

test('the command line takes files and folders, and refuses what may hold secrets', async () => {
  const text = await stet(['--query', query, '--budget', '150', '--words-only', 'src']);
  expect(text).toMatch(/^\/\/ src\/fines\.ts$/m);
  await expect(stet(['--query', query, '.env'])).rejects.toThrow(/may hold secrets/);
  await expect(stet(['src'])).rejects.toThrow(/takes a --query/);
  await expect(stet(['--query', query, '--budget', '-1', 'src'])).rejects.toThrow(/budget/i);
  // Without paths the index is opened first, and has to be closed for the process to end.
  await expect(stet(['--query', query, '--model', 'nowhere'])).rejects.toThrow(/no model folder/);
  await expect(stet(['--query', query, '--folder', 'nowhere'])).rejects.toThrow(/no folder/);
}, 120_000);
