/** Notebooks through the real server: what of the cells above is read for a cell, whatever becomes of them. */

// The model is elsewhere and says what the test wants of what it is sent: the name that the first cell
// defines. So what is read is seen as it is, and nothing hangs on what a real model would write.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, LanguageServer } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 90_000;
const notebook = 'file:///data/sales.ipynb';
const uriOf = (name: string, path = '/data/sales.ipynb') => `vscode-notebook-cell:${path}#${name}`;
const texts = {
  one: 'def total_of(months):\n    return sum(months)\n',
  two: 'months = [1, 2]',
  three: 'print(total_',
};
const end = at(0, texts.three.length);

let model: ModelFolder;
let elsewhere: Server;
let server: LanguageServer;
/** What was sent as the text before the cursor. */
const prefixes: string[] = [];

beforeAll(async () => {
  elsewhere = createServer(async (incoming, response) => {
    let sent = '';
    for await (const chunk of incoming) sent += chunk;
    const prefix = String(JSON.parse(sent).input_prefix);
    prefixes.push(prefix);
    const content = /def total_(\w+)/.exec(prefix)?.[1] ?? '';
    const events = [
      { content, stop: false },
      { content: '', stop: true, stop_type: 'eos' },
    ];
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  model = await tinyModelFolder();
  const remoteUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  const completion = { backend: 'remote', remoteUrl, remoteProtocol: 'llama.cpp' };
  server = await LanguageServer.start({ settings: { ...model.settings, 'types.enable': false, completion } });
  await server.reached('ready', patienceMs);
  await tell(['one', 'two', 'three']); // before they are opened, which may happen
  for (const [name, text] of Object.entries(texts)) await server.open(uriOf(name), text, 'python');
}, patienceMs);
afterAll(async () => {
  await server.stop();
  elsewhere.close();
  model.remove();
});

const tell = (names: readonly string[], uri = notebook) =>
  server.connection.sendNotification('stet/notebook', { uri, cells: names.map((name) => uriOf(name)) });

async function suggested(): Promise<unknown> {
  return (await server.complete(uriOf('three'), end))?.[0]?.insertText ?? '';
}

test('a name that only the first cell defines is suggested in the third', async () => {
  expect(await suggested()).toBe('of');
  expect(prefixes.at(-1)).toBe(`${texts.one}\n${texts.two}\n\n${texts.three}`);
});

test('cells that are edited, moved, removed and closed are read as they are now', async () => {
  await server.insert(uriOf('one'), at(0, 'def total_of'.length), '_all');
  expect(await suggested()).toBe('of_all');
  await tell(['two', 'three', 'one']);
  expect(await suggested()).toBe('');
  expect(prefixes.at(-1)).toBe(`${texts.two}\n\n${texts.three}`);
  await tell(['one', 'three']);
  expect(await suggested()).toBe('of_all');
  await server.close(uriOf('one'));
  expect(await suggested()).toBe('');
  expect(prefixes.at(-1)).toBe(texts.three);
});

test('nonsense is ignored', async () => {
  await tell(['two', 'three']);
  for (const params of [null, {}, { uri: notebook }, { uri: notebook, cells: [1] }, { uri: 1, cells: [] }]) {
    await server.connection.sendNotification('stet/notebook', params);
  }
  await server.insert(uriOf('two'), at(0, 0), 'x = 0\n'); // else the answer is known
  await suggested();
  expect(prefixes.at(-1)).toBe(`x = 0\n${texts.two}\n\n${texts.three}`);
  expect(server.logs.filter((line) => /cells of a notebook/.test(line))).toHaveLength(5);
});

test('what is excluded by the notebook’s path is excluded in its cells', async () => {
  const secret = uriOf('one', '/data/credentials.ipynb');
  await server.open(secret, 'x = ', 'python');
  expect(await server.outcomeOf(secret, at(0, 4))).toBe('secret');
  const quiet = uriOf('three');
  await server.insert(uriOf('two'), at(0, 0), '# stet: off\n');
  const nTraces = server.traces.length;
  await server.complete(quiet, end, { automatic: true });
  expect(server.traces.slice(nTraces).map(({ outcome }) => outcome)).toEqual(['quiet-marker']);
});
