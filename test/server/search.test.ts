/** Search through the real server: what is indexed and what never is, live files, settings, bad input. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexActionResult, SearchResponse } from '../../protocol/messages.ts';
import { LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

/** Long enough for an index of a few files on a machine that does other things too. */
const patienceMs = 60_000;
const canary = 'xyzzycanary';

let model: ModelFolder;
let home: string;
let server: LanguageServer;

beforeAll(async () => {
  model = await tinyModelFolder();
  home = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'stet-search-'));
  write('app/src/open.ts', 'export function openTheDoor() {\n  return 1;\n}\n');
  write('app/src/close.py', 'def close_the_door():\n    return 2\n');
  write('app/.env', `API_TOKEN=${canary}\n`);
  write('app/.env.local', `API_TOKEN=${canary}\n`);
  write('app/keys/id_rsa', `-----BEGIN PRIVATE KEY-----\n${canary}\n`);
  write('app/server.pem', `${canary}\n`);
  write('app/.gitignore', 'build/\n');
  write('app/build/out.ts', 'export function builtDoor() {}\n');
  write('app/generated/code.ts', 'export function generatedDoor() {}\n');
  write('app/hidden/code.ts', 'export function hiddenDoor() {}\n');
  server = await start({ search: { exclude: ['**/generated/**'] } });
});

afterAll(async () => {
  await server.stop();
  fs.rmSync(home, { recursive: true, force: true });
  await model.remove();
});

const inHome = (name: string) => path.join(home, name);

function write(name: string, text: string): string {
  fs.mkdirSync(path.dirname(inHome(name)), { recursive: true });
  fs.writeFileSync(inHome(name), text);
  return pathToFileURL(inHome(name)).href;
}

async function start(settings: object, folders = ['app']): Promise<LanguageServer> {
  const started = await LanguageServer.start({
    settings: { ...model.settings, ...settings },
    folders: folders.map(inHome),
    filesExclude: { '**/hidden': true, '**/src': false, '**/*.py': { when: '$(basename).ts' } },
    environment: { XDG_CACHE_HOME: inHome('cache'), LOCALAPPDATA: inHome('cache'), HOME: inHome('user') },
  });
  return started;
}

const isReady = (of: LanguageServer) => of.indexStatuses.at(-1)?.state === 'ready';

const search = (query: unknown, more: object = {}, of = server) =>
  of.connection.sendRequest<SearchResponse>('stet/search', { searchId: 1, query, limit: 20, ...more });

async function names(query: string, of = server): Promise<string[]> {
  return (await search(query, {}, of)).results.map(({ name }) => name);
}

const changed = (uri: string, type = 2) =>
  server.connection.sendNotification('workspace/didChangeWatchedFiles', { changes: [{ uri, type }] });

