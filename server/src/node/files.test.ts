/** Tests of the ports made real: grammars from disk, and a clock that lets go when told. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { grammarsIn } from './files.ts';

test('a grammar is read from its folder; one that is not there is undefined', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-grammars-'));
  fs.mkdirSync(path.join(folder, 'go'));
  fs.writeFileSync(path.join(folder, 'go', 'parser.wasm'), 'wasm');
  const grammars = grammarsIn(folder);
  expect(Buffer.from((await grammars('go')) as Uint8Array).toString()).toBe('wasm');
  expect(await grammars('cobol')).toBeUndefined();
  fs.rmSync(folder, { recursive: true });
});

test('sleep ends by itself or by its signal, whose reason it rejects with', async () => {
  const startMs = systemClock.nowMs();
  await systemClock.sleep(20);
  expect(systemClock.nowMs() - startMs).toBeGreaterThan(15);
  const controller = new AbortController();
  const long = systemClock.sleep(60_000, controller.signal);
  controller.abort('enough');
  await expect(long).rejects.toBe('enough');
  await expect(systemClock.sleep(60_000, controller.signal)).rejects.toBe('enough');
});

test('yieldToHost lets a message in that arrived while the thread was blocked', async () => {
  const { port1, port2 } = new MessageChannel();
  let isHeard = false;
  port2.on('message', () => {
    isHeard = true;
  });
  port1.postMessage('abort');
  await systemClock.yieldToHost();
  expect(isHeard).toBe(true);
  port1.close();
});
