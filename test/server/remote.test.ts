/** A model elsewhere, through the real server: another program that serves a real model, and all that may go wrong with it. */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { at, LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 90_000;
const key = 'canary-key-of-the-server';
const canary = 'xyzzy-canary-of-a-secret-file';

/** What the program was asked. */
interface Asked {
  readonly path: string;
  readonly authorization?: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

let model: ModelFolder;
let elsewhere: ChildProcess;
let url = '';
const asked: Asked[] = [];
let server: LanguageServer | undefined;

beforeAll(async () => {
  model = await tinyModelFolder();
  const program = path.join(import.meta.dirname, 'fim-server.mjs');
  elsewhere = spawn(process.execPath, [program, '--llama-cpp'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  createInterface({ input: elsewhere.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (url) asked.push(JSON.parse(line));
    else url = line;
  });
  await until(() => url || elsewhere.exitCode !== null, 'the other program', patienceMs);
  expect(url).toMatch(/^http/);
});
afterAll(async () => {
  elsewhere.kill();
  model.remove();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  asked.length = 0;
});

/** Static analysis has tests of its own, and takes a while to start. */
const local = () => ({ ...model.settings, 'types.enable': false });

const remote = (more: object) => ({ ...local(), completion: { backend: 'remote', ...more } });

async function start(completion: object): Promise<LanguageServer> {
  server = await LanguageServer.start({ settings: remote(completion), remoteAccess: { key } });
  return server;
}

/** The text that the embedded model goes on with whatever its weights are: the file has nothing else. */
const lines = Array.from({ length: 12 }, (_, i) => `  total = addValueOf(entries[${i}]);\n`).join('');
const text = `function sum(entries) {\n${lines}  total = addValu`;
const uri = 'file:///code/sum.ts';
const end = at(13, '  total = addValu'.length);

async function suggestion(of: LanguageServer): Promise<string> {
  const items = await of.complete(uri, end);
  return String(items?.[0]?.insertText ?? '');
}

test.each([
  ['llama.cpp', '/infill'],
  ['openai', '/v1/completions'],
])(
  'stet.completion.remoteUrl: a server that speaks as %s writes what is suggested',
  async (protocol, asks) => {
    const started = await start({ remoteUrl: url, remoteProtocol: protocol });
    await started.reached('ready', patienceMs);
    expect(started.status?.detail).toBe(new URL(url).host);
    await started.open('file:///code/.env', `KEY=${canary}\n`, 'typescript');
    await started.open('file:///code/other.ts', 'export const other = 1;\n');
    await started.open(uri, text);
    const suggested = await suggestion(started);
    const request = asked.find(({ path }) => path === asks);
    expect(request?.authorization).toBe(`Bearer ${key}`);
    expect(JSON.stringify(request?.body)).toContain('total = addValueOf(entries[11])');
    // The other program has trimmed it already: all of it is shown.
    expect(suggested).toBe(request?.text);
    expect(suggested).toMatch(/\S/);
    expect(started.traces.at(-1)).toMatchObject({ outcome: 'generated', nNew: 0 });
    const everything = JSON.stringify([
      asked.map(({ body }) => body),
      started.logs,
      started.statuses,
      started.traces,
    ]);
    expect(everything).not.toContain(canary);
    expect(everything).not.toContain(key);
    expect(JSON.stringify(request?.body).includes('export const other')).toBe(protocol === 'llama.cpp');
  },
  180_000,
);

test('what fails is said with the way out, and over once it works', async () => {
  const started = await start({ remoteUrl: `${url}/fault/500`, remoteProtocol: 'llama.cpp' });
  await started.reached('ready', patienceMs);
  await started.open(uri, text);
  expect(await suggestion(started)).toBe('');
  expect(started.status).toMatchObject({
    state: 'error',
    detail: expect.stringMatching(/out of memory.*embedded/),
  });
  for (const [fault, message] of [
    ['garbage', /does not answer as/],
    ['drop', /cannot be reached/],
  ] as const) {
    await started.configure(remote({ remoteUrl: `${url}/fault/${fault}`, remoteProtocol: 'llama.cpp' }));
    await started.reached('ready', patienceMs);
    expect(await suggestion(started)).toBe('');
    expect(started.status?.detail).toMatch(message);
  }
  await started.configure(remote({ remoteUrl: url }));
  await started.reached('ready', patienceMs);
  expect(await suggestion(started)).toMatch(/\S/);
  expect(started.status?.state).toBe('ready');
  expect(JSON.stringify(started.logs)).not.toContain(key);
}, 180_000);

test('a server that hangs keeps nobody from going back to the model on this machine', async () => {
  const started = await start({ remoteUrl: `${url}/fault/hang`, remoteProtocol: 'llama.cpp' });
  await started.reached('ready', patienceMs);
  await started.open(uri, text);
  const hanging = suggestion(started);
  await until(() => asked.length > 0, 'the request', patienceMs);
  await started.configure(local());
  await hanging;
  await started.reached('ready', patienceMs);
  await until(() => started.status?.detail !== new URL(url).host, 'the local model', patienceMs);
  const nAsked = asked.length;
  expect((await started.outcomeOf(uri, end)) ?? '').toMatch(/generated|empty/);
  expect(asked).toHaveLength(nAsked);
}, 180_000);

test('without a server named, and with nobody there: said so, and nothing was sent', async () => {
  const started = await start({});
  await started.reached('error', patienceMs);
  expect(started.status?.detail).toMatch(/no server is named.*remoteUrl/);
  await started.configure(remote({ remoteUrl: 'http://127.0.0.1:49151' }));
  await started.reached('ready', patienceMs);
  await started.open(uri, text);
  expect(await suggestion(started)).toBe('');
  expect(started.status?.detail).toMatch(/cannot be reached \(ECONNREFUSED\)/);
  expect(asked).toEqual([]);
}, 180_000);
