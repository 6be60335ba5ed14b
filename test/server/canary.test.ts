/** Canary in the real server: texts that are to stay out are in no file of the index, no log line and no answer. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CompressResponse, SearchResponse } from '../../protocol/messages.ts';
import { at, LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 90_000;
/** Both are their own stems and begin like no other word, so that an index would hold them as they are. */
const canary = 'zqcanaryzq';
/** In a file that is searched: what is looked for in the same way must be found, or nothing is proved. */
const marker = 'wvmarkerwv';

let model: ModelFolder;
let home: string;
let server: LanguageServer;
const said: unknown[] = [];

const excluded: readonly (readonly [name: string, languageId: string])[] = [
  ['.env', 'properties'],
  ['config/secrets.ts', 'typescript'],
  ['keys/id_rsa', 'plaintext'],
  ['private/notes.ts', 'typescript'], // by stet.search.exclude
  ['ignored/notes.ts', 'typescript'], // by .gitignore
];

beforeAll(async () => {
  model = await tinyModelFolder();
  home = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'stet-canary-'));
  for (const [name] of excluded) write(name, `export const password = '${canary}';\n`);
  write('.gitignore', 'ignored/\n');
  write('src/open.ts', `export function openTheDoor() {\n  return '${marker}';\n}\n`);
  server = await LanguageServer.start({
    settings: { ...model.settings, search: { exclude: ['private/**'] }, disabledLanguages: ['markdown'] },
    folders: [path.join(home, 'app')],
    environment: {
      XDG_CACHE_HOME: path.join(home, 'cache'),
      LOCALAPPDATA: path.join(home, 'cache'),
      HOME: home,
    },
  });
  // Whatever the server says, on any channel.
  server.connection.onUnhandledNotification((message) => void said.push(message));
});

afterAll(async () => {
  await server.stop();
  fs.rmSync(home, { recursive: true, force: true });
  await model.remove();
});

function write(name: string, text: string): void {
  const file = path.join(home, 'app', name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

const uriOf = (name: string) => pathToFileURL(path.join(home, 'app', name)).href;

/** Every byte that the server keeps on disk, but for the converted model. */
function kept(): string {
  const folder = path.join(home, 'cache');
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  return files.map((e) => fs.readFileSync(path.join(e.parentPath, e.name), 'latin1')).join('\n');
}

test('opened, edited, asked about, searched for: the canary is heard nowhere', async () => {
  await server.reached('ready', patienceMs);
  await until(() => server.indexStatuses.at(-1)?.state === 'ready', 'the index', patienceMs);
  const answers: unknown[] = [];
  // A language that is off, in a document that was never saved.
  for (const [name, languageId] of [...excluded, ['untitled.md', 'markdown'] as const]) {
    const uri = uriOf(name);
    await server.open(uri, `export const password = '${canary}';\n`, languageId);
    await server.insert(uri, at(0, 0), '\n');
    answers.push(await server.complete(uri, at(1, 36), { automatic: true }));
    await server.connection.sendNotification('textDocument/didSave', { textDocument: { uri } });
  }
  await server.open(uriOf('src/new.ts'), 'import "../config/secrets";\nexport const password = ');
  answers.push(await server.complete(uriOf('src/new.ts'), at(1, 24)));
  for (const query of ['password', 'openTheDoor', '/[^]/', 'path:private password', 'path:.env password']) {
    const found = await server.connection.sendRequest<SearchResponse>('stet/search', {
      searchId: 1,
      query,
      limit: 200,
    });
    answers.push(found);
  }
  const context = await server.connection.sendRequest<CompressResponse>('stet/compress', {
    query: 'where is the password and how does the door open',
    budgetTokens: 2000,
  });
  answers.push(context);

  const { traces, logs, messages, statuses, searchUpdates } = server;
  const heard = JSON.stringify([answers, traces, logs, messages, statuses, searchUpdates, said]);
  expect(heard).toContain(marker);
  expect(heard).not.toContain(canary);
  expect(traces.filter(({ outcome }) => outcome === 'secret').length).toBeGreaterThanOrEqual(2);
  const bytes = kept();
  expect(bytes.includes(marker)).toBe(true);
  expect(bytes.includes(canary)).toBe(false);
}, 240_000);
