/** Tests of sharing's wire: greetings, lines and who gets in, over real sockets; only the engine is missing. */

import fs from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Message } from 'vscode-jsonrpc/node';
import type { EngineProcessOptions } from '../engine-wire.ts';
import { greet, welcome } from './handshake.ts';
import { LineReader, LineWriter, readLine } from './lines.ts';
import { shareFileOf } from './share-file.ts';

let folder: string;
let server: Server;
const sockets: Socket[] = [];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-sharing-'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Two ends of one connection. */
async function pair(): Promise<[Socket, Socket]> {
  const endpoint = path.join(folder, 'socket');
  const accepted = new Promise<Socket>((resolve) => {
    server = createServer(resolve);
  });
  await new Promise<void>((resolve) => server.listen(endpoint, resolve));
  const client = connect(endpoint);
  const other = await accepted;
  for (const socket of [client, other]) {
    socket.on('error', () => {});
    sockets.push(socket);
  }
  return [client, other];
}

describe.skipIf(process.platform === 'win32')('over a socket', () => {
  test('both who know the secret learn to know each other', async () => {
    const [window, engine] = await pair();
    const [pid] = await Promise.all([greet(window, 'key', 'secret'), welcome(engine, 'key', 'secret')]);
    expect(pid).toBe(process.pid);
  });

  test.each([
    ['another secret', 'key', 'guessed'],
    ['another key, of another version say', 'other', 'secret'],
  ])('%s: turned away without an answer', async (_, key, secret) => {
    const [window, engine] = await pair();
    const greeting = greet(window, key, secret);
    const hungUp = expect(greeting).rejects.toThrow('hung up');
    await expect(welcome(engine, 'key', 'secret')).rejects.toThrow('does not know');
    engine.destroy();
    await hungUp;
  });

  test('an impostor at the address is found out, and hears no secret', async () => {
    const [window, impostor] = await pair();
    let heard = '';
    impostor.on('data', (chunk) => {
      heard += chunk;
      impostor.write('{"pid":1,"proof":"00"}\n');
    });
    await expect(greet(window, 'key', 'secret')).rejects.toThrow('not the process');
    expect(heard).not.toContain('secret');
  });

  test.each(['{"key":', '5\n', 'null\n', '{"key":"key","proof":7}\n'])(
    'a greeting of %j is refused',
    async (text) => {
      const [window, engine] = await pair();
      const refused = expect(welcome(engine, 'key', 'secret')).rejects.toThrow();
      window.end(text);
      await refused;
    },
  );

  test('a greeting without end is refused before it fills memory', async () => {
    const [window, engine] = await pair();
    const refused = expect(welcome(engine, 'key', 'secret')).rejects.toThrow('too long');
    window.write('x'.repeat(5000));
    await refused;
  });

  test('who says nothing is given up', async () => {
    const [window] = await pair();
    await expect(readLine(window, 10, 20)).rejects.toThrow('no answer');
  });

  test('messages arrive whole and in order, the first ones right behind the greeting', async () => {
    const [window, engine] = await pair();
    const messages = Array.from({ length: 50 }, (_, i) => ({
      jsonrpc: '2.0',
      i,
      text: '€\n😀'.repeat(i * 100),
    }));
    window.write('hello\n');
    const writer = new LineWriter(window);
    for (const message of messages) void writer.write(message);
    expect(await readLine(engine, 100, 60_000)).toBe('hello');
    const received: Message[] = [];
    await new Promise<void>((resolve) => {
      new LineReader(engine).listen((message) => {
        received.push(message);
        if (received.length === messages.length) resolve();
      });
    });
    expect(received).toEqual(messages);
  });

  test.each(['{"jsonrpc":\n', '7\n', 'x'.repeat(200), `"${'x'.repeat(200)}"\n`])(
    'a message such as %j ends the connection',
    async (text) => {
      const [window, engine] = await pair();
      const reader = new LineReader(engine, 100);
      const errors: Error[] = [];
      reader.onError((error) => void errors.push(error));
      reader.listen(() => expect.unreachable());
      const closed = new Promise((resolve) => window.once('close', resolve));
      window.resume().write(text);
      await closed;
      expect(errors).toHaveLength(1);
    },
  );
});

test('the lock is named after all that windows must have in common, and nothing else', async () => {
  const model = path.join(folder, 'model');
  const engine = path.join(folder, 'engine.cjs');
  fs.mkdirSync(model);
  fs.writeFileSync(path.join(model, 'weights'), 'w');
  fs.writeFileSync(engine, '');
  const options: EngineProcessOptions = {
    modelFolder: model,
    format: 'int8',
    threads: 2,
    cacheMemoryMb: 128,
    grammarsFolder: '',
  };
  const nameOf = (changed: Partial<EngineProcessOptions> = {}) =>
    shareFileOf('/share', engine, { ...options, ...changed });
  const name = await nameOf();
  expect(path.dirname(name)).toBe(path.normalize('/share'));
  expect(
    await nameOf({ cacheMemoryMb: 1, grammarsFolder: '/g', environment: { PATH: '' }, shareFolder: '/s' }),
  ).toBe(name);
  const others = [
    await nameOf({ format: 'fp32' }),
    await nameOf({ threads: 3 }),
    await nameOf({ cacheFolder: '/c' }),
  ];
  fs.writeFileSync(path.join(model, 'weights'), 'another');
  others.push(await nameOf());
  fs.writeFileSync(engine, 'another version');
  others.push(await nameOf());
  expect(new Set([name, ...others]).size).toBe(6);
  await expect(nameOf({ modelFolder: path.join(folder, 'missing') })).rejects.toThrow();
});
