/** What loading finds out by itself, and how it fails. The numbers are checked in test/numerics. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyModel } from '../../../test/fixtures/tiny-model.ts';
import { KvArena } from '../engine/model/arena.ts';
import { type OpenedModel, openModel } from './model-store.ts';
import { loadForward } from './onnx.ts';

let root: string;
let model: OpenedModel;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stet-onnx-'));
  await writeTinyModel(join(root, 'model'));
  model = await openModel(join(root, 'model'), { cacheFolder: join(root, 'cache'), format: 'int8' });
});
afterAll(() => rm(root, { recursive: true }));

// If this fails after an update of onnxruntime-node, its binding has changed: see `stopMessage`.
test('the pinned runtime writes in place', async () => {
  const forward = await loadForward(model.graphs, model.config, { nThread: 1 });
  expect(forward.kvOutputs).toBe('in-place');
  await forward.dispose();
});

test('where it does not, the delta graph is taken', async () => {
  const graphs = { inPlace: model.graphs.delta, delta: model.graphs.delta };
  const forward = await loadForward(graphs, model.config, { nThread: 1 });
  expect(forward.kvOutputs).toBe('delta');
  const arena = new KvArena(model.config, 4);
  expect(await forward.run({ arena, tokens: [1], start: 0, logitsOf: [0] })).toHaveLength(272);
  await forward.dispose();
});

test('a graph that cannot be loaded says so', async () => {
  const path = join(root, 'broken.onnx');
  await writeFile(path, 'not a graph');
  const loading = loadForward({ inPlace: path, delta: path }, model.config, { nThread: 1 });
  await expect(loading).rejects.toMatchObject({ name: 'EngineError', code: 'backend-failed' });
  await expect(loading).rejects.toThrowError(/stet\.model\.cacheFolder/);
});

test('after dispose nothing runs', async () => {
  const forward = await loadForward(model.graphs, model.config, { nThread: 1 });
  await forward.dispose();
  await forward.dispose();
  const request = { arena: new KvArena(model.config, 4), tokens: [1], start: 0, logitsOf: [0] };
  await expect(forward.run(request)).rejects.toMatchObject({ code: 'backend-failed' });
});

test('arenas are freed with their last user', async () => {
  setFlagsFromString('--expose_gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const forward = await loadForward(model.graphs, model.config, { nThread: 1 });
  const round = async () => {
    for (let n = 0; n < 20; n++) {
      const arena = new KvArena(model.config, 2048); // 1 MB
      for (let start = 0; start < 5; start++) await forward.run({ arena, tokens: [7], start, logitsOf: [0] });
    }
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const before = await round();
  expect((await round()) - before).toBeLessThan(5e6); // a fourth of what the round allocated
  await forward.dispose();
});
