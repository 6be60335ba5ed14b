/** Settings over the wire: pulled, checked, and applied without a restart wherever that is possible. */

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { at, LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const uri = 'file:///a.md';
let model: ModelFolder;
let server: LanguageServer;

beforeAll(async () => {
  model = await tinyModelFolder();
});
afterAll(() => model.remove());
beforeEach(async () => {
  server = await LanguageServer.start({
    settings: { ...model.settings, maxFileSizeKb: 'big', colour: 'red' },
  });
  await server.reached('ready');
  await server.open(uri, 'some words ', 'markdown');
});
afterEach(() => server.stop());

/** Whether a request reached the engine. */
async function isAnswered(automatic: boolean): Promise<boolean> {
  const before = server.traces.length;
  await server.complete(uri, at(0, 11), { automatic });
  return server.traces.length > before;
}

test('bad settings: reported with the default that is used, and everything works', async () => {
  expect(server.logs).toContainEqual(
    'stet.maxFileSizeKb must be a whole number from 1 to 65536, not "big"; the default 2048 is used.',
  );
  expect(server.logs).toContainEqual('stet.colour is not a setting of Stet; it is ignored.');
  expect(await isAnswered(false)).toBe(true);
});

test('stet.enable, stet.disabledLanguages: where they say no, suggestions come when asked only', async () => {
  expect(await isAnswered(true)).toBe(false);
  expect(await isAnswered(false)).toBe(true);
  const { enginePid } = server;
  await server.configure({ ...model.settings, disabledLanguages: [] });
  expect(await isAnswered(true)).toBe(true);
  await server.configure({ ...model.settings, disabledLanguages: [], enable: false });
  expect(await isAnswered(true)).toBe(false);
  expect(await isAnswered(false)).toBe(true);
  expect(server.enginePid).toBe(enginePid); // none of that needed another engine
});

test('another thread count replaces the engine, and the open document is still known', async () => {
  const { enginePid } = server;
  await server.configure({ ...model.settings, threads: 2 });
  await until(() => server.enginePid !== enginePid, 'another engine process');
  await server.reached('ready');
  expect(await server.outcomeOf(uri, at(0, 11))).toMatch(/generated|empty/);
});

test('stet.model.folder: from a wrong one to a right one without restarting anything by hand', async () => {
  await server.configure({ model: { folder: model.path('nowhere') } });
  await server.reached('error');
  await server.configure(model.settings);
  await server.reached('ready');
  expect(await server.outcomeOf(uri, at(0, 11))).toMatch(/generated|empty/);
});

test('a client that tells of its settings at once, as VS Code does, has one engine started', async () => {
  const eager = await LanguageServer.start({
    settings: { ...model.settings, threads: 2 },
    tellsAtOnce: true,
  });
  try {
    await eager.reached('ready', 90_000);
    await eager.open(uri, 'some words ', 'markdown');
    await eager.complete(uri, at(0, 11)); // after it came back, all that was told has been heard
    expect(eager.logs.filter((log) => /^Engine process \d+ started/.test(log))).toHaveLength(1);
  } finally {
    await eager.stop();
  }
});

test('a client that is asked and knows of no settings, as Neovim, has those that it began with', async () => {
  const asked = await LanguageServer.start({
    settings: { ...model.settings, colour: 'red' },
    knowsNone: true,
  });
  try {
    await asked.reached('ready', 90_000);
    expect(asked.logs).toContainEqual('stet.colour is not a setting of Stet; it is ignored.');
  } finally {
    await asked.stop();
  }
});
