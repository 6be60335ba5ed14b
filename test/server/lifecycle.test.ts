/** The server's life over stdio: initialize, type, ask, be killed, end; no process is left behind. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, isAlive, LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const uri = 'file:///a.ts';
const text = 'function add(a, b) {\n  return a\n}\n\nfunction sub(a, b) {\n  \n}\n';

let model: ModelFolder;
beforeAll(async () => {
  model = await tinyModelFolder();
});
afterAll(() => model.remove());

describe('one session', () => {
  let server: LanguageServer;
  beforeAll(async () => {
    server = await LanguageServer.start({ settings: model.settings });
  });
  afterAll(() => server.stop());

  test('initialize announces inline completion, incremental sync and the acceptance command', () => {
    expect(server.initialized?.capabilities).toMatchObject({
      inlineCompletionProvider: true,
      textDocumentSync: { openClose: true, change: 2 },
      executeCommandProvider: { commands: ['stet.accepted'] },
    });
  });

  test('didOpen, then inlineCompletion while the engine is still loading: it is answered', async () => {
    await server.open(uri, text);
    await server.complete(uri, at(5, 2));
    expect(server.status?.state).toBe('ready');
    expect(server.traces.at(-1)).toMatchObject({ uri });
    expect(server.traces.at(-1)?.nNew).toBeGreaterThan(0);
  });

  test('a suggestion is an item with a range around the cursor and the command', async () => {
    const items = await firstSuggestion(server, text);
    const item = items?.[0];
    expect(item?.insertText).toEqual(expect.any(String));
    expect(item?.insertText).not.toBe('');
    expect(item?.range).toBeDefined();
    expect(item?.command).toMatchObject({
      command: 'stet.accepted',
      arguments: [expect.any(Number), item?.insertText],
    });
    await server.connection.sendRequest('workspace/executeCommand', item?.command);
  });

  test('an edit reuses what the engine has read', async () => {
    await server.insert(uri, at(5, 2), 'return a - ');
    await server.complete(uri, at(5, 13));
    const trace = server.traces.at(-1);
    expect((trace?.nKept ?? 0) + (trace?.nShifted ?? 0)).toBeGreaterThan(0);
  });

  test('unknown methods, documents and commands are refused or ignored, not crashes', async () => {
    await expect(server.connection.sendRequest('stet/nothing')).rejects.toThrow();
    expect(await server.complete('file:///never-opened.ts', at(0, 0))).toBeNull();
    expect(
      await server.connection.sendRequest('workspace/executeCommand', { command: 'rm', arguments: [] }),
    ).toBeNull();
    await server.close('file:///never-opened.ts');
    await server.connection.sendNotification('textDocument/didChange', {});
    await server.connection.sendNotification('textDocument/didOpen', { textDocument: 5 });
    expect(await server.connection.sendRequest('textDocument/inlineCompletion', {})).toBeNull();
    expect(await server.outcomeOf(uri, at(0, 0))).toBeDefined();
  });
});

test('shutdown and exit end both processes, with code 0', async () => {
  const server = await LanguageServer.start({ settings: model.settings });
  await server.reached('ready');
  const { enginePid } = server;
  expect(await server.stop()).toBe(0);
  await until(() => !isAlive(enginePid), 'the engine process to end');
});

test('server killed with kill -9: the engine process does not outlive it', async () => {
  const server = await LanguageServer.start({ settings: model.settings });
  await server.reached('ready');
  const { enginePid } = server;
  server.child.kill('SIGKILL');
  await until(() => !isAlive(enginePid), 'the engine process to end');
});

test('the editor goes away without a word: both processes end', async () => {
  const server = await LanguageServer.start({ settings: model.settings });
  await server.reached('ready');
  const { enginePid } = server;
  server.child.stdin?.destroy();
  await until(() => !isAlive(enginePid) && !isAlive(server.child.pid as number), 'both processes to end');
});

test('a client without configuration and status: settings by initializationOptions', async () => {
  const server = await LanguageServer.start({
    settings: model.settings,
    canPull: false,
    hasStatusItem: false,
  });
  await server.reached('ready');
  await server.open(uri, text);
  expect(await server.outcomeOf(uri, at(5, 2))).toBeDefined();
  await server.stop();
});

/** A random model has nothing to say in many places; asks in all of them until it has. */
async function firstSuggestion(server: LanguageServer, text: string) {
  for (const [line, content] of text.split('\n').entries()) {
    const items = await server.complete(uri, at(line, content.length));
    if (items?.length) return items;
  }
  throw new Error('the tiny model suggested nothing anywhere');
}
