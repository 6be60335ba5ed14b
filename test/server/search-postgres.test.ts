/** Search in PostgreSQL through the real server: where the connection string comes from, and where it never goes. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { SearchResponse } from '../../protocol/messages.ts';
import { type PgliteServer, startPglite } from '../../server/src/node/search/pglite-server.ts';
import { LanguageServer, type LanguageServerOptions, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 60_000;

let model: ModelFolder;
let database: PgliteServer;
let home: string;
let server: LanguageServer | undefined;

beforeAll(async () => {
  model = await tinyModelFolder();
  database = await startPglite();
  home = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'stet-postgres-'));
  fs.mkdirSync(path.join(home, 'app'));
  fs.writeFileSync(path.join(home, 'app', 'open.ts'), 'export function openTheDoor() {\n  return 1;\n}\n');
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

afterAll(async () => {
  await database.stop();
  fs.rmSync(home, { recursive: true, force: true });
  await model.remove();
});

async function start(options: LanguageServerOptions): Promise<LanguageServer> {
  const { environment, ...more } = options;
  server = await LanguageServer.start({
    settings: { ...model.settings, search: { backend: 'postgres' } },
    folders: [path.join(home, 'app')],
    environment: { XDG_CACHE_HOME: path.join(home, 'cache'), STET_SEARCH_DATABASE_URL: '', ...environment },
    ...more,
  });
  return server;
}

async function finds(of: LanguageServer): Promise<void> {
  const state = () => of.indexStatuses.at(-1)?.state;
  await until(() => state() === 'ready' || state() === 'error', 'the index', patienceMs);
  expect(of.indexStatuses.at(-1)).toMatchObject({ state: 'ready' });
  const { results } = await of.connection.sendRequest<SearchResponse>('stet/search', {
    searchId: 1,
    query: 'open the door',
    limit: 5,
  });
  expect(results.map(({ name }) => name)).toContain('openTheDoor');
  expect(JSON.stringify([of.logs, of.messages, of.indexStatuses])).not.toContain('canary-password');
}

test('stet.search.backend: the connection string comes from the editor, and what is found from the database', async () => {
  await finds(await start({ searchDatabase: database.connectionString }));
  const schemas = await database.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'stet%'");
  expect(schemas).toHaveLength(1);
  expect(fs.existsSync(path.join(home, 'cache', 'stet', 'search'))).toBe(false);
});

test('stet.search.postgres.connectionVariable: what it names goes before the editor’s, and the index is found as it was left', async () => {
  const connectionVariable = 'OUR_CODE_INDEX';
  await finds(
    await start({
      settings: { ...model.settings, search: { backend: 'postgres', postgres: { connectionVariable } } },
      environment: { [connectionVariable]: database.connectionString },
      searchDatabase: 'postgres://wrong:wrong@127.0.0.1:1/wrong',
    }),
  );
});

test('none is set: said so, with both ways out; completion goes on', async () => {
  const started = await start({});
  await until(() => started.indexStatuses.at(-1)?.state === 'error', 'the error', patienceMs);
  expect(started.indexStatuses.at(-1)?.detail).toMatch(/Set Search Database.*sqlite/);
  await started.reached('ready');
});

test('a database that does not answer: said so, without the password', async () => {
  const started = await start({ searchDatabase: 'postgres://stet:canary-password@127.0.0.1:1/x' });
  await until(() => started.indexStatuses.at(-1)?.state === 'error', 'the error', patienceMs);
  expect(started.indexStatuses.at(-1)?.detail).toMatch(/database failed/);
  expect(JSON.stringify([started.logs, started.messages, started.indexStatuses])).not.toContain(
    'canary-password',
  );
});
