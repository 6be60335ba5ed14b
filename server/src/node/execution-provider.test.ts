/** Tests of what computes the model: a provider that cannot be had falls back with one message, and nothing else changes. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyModel } from '../../../test/fixtures/tiny-model.ts';
import { KvArena } from '../engine/model/arena.ts';
import type { Forward } from '../engine/model/backend.ts';
import { systemClock } from './clock.ts';
import { checkAnswers } from './execution-provider.ts';
import { type OpenedModel, openModel } from './model-store.ts';
import { loadForward } from './onnx.ts';

let root: string;
let model: OpenedModel;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stet-provider-'));
  await writeTinyModel(join(root, 'model'));
  model = await openModel(join(root, 'model'), { cacheFolder: join(root, 'cache'), format: 'int8' });
});
afterAll(() => rm(root, { recursive: true }));

const request = () => ({ arena: new KvArena(model.config, 4), tokens: [1], start: 0, logitsOf: [0] });

test('the processor is asked for without a message', async () => {
  const forward = await loadForward(model.graphs, model.config, { nThread: 1, provider: 'cpu' });
  expect(forward.provider).toBe('cpu');
  expect(forward.notice).toBeUndefined();
  await forward.dispose();
});

// No platform's runtime has both; on Linux none has either.
const absent = process.platform === 'darwin' ? 'dml' : 'coreml';

test('a provider that this runtime does not have: the processor computes, and the message names the setting', async () => {
  const forward = await loadForward(model.graphs, model.config, { nThread: 1, provider: absent });
  expect(forward.provider).toBe('cpu');
  expect(forward.notice).toMatch(/^stet\.model\.executionProvider is \w+, .* offers cpu/);
  expect(await forward.run(request())).toHaveLength(272);
  await forward.dispose();
});

test('a provider that answers nonsense is found out', async () => {
  const onCpu = await loadForward(model.graphs, model.config, { nThread: 1 });
  const answering = (change: (logit: number, i: number) => number): Forward => ({
    config: model.config,
    run: async (asked) => (await onCpu.run(asked)).map(change),
    dispose: async () => {},
  });
  await checkAnswers(
    answering((logit) => 1.001 * logit),
    onCpu,
  );
  await expect(
    checkAnswers(
      answering((logit) => -logit),
      onCpu,
    ),
  ).rejects.toThrow(/wrong/);
  await expect(
    checkAnswers(
      answering(() => NaN),
      onCpu,
    ),
  ).rejects.toThrow(/wrong/);
  await onCpu.dispose();
});

test('a loaded model says how fast the machine is, and stops when told to', async () => {
  const forward = await loadForward(model.graphs, model.config, { nThread: 1 });
  const speed = await forward.measureMachine?.(systemClock, 0, new AbortController().signal);
  expect(speed?.bytesPerMs).toBeGreaterThan(0);
  expect(speed?.productsPerMs).toBeGreaterThan(0);
  const measuring = forward.measureMachine?.(systemClock, 0, AbortSignal.abort('enough'));
  await expect(measuring).rejects.toBe('enough');
  await forward.dispose();
});
