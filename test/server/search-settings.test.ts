/** Limits of the index and its folder, through the real server. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SearchResponse } from '../../protocol/messages.ts';
import { LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 90_000;
let model: ModelFolder;
let home: string;
let server: LanguageServer;

beforeAll(async () => {
  model = await tinyModelFolder();
  home = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'stet-search-settings-'));
  fs.mkdirSync(path.join(home, 'app'));
  const large = `export function largeDoor() {}\n${'// and so on\n'.repeat(200)}`;
  fs.writeFileSync(path.join(home, 'app', 'large.ts'), large);
  for (const name of ['red', 'green', 'blue'])
    fs.writeFileSync(path.join(home, 'app', `${name}.ts`), `export function ${name}Door() {}\n`);
  server = await LanguageServer.start({
    settings: { ...model.settings, search: { indexFolder: path.join(home, 'index') } },
    folders: [path.join(home, 'app')],
    environment: { XDG_CACHE_HOME: path.join(home, 'cache'), LOCALAPPDATA: path.join(home, 'cache') },
  });
});

afterAll(async () => {
  await server.stop();
  fs.rmSync(home, { recursive: true, force: true });
  model.remove();
});

async function doors(): Promise<string[]> {
  const query = { searchId: 1, query: 'door', limit: 20 };
  const { results } = await server.connection.sendRequest<SearchResponse>('stet/search', query);
  return results.map(({ name }) => name).filter((name) => name.endsWith('Door'));
}

/** Waits until what is found is as `isRight` wants it. */
async function untilDoors(isRight: (found: string[]) => boolean): Promise<void> {
  let found: string[] = [];
  for (const end = Date.now() + patienceMs; Date.now() < end; ) {
    found = await doors();
    if (isRight(found)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`still finds ${found}`);
}

const configure = (search: object) =>
  server.configure({ ...model.settings, search: { indexFolder: path.join(home, 'index'), ...search } });

test('stet.search.indexFolder: the index is there and nowhere else', async () => {
  await untilDoors((found) => found.length === 4);
  const filesBelow = (folder: string) =>
    fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true }).map(String) : [];
  expect(filesBelow(path.join(home, 'index')).some((file) => file.endsWith('.sqlite'))).toBe(true);
  expect(filesBelow(path.join(home, 'cache')).filter((file) => /sqlite|\.lock/.test(file))).toEqual([]);
});

test('stet.search.maxFileSizeKb: larger files are not found, until they may be', async () => {
  await configure({ maxFileSizeKb: 1 });
  await untilDoors((found) => found.length === 3 && !found.includes('largeDoor'));
  await configure({ maxFileSizeKb: 4 });
  await untilDoors((found) => found.includes('largeDoor'));
});

test('stet.search.maxFiles: no more are indexed, and that is said', async () => {
  await configure({ maxFiles: 2 });
  await untilDoors((found) => found.length <= 2);
  const isSaid = () => server.indexStatuses.at(-1)?.detail.includes('stet.search.maxFiles');
  await until(isSaid, 'to be told of the limit', patienceMs);
});
