/** The engine process is killed while someone types: it comes back, and the editor's text is still known. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, LanguageServer, sleep, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const uri = 'file:///a.ts';
let model: ModelFolder;

beforeAll(async () => {
  model = await tinyModelFolder();
});
afterAll(() => model.remove());

test('engine killed with kill -9 while typing: requests end, later ones are answered', async () => {
  const server = await LanguageServer.start({ settings: model.settings });
  await server.open(uri, 'const value = 1;\n'.repeat(100));
  await server.complete(uri, at(50, 0));
  const { enginePid } = server;

  const answers: Promise<unknown>[] = [];
  for (let i = 0; i < 20; i++) {
    await server.insert(uri, at(50, i), 'x');
    answers.push(server.complete(uri, at(50, i + 1)));
    if (i === 10) process.kill(enginePid, 'SIGKILL');
    await sleep(20);
  }
  await Promise.all(answers); // none hangs and none is an error

  await server.reached('ready');
  expect(server.enginePid).not.toBe(enginePid);
  expect(server.statuses.map(({ state }) => state)).toContain('loading');
  // What was typed before, during and after is there: a cursor behind all of it is a place in the text.
  await server.insert(uri, at(50, 20), '😀');
  expect(await server.outcomeOf(uri, at(50, 21))).toBe('bad-position');
  expect(await server.outcomeOf(uri, at(50, 22))).not.toBe('bad-position');
  await server.stop();
});

test('engine killed three times within a minute: an error that names the way out', async () => {
  const server = await LanguageServer.start({ settings: model.settings });
  await server.open(uri, 'a = ');
  for (let i = 0; i < 3; i++) {
    await server.reached('ready');
    const { enginePid } = server;
    process.kill(enginePid, 'SIGKILL');
    await until(() => server.status?.state !== 'ready', 'the death to be noticed');
  }
  await server.reached('error');
  expect(server.status?.detail).toContain('Stet: Restart Server');
  expect(await server.complete(uri, at(0, 4))).toBeNull();
  expect(await server.stop()).toBe(0);
});
