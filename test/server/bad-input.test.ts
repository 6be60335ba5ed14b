/** The wire's rows of "Bad input": each gets an answer or a clear message that names the way out, and nothing hangs. */

import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, LanguageServer, sleep, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

let model: ModelFolder;
beforeAll(async () => {
  model = await tinyModelFolder();
});
afterAll(() => model.remove());

describe('documents', () => {
  let server: LanguageServer;
  beforeAll(async () => {
    server = await LanguageServer.start({ settings: model.settings });
    await server.reached('ready');
  });
  afterAll(() => server.stop());

  test('file of 5 MB: no suggestion, said why, and typing goes on', async () => {
    const uri = 'file:///large.ts';
    await server.open(uri, 'const a = 1;\n'.repeat(420_000)); // 5.46 MB
    expect(await server.outcomeOf(uri, at(9, 3))).toBe('too-large');
    for (let i = 0; i < 20; i++) await server.insert(uri, at(5, i), 'x');
    expect(await server.outcomeOf(uri, at(5, 20))).toBe('too-large');
    await server.close(uri);
  });

  test('binary file: no suggestion, said why', async () => {
    const uri = 'file:///binary.dat';
    await server.open(uri, '\u0000\u0001ELF\u0000\ufffd'.repeat(1000));
    expect(await server.outcomeOf(uri, at(0, 10))).toBe('binary');
  });

  test('empty file: answered', async () => {
    const uri = 'file:///empty.ts';
    await server.open(uri, '');
    expect(await server.outcomeOf(uri, at(0, 0))).toMatch(/generated|empty/);
  });

  test('file closed during a request: the request ends with nothing', async () => {
    const uri = 'file:///closed.ts';
    await server.open(uri, 'const x = 1;\n'.repeat(200));
    const answer = server.complete(uri, at(100, 3));
    await server.close(uri);
    expect(await answer).toBeNull();
    await server.open(uri, 'const x = ');
    expect(await server.outcomeOf(uri, at(0, 10))).toMatch(/generated|empty/);
  });

  test('cursor inside a surrogate pair: no suggestion, said why', async () => {
    const uri = 'file:///emoji.ts';
    await server.open(uri, 'const face = "😀";\n');
    expect(await server.outcomeOf(uri, at(0, 15))).toBe('bad-position');
    expect(await server.outcomeOf(uri, at(0, 16))).not.toBe('bad-position');
  });

  test('invalid surrogates: the text crosses both wires unchanged', async () => {
    const uri = 'file:///lone.ts';
    await server.open(uri, 'a = "\ud83d";\nb = "\ude00";\n');
    expect(await server.outcomeOf(uri, at(1, 8))).toMatch(/generated|empty/);
    // Were the lone surrogate replaced by another text, this cursor would stand somewhere else.
    await server.insert(uri, at(0, 6), '\ude00');
    expect(await server.outcomeOf(uri, at(0, 6))).toBe('bad-position');
  });

  test('position outside of the file: taken as its end, or refused, but answered', async () => {
    const uri = 'file:///short.ts';
    await server.open(uri, 'a');
    expect(await server.outcomeOf(uri, at(1000, 1000))).toBeDefined();
    expect(await server.complete(uri, { line: -1, character: Number.NaN })).toBeNull();
  });

  test('a change that makes no sense: said so, quiet until reopened, other files unharmed', async () => {
    const uri = 'file:///nonsense.ts';
    await server.open(uri, 'a');
    await server.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ range: { start: { line: 'x' } }, text: '' }],
    });
    expect(await server.complete(uri, at(0, 0))).toBeNull();
    expect(server.logs).toContainEqual(expect.stringContaining('makes no sense'));
    await server.open(uri, 'const a = ');
    expect(await server.outcomeOf(uri, at(0, 10))).toBeDefined();
  });

  test('JSON that is none: the next message is answered', async () => {
    const body = '{"jsonrpc": "2.0", nonsense';
    server.child.stdin?.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
    await sleep(50);
    await server.open('file:///after.ts', 'a = ');
    expect(await server.outcomeOf('file:///after.ts', at(0, 4))).toBeDefined();
  });
});

describe('models', () => {
  /** What the status says for a model folder that `spoil` has been at. */
  async function errorOf(settings: unknown): Promise<string> {
    const server = await LanguageServer.start({ settings });
    await server.open('file:///a.ts', 'a = ');
    await server.reached('error');
    // Nothing hangs and nothing crashes: requests are answered with nothing.
    expect(await server.complete('file:///a.ts', at(0, 4))).toBeNull();
    const { detail } = server.status as { detail: string };
    expect(await server.stop()).toBe(0);
    return detail;
  }

  async function spoiled(name: string, spoil: (folder: string) => void): Promise<unknown> {
    const folder = model.path(name);
    fs.cpSync(model.folder, folder, { recursive: true });
    spoil(folder);
    return { ...model.settings, model: { folder, cacheFolder: model.path('cache') } };
  }

  test('unknown model folder: status error with a way out', async () => {
    const folder = model.path('nowhere');
    const detail = await errorOf({ ...model.settings, model: { folder } });
    expect(detail).toContain(folder);
    expect(detail).toMatch(/stet\.model\.folder|choose|setting/i);
  });

  test('truncated weights: status error that names the file', async () => {
    const settings = await spoiled('truncated', (folder) =>
      fs.truncateSync(path.join(folder, 'model.safetensors'), 5_000),
    );
    expect(await errorOf(settings)).toContain('model.safetensors');
  });

  test('unknown architecture: status error that says which', async () => {
    const settings = await spoiled('architecture', (folder) => {
      const file = path.join(folder, 'config.json');
      const config = JSON.parse(fs.readFileSync(file, 'utf8'));
      fs.writeFileSync(
        file,
        JSON.stringify({ ...config, architectures: ['MambaForCausalLM'], model_type: 'mamba' }),
      );
    });
    expect(await errorOf(settings)).toMatch(/mamba/i);
  });

  test('a client without a status item is told by a message', async () => {
    const server = await LanguageServer.start({
      settings: { model: { folder: model.path('nowhere') } },
      hasStatusItem: false,
    });
    await until(() => server.messages.length, 'window/showMessage');
    expect(server.messages).toEqual([expect.stringContaining('nowhere')]);
    await server.stop();
  });

  test('cache folder that cannot be written: the model is there all the same', async () => {
    const blocked = model.path('a-file');
    fs.writeFileSync(blocked, ''); // no folder can be made below a file, not even by root
    const settings = {
      ...model.settings,
      model: { folder: model.folder, cacheFolder: path.join(blocked, 'cache') },
    };
    const server = await LanguageServer.start({ settings });
    await server.reached('ready');
    expect(server.logs).toContainEqual(expect.stringContaining('stet.model.cacheFolder'));
    await server.stop();
  });
});
