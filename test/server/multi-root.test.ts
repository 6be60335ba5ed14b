/** Several folders in one window: one index with all of them, told apart by name, and their settings are the window's. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SearchResponse } from '../../protocol/messages.ts';
import { at, LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 90_000;
let model: ModelFolder;
let home: string;
let server: LanguageServer;

beforeAll(async () => {
  model = await tinyModelFolder();
  home = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'stet-roots-'));
  const write = (name: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    fs.writeFileSync(path.join(home, name), text);
  };
  write('front/src/door.ts', 'export function openFrontDoor() {}\n');
  write('front/.gitignore', 'built/\n');
  write('front/built/door.ts', 'export function builtFrontDoor() {}\n');
  write('back/src/door.ts', 'export function openBackDoor() {}\n');
  write('back/built/door.ts', 'export function builtBackDoor() {}\n');
  server = await LanguageServer.start({
    settings: { ...model.settings, 'types.enable': false },
    folders: [path.join(home, 'front'), path.join(home, 'back')],
    environment: { XDG_CACHE_HOME: path.join(home, 'cache'), LOCALAPPDATA: path.join(home, 'cache') },
  });
  await pathsOf('door'); // a search does not wait for the editor to settle
  await until(() => server.indexStatuses.at(-1)?.state === 'ready', 'the index', patienceMs);
});

afterAll(async () => {
  await server.stop();
  fs.rmSync(home, { recursive: true, force: true });
  model.remove();
});

const pathsOf = async (query: string) => {
  const params = { searchId: 1, query, limit: 20 };
  const { results } = await server.connection.sendRequest<SearchResponse>('stet/search', params);
  return results.filter(({ name }) => name.endsWith('Door')).map((result) => result.path);
};

test('search finds the code of every folder, with its name before the path', async () => {
  expect((await pathsOf('door')).sort()).toEqual([
    'back/built/door.ts',
    'back/src/door.ts',
    'front/src/door.ts',
  ]); // each folder's own .gitignore counts in it alone
});

test('files of every folder get suggestions', async () => {
  await server.reached('ready', patienceMs);
  for (const folder of ['front', 'back']) {
    const uri = pathToFileURL(path.join(home, folder, 'src/door.ts')).href;
    await server.open(uri, 'export function ');
    await server.complete(uri, at(0, 16));
    expect(server.traces.findLast((trace) => trace.uri === uri)?.nNew).toBeGreaterThan(0);
  }
});