async function untilNames(query: string, isRight: (found: string[]) => boolean): Promise<void> {
  let found: string[] = [];
  for (const end = Date.now() + patienceMs; Date.now() < end; ) {
    found = await names(query);
    if (isRight(found)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`“${query}” still finds ${found}`);
}

describe('what is indexed', () => {
  test('code is found with its place, and earlier results come before the last', async () => {
    await until(() => isReady(server), 'the index', patienceMs);
    const { results } = await search('open the door', { searchId: 42 });
    expect(results[0]).toMatchObject({
      path: 'src/open.ts',
      name: 'openTheDoor',
      languageId: 'typescript',
      startLine: 0,
      uri: pathToFileURL(inHome('app/src/open.ts')).href,
    });
    expect(server.searchUpdates.some(({ searchId }) => searchId === 42)).toBe(true);
  });

  test('secrets never are: not found by their words, and no file of theirs is known', async () => {
    for (const query of [canary, `"${canary}"`, `/${canary}/`, 'API_TOKEN', 'path:.env token']) {
      const { results } = await search(query);
      expect(results.filter(({ text }) => text.includes(canary))).toEqual([]);
    }
    // Every piece of code matches this one; without the ordinary files the test could not fail.
    const { results } = await search('/[^]/', { limit: 500 });
    const paths = new Set(results.map(({ path }) => path));
    expect([...paths].filter((name) => !/\.gitignore$/.test(name)).sort()).toEqual([
      'src/close.py',
      'src/open.ts',
    ]);
  });

  test('stet.search.exclude: ignored and excluded files are not', async () => {
    const found = await names('door');
    expect(found).toEqual(expect.arrayContaining(['openTheDoor', 'close_the_door']));
    for (const name of ['builtDoor', 'generatedDoor', 'hiddenDoor']) expect(found).not.toContain(name);
  });
});

describe('what changes', () => {
  test('a file that is written, saved, and deleted', async () => {
    const uri = write('app/src/window.ts', 'export function openTheWindow() {}\n');
    await changed(uri, 1);
    await untilNames('openTheWindow', (found) => found.includes('openTheWindow'));
    write('app/src/window.ts', 'export function breakTheWindow() {}\n');
    await server.connection.sendNotification('textDocument/didSave', { textDocument: { uri } });
    await untilNames(
      'breakTheWindow',
      (found) => found.includes('breakTheWindow') && !found.includes('openTheWindow'),
    );
    fs.rmSync(inHome('app/src/window.ts'));
    await changed(uri, 3);
    await untilNames('breakTheWindow', (found) => !found.includes('breakTheWindow'));
  });

  test('a secret that appears later is not indexed either', async () => {
    const secret = write('app/production.env', `DOOR=${canary}\n`);
    const plain = write('app/src/later.ts', 'export function laterDoor() {}\n');
    await changed(secret, 1);
    await changed(plain, 1);
    await untilNames('laterDoor', (found) => found.includes('laterDoor'));
    expect((await search(canary)).results.filter(({ text }) => text.includes(canary))).toEqual([]);
  });

  test('a folder that is added, and taken away', async () => {
    write('library/book.ts', 'export function readTheBook() {}\n');
    const folder = { uri: pathToFileURL(inHome('library')).href, name: 'library' };
    const change = (event: object) =>
      server.connection.sendNotification('workspace/didChangeWorkspaceFolders', { event });
    await change({ added: [folder], removed: [] });
    await untilNames('readTheBook', (found) => found.includes('readTheBook'));
    const { results } = await search('readTheBook');
    expect(results[0]?.path).toBe('library/book.ts');
    await change({ added: [], removed: [folder] });
    await untilNames('readTheBook', (found) => !found.includes('readTheBook'));
    await until(() => isReady(server), 'the index', patienceMs);
  });
});

describe('actions', () => {
  const act = (action: unknown) =>
    server.connection.sendRequest<IndexActionResult>('stet/indexAction', { action });

  test('clear empties the index, rebuild fills it again', async () => {
    expect(await act('clear')).toEqual({});
    expect(await act('rebuild')).toEqual({});
    await untilNames('openTheDoor', (found) => found.includes('openTheDoor'));
  });

  test('pause and resume', async () => {
    expect(await act('pause')).toEqual({});
    expect(await act('resume')).toEqual({});
    await until(() => isReady(server), 'the index', patienceMs);
  });

  test('an action that there is not', async () => {
    for (const action of ['explode', 7, undefined]) {
      expect((await act(action)).error).toMatch(/rebuild, pause, resume, clear/);
    }
  });
});

describe('bad input', () => {
  test.each([
    ['an empty query', ''],
    ['white space', ' \n\t '],
    ['10,000 characters', 'door '.repeat(2000)],
    ['an expression that is none', '/(/'],
    ['a quote that does not close', '"door'],
    ['an unknown filter', 'galaxy:far door'],
    ['a language that there is not', 'lang:klingon door'],
    ['NUL and lone surrogates', 'door \0 \ud800'],
    ['nothing but signs', '(){}[];"\'`~!@#$%^&*'],
  ])('%s is answered', async (_, query) => {
    const response = await search(query);
    expect(Array.isArray(response.results)).toBe(true);
  });

  test.each([[undefined], [7], [null], [{}]])('a query that is %j: said what is wrong', async (query) => {
    expect((await search(query)).note).toMatch(/query/);
  });

  test('an expression that takes for ever does not keep the next search from its answer', async () => {
    write('app/src/slow.txt', `${'a'.repeat(5000)}b\n`);
    await changed(pathToFileURL(inHome('app/src/slow.txt')).href, 1);
    const slow = search('/(a+)+$/');
    expect((await names('openTheDoor')).includes('openTheDoor')).toBe(true);
    expect(Array.isArray((await slow).results)).toBe(true);
  });

  test('a search that is given up ends at once, and the next is answered', async () => {
    const searches = Array.from({ length: 30 }, (_, i) => search(`door ${i}`));
    await Promise.all(searches);
    expect(await names('openTheDoor')).toContain('openTheDoor');
  });
});

test('stet.search.enable: search that is turned off reads nothing and says so', async () => {
  const off = await start({ search: { enable: false, indexFolder: inHome('elsewhere') } });
  await until(() => off.indexStatuses.at(-1)?.state === 'off', 'the state “off”', patienceMs);
  const response = await search('openTheDoor', {}, off);
  expect(response.results).toEqual([]);
  expect(response.note).toMatch(/stet\.search\.enable|off/i);
  expect(filesBelow(inHome('elsewhere'))).toEqual([]);
  await off.stop();
});

function filesBelow(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
