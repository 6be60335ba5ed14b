/** Settings of completion and of the model, through the real server: each changes what its description says. */

import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import { type ModelsResponse, measureModelRequest, modelsRequest } from '../../protocol/messages.ts';
import { at, LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 90_000;
let model: ModelFolder;
let server: LanguageServer;
let nDocuments = 0;

beforeAll(async () => {
  model = await tinyModelFolder();
  server = await LanguageServer.start({ settings: model.settings });
  await server.reached('ready', patienceMs);
});
afterAll(async () => {
  await server.stop();
  model.remove();
});

const configure = (more: object) => server.configure({ ...model.settings, ...more });

/** The trace of a request at the end of a new document. */
async function traceOf(text: string, { automatic = false, name = 'a.ts' } = {}) {
  const uri = `file:///code/${++nDocuments}/${name}`;
  const lines = text.split('\n');
  await server.open(uri, text);
  await server.complete(uri, at(lines.length - 1, lines.at(-1)?.length ?? 0), { automatic });
  await server.close(uri);
  return server.traces.findLast((trace) => trace.uri === uri);
}

/** What came of a request while typing. */
const outcomeOf = async (text: string, name?: string) =>
  (await traceOf(text, { automatic: true, ...(name !== undefined && { name }) }))?.outcome;

test('stet.disabledPaths: files with such paths get suggestions when asked only', async () => {
  await configure({ disabledPaths: ['**/generated/**', '*.sql'] });
  expect(await outcomeOf('let a', 'generated/a.ts')).toBe('quiet-path');
  expect(await outcomeOf('select ', 'a.sql')).toBe('quiet-path');
  expect(await outcomeOf('let a', 'written/a.ts')).not.toBe('quiet-path');
  expect((await traceOf('let a', { name: 'generated/a.ts' }))?.nNew).toBeGreaterThan(0);
});

test('stet.completion.inComments, stet.completion.inStrings: nothing while typing there where they say no', async () => {
  await configure({ completion: { inComments: false } });
  expect(await outcomeOf('// to do')).toBe('quiet-comment');
  expect(await outcomeOf('let a = "to do')).not.toMatch(/quiet/);
  await configure({ completion: { inStrings: false } });
  expect(await outcomeOf('let a = "to do')).toBe('quiet-string');
  expect(await outcomeOf('// to do')).not.toMatch(/quiet/);
  expect((await traceOf('let a = "to do'))?.nNew).toBeGreaterThan(0);
});

test('limits of the file, the prompt and the answer are the settings’ as well', async () => {
  const text = `${'let value = 1;\n'.repeat(20)}let `;
  await configure({ maxFileSizeKb: 1 });
  expect((await traceOf(text.repeat(4)))?.outcome).toBe('too-large');
  await configure({ completion: { contextTokens: 100 } });
  expect((await traceOf(text))?.nNew).toBeLessThanOrEqual(100);
  await configure({ completion: { contextTokens: 0, maxTokens: 1 } });
  const trace = await traceOf(text);
  expect(trace?.nTokens).toBeLessThanOrEqual(1);
  expect(trace?.nNew).toBeGreaterThan(100);
});

test('stet.model.cacheFolder, stet.model.format: the weights are kept there, and in that way', async () => {
  const folder = model.path('other cache');
  expect(fs.existsSync(folder)).toBe(false);
  const { enginePid } = server;
  await configure({ 'model.folder': model.folder, 'model.cacheFolder': folder, 'model.format': 'fp32' });
  await until(() => server.enginePid !== enginePid, 'another engine process', patienceMs);
  await server.reached('ready', patienceMs);
  const size = (of: string) =>
    fs
      .readdirSync(of, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0);
  expect(size(folder)).toBeGreaterThan(2 * size(model.path('cache'))); // which holds int8
});

test('stet.model.executionProvider: where it cannot be had that is said once, and the processor writes', async () => {
  // On Linux the libraries of cuda are in no package of ours; the others know nothing of it, or of coreml.
  const absent = process.platform === 'win32' ? 'coreml' : 'cuda';
  const restarted = async (threads: number) => {
    const { enginePid } = server;
    await configure({ threads, 'model.executionProvider': absent });
    await until(() => server.enginePid !== enginePid, 'another engine process', patienceMs);
    await server.reached('ready', patienceMs);
    expect(server.status?.detail).toMatch(/ on cpu$/);
  };
  await restarted(1);
  expect((await traceOf('let a'))?.nNew).toBeGreaterThan(0);
  expect(server.messages).toEqual([
    expect.stringMatching(/stet\.model\.executionProvider is \w+, .* on cpu/),
  ]);
  await restarted(2);
  expect(server.messages).toHaveLength(1);
}, 180_000);

test('models are listed with what they take here, once that was measured', async () => {
  await configure({});
  await server.reached('ready', patienceMs);
  const list = () => server.connection.sendRequest<ModelsResponse>(modelsRequest, {});
  const before = await list();
  expect(before.isMeasured).toBe(false);
  expect(before.memory.totalBytes).toBeGreaterThan(1e8);
  const source = new CancellationTokenSource();
  const cancelled = server.connection.sendRequest(measureModelRequest, {}, source.token);
  source.cancel();
  await expect(cancelled).rejects.toThrow(/Cancelled/);
  const after = await server.connection.sendRequest<ModelsResponse>(measureModelRequest, {});
  expect(after.isMeasured).toBe(true);
  const own = after.models.find(({ folder }) => folder === model.folder);
  expect(own?.speed).toMatchObject({ isPredicted: false, suggestionMs: expect.any(Number) });
  expect(after.models.find(({ isEmbedded }) => isEmbedded)?.speed?.isPredicted).toBe(true);
  expect((await list()).models).toEqual(after.models);
}, 180_000);

test.runIf(process.platform === 'linux')('stet.threads: the model runs on so many', async () => {
  const nThreads = async (threads: number) => {
    const { enginePid } = server;
    await configure({ threads });
    await until(() => server.enginePid !== enginePid, 'another engine process', patienceMs);
    await server.reached('ready', patienceMs);
    return fs.readdirSync(`/proc/${server.enginePid}/task`).length;
  };
  const [few, many] = [await nThreads(2), await nThreads(12)];
  expect(many - few).toBe(10);
});
