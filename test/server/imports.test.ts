/** Imports of accepted suggestions through the real server, its TypeScript process and its pyright. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MissingImportsResponse } from '../../protocol/messages.ts';
import { at, LanguageServer, sleep } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 90_000;
vi.setConfig({ testTimeout: 2 * patienceMs, hookTimeout: 2 * patienceMs });
const head = "import './ledger';\n\nexport const sum = ";
const accepted = 'total([1])';

let model: ModelFolder;
let server: LanguageServer;
let uri: string;

beforeAll(async () => {
  model = await tinyModelFolder();
  const folder = fs.mkdirSync(model.path('app'), { recursive: true }) as string;
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), '{ "compilerOptions": { "module": "esnext" } }');
  fs.writeFileSync(path.join(folder, 'ledger.ts'), 'export const total = (n: number[]) => n.length;\n');
  uri = pathToFileURL(path.join(folder, 'sum.ts')).href;
  server = await LanguageServer.start({
    settings: model.settings,
    environment: { XDG_CACHE_HOME: path.join(os.tmpdir(), path.basename(model.folder)) },
  });
  await server.reached('ready', patienceMs);
  await server.open(uri, head);
  await server.insert(uri, at(2, 19), accepted);
});
afterAll(async () => {
  await server.stop();
  model.remove();
});

const ask = (version: number, end = 19 + accepted.length) =>
  server.connection.sendRequest<MissingImportsResponse | null>('stet/missingImports', {
    uri,
    version,
    range: { start: at(2, 19), end: at(2, end) },
  });

describe('stet.completion.autoImport: what an accepted text lacks is imported', () => {
  test('as soon as the project is read', async () => {
    let answer: MissingImportsResponse | null = null;
    for (const end = Date.now() + patienceMs; !answer && Date.now() < end; await sleep(50))
      answer = await ask(2);
    expect(answer?.edits).toEqual([
      {
        range: { start: expect.anything(), end: expect.anything() },
        newText: expect.stringContaining('total'),
      },
    ]);
  });

  test('not of a version that is gone, of a part that names nothing, or of nonsense', async () => {
    expect(await ask(1)).toBeNull();
    expect(await ask(2, 19)).toBeNull();
    expect(await server.connection.sendRequest('stet/missingImports', { uri })).toBeNull();
    expect(await server.connection.sendRequest('stet/missingImports', null)).toBeNull();
  });

  test('in Python as well, by what pyright has read', async () => {
    const ledger = pathToFileURL(path.join(path.dirname(fileURLToPath(uri)), 'ledger.py'));
    fs.writeFileSync(ledger, 'def total(n): return len(n)\nclass Shelf: ...\n');
    const python = new URL('sum.py', uri).href;
    const line = 'shelf = total([1])';
    await server.open(python, `from ledger import Shelf\n\n${line}\n`, 'python');
    const params = { uri: python, version: 1, range: { start: at(2, 0), end: at(2, line.length) } };
    let answer: MissingImportsResponse | null = null;
    for (const end = Date.now() + patienceMs; !answer && Date.now() < end; await sleep(50))
      answer = await server.connection.sendRequest('stet/missingImports', params);
    const after = at(0, 'from ledger import Shelf'.length);
    expect(answer?.edits).toEqual([{ range: { start: after, end: after }, newText: ', total' }]);
  });

  test('not where it is off', async () => {
    await server.configure({ ...model.settings, completion: { autoImport: false } });
    expect(await ask(2)).toBeNull();
  });
});
