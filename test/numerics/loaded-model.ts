/** loadTiny: a tiny random model opened, converted and loaded as the product does it, with its reference. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvArena } from '../../server/src/engine/model/arena.ts';
import type { ForwardRequest } from '../../server/src/engine/model/backend.ts';
import type { KvOutputs } from '../../server/src/engine/model/graph.ts';
import type { WeightFormat } from '../../server/src/engine/model/weights.ts';
import { openModel } from '../../server/src/node/model-store.ts';
import { loadForward, type OnnxForward } from '../../server/src/node/onnx.ts';
import { type TinyModelOptions, writeTinyModel } from '../fixtures/tiny-model.ts';
import { Reference } from './reference.ts';

export interface LoadedTiny {
  readonly forward: OnnxForward;
  readonly reference: Reference;
  newArena(nRow?: number, nBatch?: number): KvArena;
  /** A copy of the logits, one row [nVocab] per text and asked token. */
  run(request: ForwardRequest): Promise<Float32Array[]>;
  close(): Promise<void>;
}

export async function loadTiny(
  options: TinyModelOptions,
  format: WeightFormat = 'fp32',
  kvOutputs: KvOutputs = 'in-place',
): Promise<LoadedTiny> {
  const folder = await mkdtemp(join(tmpdir(), 'stet-numerics-'));
  const { configJson, tensors } = await writeTinyModel(join(folder, 'model'), options);
  const model = await openModel(join(folder, 'model'), { cacheFolder: join(folder, 'cache'), format });
  const forward = await loadForward(model.graphs, model.config, { nThread: 1, kvOutputs });
  return {
    forward,
    reference: new Reference(configJson, tensors, format),
    newArena(nRow = 64, nBatch = 1) {
      const arena = new KvArena(model.config, nRow, nBatch);
      for (const part of [...arena.keys, ...arena.values]) part.fill(sentinel); // stale rows must not matter
      return arena;
    },
    async run(request) {
      const flat = (await forward.run(request)).slice();
      const { nVocab } = model.config;
      return Array.from({ length: flat.length / nVocab }, (_, i) => flat.slice(i * nVocab, (i + 1) * nVocab));
    },
    async close() {
      await forward.dispose();
      await rm(folder, { recursive: true });
    },
  };
}

/** What untouched rows of an arena hold. */
export const sentinel = 1234.5;

/** The greatest difference, relative to the greatest magnitude expected. */
export function relativeError(
  actual: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} rows, not ${expected.length}`);
  let difference = 0;
  let magnitude = 0;
  expected.forEach((row, i) => {
    for (let j = 0; j < row.length; j++) {
      const error = Math.abs((actual[i]?.[j] ?? Number.NaN) - row[j]!);
      if (!(error <= difference)) difference = error; // NaN counts as the worst
      magnitude = Math.max(magnitude, Math.abs(row[j]!));
    }
  });
  return difference / magnitude;
}

/** [0, n) */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** Tokens that look random but are the same every time. */
export function someTokens(n: number, seed = 1, nVocab = 272): number[] {
  return range(n).map((i) => (i * 7919 * seed + 31 * seed + (i % 7) * 13) % nVocab);
}
