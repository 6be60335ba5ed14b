/** Tests of engine-client against engine-host in a real child process that is really killed; only the engine is scripted. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { EngineError } from '../engine/base/error.ts';
import type { TraceEvent } from '../engine/base/ports.ts';
import type { CompletionRequest, DocumentChange } from '../engine/engine.ts';
import { EngineClient } from './engine-client.ts';
import type { EngineProcessOptions, EngineState } from './engine-wire.ts';

// The languages of this engine's documents are its script: what `complete` does is the language id.
const scriptedEngine = `
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { EngineError } from '../engine/base/error.ts';
import { serveEngine } from './engine-host.ts';

process.on('disconnect', () => process.exit(0));
const cost = { ms: 1, firstTokenMs: 1, nKept: 0, nShifted: 0, nNew: 0, nTokens: 0 };
const documents = new Map();
let nAborted = 0;
serveEngine(createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process)), async (options, ports) => {
  ports.onStatus('reading ' + options.modelFolder);
  if (options.modelFolder === 'missing') throw new EngineError('model-missing', 'No model there. Choose another folder.');
  if (options.modelFolder === 'crash' || options.provider === 'webgpu') process.exit(3);
  return {
    info: { modelName: options.modelFolder, contextTokens: 64 },
    edit(change) {
      if (change.kind === 'open') documents.set(change.uri, change);
      else if (change.kind === 'close') documents.delete(change.uri);
      else throw new Error('scripted: no edits');
    },
    async complete(request, signal) {
      const script = documents.get(request.uri)?.languageId;
      if (script === 'fail') throw new EngineError('backend-failed', 'It broke. Fix it.', true);
      if (script === 'bug') throw new TypeError('our fault');
      if (script === 'hang') await new Promise((_, reject) => signal.addEventListener('abort', () => (nAborted++, reject(signal.reason))));
      return { outcome: 'generated', suggestion: { id: nAborted, text: [...documents.keys()].join(), start: 0, endExclusive: 0 }, cost };
    },
    accepted(id) { ports.tracer({ kind: 'log', level: 'info', message: 'accepted ' + id }); },
    async dispose() { if (options.modelFolder === 'slow') await new Promise((end) => setTimeout(end, 300)); },
  };
});
`;

let folder: string;
const clients: EngineClient[] = [];

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-engine-client-'));
  await build({
    stdin: { contents: scriptedEngine, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: path.join(folder, 'engine.cjs'),
  });
});
afterEach(() => Promise.all(clients.splice(0).map((client) => client.dispose())));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function start(
  modelFolder: string,
  open: readonly DocumentChange[] = [],
  more: Partial<EngineProcessOptions> = {},
) {
  const states: EngineState[] = [];
  const events: TraceEvent[] = [];
  const client = new EngineClient({
    enginePath: path.join(folder, 'engine.cjs'),
    openDocuments: () => open,
    onState: (state) => states.push(state),
    tracer: (event) => events.push(event),
  });
  clients.push(client);
  void client.start({ ...optionsFor(modelFolder), ...more });
  const ask = (uri: string, signal = new AbortController().signal) =>
    client.complete(requestFor(uri), signal);
  return { client, states, events, ask, last: () => states.at(-1) };
}

const optionsFor = (modelFolder: string): EngineProcessOptions => ({
  modelFolder,
  format: 'int8',
  threads: 1,
  cacheMemoryMb: 128,
  grammarsFolder: '',
});
const requestFor = (uri: string): CompletionRequest => ({
  uri,
  version: 1,
  offset: 0,
  trigger: 'invoked',
  settings: { maxLines: 1, maxTokens: 1, contextTokens: 0, debounceMs: 0, maxFileSizeKb: 1, editReuse: true },
});
const document = (uri: string, languageId = 'x'): DocumentChange => ({
  kind: 'open',
  uri,
  languageId,
  version: 1,
  text: '',
});

async function until(condition: () => unknown, what: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`timed out: ${what}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a request made while loading is answered when the engine is ready, about the open documents', async () => {
  const { ask, states, client } = start('m', [document('a'), document('b')]);
  expect((await ask('a')).suggestion?.text).toBe('a,b');
  expect(client.info).toEqual({ modelName: 'm', contextTokens: 64 });
  expect(states.map(({ state }) => state)).toEqual(['loading', 'loading', 'ready']);
  expect(states[1]?.detail).toBe('reading m');
});

test('a provider that ends the process while the model is loaded is given up, with a notice', async () => {
  const { ask, last } = start('m', [document('a')], { provider: 'webgpu' });
  expect((await ask('a')).suggestion?.text).toBe('a');
  expect(last()).toMatchObject({ state: 'ready', notice: expect.stringContaining('webgpu') });
});

test('killed with SIGKILL: the request under way ends, the next is answered by a new process', async () => {
  const { client, ask, states } = start('m', [document('slow', 'hang'), document('a')]);
  await ask('a');
  const pid = client.pid as number;
  const underWay = ask('slow');
  process.kill(pid, 'SIGKILL');
  await expect(underWay).rejects.toMatchObject({ code: 'engine-down', showUser: false });
  expect((await ask('a')).suggestion?.text).toBe('slow,a');
  expect(client.pid).not.toBe(pid);
  expect(states.map(({ state }) => state)).toEqual([
    'loading',
    'loading',
    'ready',
    'loading',
    'loading',
    'ready',
  ]);
});

test('three deaths within a minute: an error with a way out, and start() tries again', async () => {
  const { client, ask, last } = start('crash');
  await until(() => last()?.state === 'error', 'giving up');
  expect(last()?.detail).toContain('Stet: Restart Server');
  await expect(ask('a')).rejects.toMatchObject({ code: 'engine-down', showUser: true });
  await client.start(optionsFor('m'));
  expect((await ask('a')).outcome).toBe('generated');
});

test('a model that cannot be opened is not tried again and leaves no process', async () => {
  const { client, ask, last } = start('missing');
  await expect(ask('a')).rejects.toThrow(
    new EngineError('model-missing', 'No model there. Choose another folder.'),
  );
  expect(last()).toEqual({ state: 'error', detail: 'No model there. Choose another folder.' });
  await until(() => client.pid === undefined, 'the process to end');
  await client.start(optionsFor('m'));
  expect((await ask('a')).outcome).toBe('generated');
});

test('errors cross the boundary as what they were', async () => {
  const { ask } = start('m', [document('fail', 'fail'), document('bug', 'bug')]);
  await expect(ask('fail')).rejects.toMatchObject({
    name: 'EngineError',
    code: 'backend-failed',
    showUser: true,
  });
  await expect(ask('bug')).rejects.toMatchObject({
    name: 'AssertionError',
    message: expect.stringContaining('our fault'),
  });
});

test('aborting rejects at once with the reason, and the engine hears of it', async () => {
  const { ask } = start('m', [document('slow', 'hang'), document('a')]);
  await ask('a');
  const controller = new AbortController();
  const answer = ask('slow', controller.signal);
  setTimeout(() => controller.abort('enough'), 20);
  await expect(answer).rejects.toBe('enough');
  expect((await ask('a')).suggestion?.id).toBe(1); // the script counts aborted requests
  await expect(ask('a', AbortSignal.abort('before'))).rejects.toBe('before');
});

test('a throwing edit and an acceptance arrive as log lines, not as crashes', async () => {
  const { client, ask, events } = start('m', [document('a')]);
  await ask('a');
  client.edit({ kind: 'change', uri: 'a', version: 2, edits: [] });
  client.accepted(7);
  await ask('a');
  const logged = events.map((event) => (event.kind === 'log' ? event.message : ''));
  expect(logged).toContainEqual(expect.stringContaining('scripted: no edits'));
  expect(logged).toContain('accepted 7');
});

test('other options replace the process; dispose leaves none', async () => {
  const { client, ask } = start('m');
  await ask('a');
  const first = client.pid as number;
  await client.start(optionsFor('n'));
  await ask('a');
  expect(client.info.modelName).toBe('n');
  const second = client.pid as number;
  await client.dispose();
  expect([first, second].map(isAlive)).toEqual([false, false]);
  await expect(ask('a')).rejects.toMatchObject({ code: 'engine-down', showUser: false });
});

test('started anew while the last process still ends: never two models in memory', async () => {
  const { client, last, events } = start('slow');
  await until(() => last()?.state === 'ready', 'ready');
  const old = client.pid as number;
  void client.start(optionsFor('second'));
  await client.start(optionsFor('third'));
  expect(isAlive(old)).toBe(false);
  await until(() => last()?.detail === 'third', 'the third');
  const started = events.filter(
    (event) => event.kind === 'log' && /^Engine process \d+ started/.test(event.message),
  );
  expect(started).toHaveLength(2); // the second was overtaken before it began
});

test('rests when told, knows the documents when it is asked again, and does not rest under a request', async () => {
  const open: DocumentChange[] = [
    { kind: 'open', uri: 'file:///a', languageId: 'ok', version: 1, text: '' },
    { kind: 'open', uri: 'file:///b', languageId: 'hang', version: 1, text: '' },
  ];
  const { client, ask, last } = start('model', open);
  expect(client.idleMs).toBe(0); // nothing to let go yet
  await ask('file:///a');
  const { pid } = client;
  const controller = new AbortController();
  const hanging = ask('file:///b', controller.signal);
  await client.rest();
  expect(client.pid).toBe(pid);
  expect(client.idleMs).toBe(0);
  controller.abort(new Error('enough'));
  await expect(hanging).rejects.toThrow('enough');

  await client.rest();
  expect(client.pid).toBeUndefined();
  expect(client.idleMs).toBe(0);
  expect(last()).toEqual({ state: 'ready', detail: 'model (unloaded until you type)' });
  const answers = await Promise.all([ask('file:///a'), ask('file:///a')]);
  for (const { suggestion } of answers) expect(suggestion?.text).toBe('file:///a,file:///b');
  expect(client.pid).not.toBe(pid);
  expect(last()).toEqual({ state: 'ready', detail: 'model' });
});
