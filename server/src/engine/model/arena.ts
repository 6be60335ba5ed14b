/** KvArena: the memory that holds one sequence's keys and values; allocated once, reused for ever. */

import { assert } from '../base/assert.ts';
import type { ModelConfig } from './contract.ts';

/**
 * Keys are stored as the model caches them: after RoPE. Row r of every layer belongs to the r-th
 * token of the sequence. The runtime writes new rows in place (see `node/onnx.ts`).
 */
export class KvArena {
  /** Per layer: [nBatch, nKvHead, nRow, headDim] float32, row-major. */
  readonly keys: readonly Float32Array[];
  /** Per layer: [nBatch, nKvHead, nRow, headDim] float32, row-major. */
  readonly values: readonly Float32Array[];

  constructor(
    readonly config: Pick<ModelConfig, 'nLayer' | 'nKvHead' | 'headDim'>,
    /** Capacity in tokens. */
    readonly nRow: number,
    readonly nBatch = 1,
  ) {
    assert(nRow > 0 && nBatch > 0, 'an arena holds at least one row');
    const size = nBatch * config.nKvHead * nRow * config.headDim;
    const slab = new Float32Array(2 * config.nLayer * size);
    const part = (i: number) => slab.subarray(i * size, (i + 1) * size);
    this.keys = Array.from({ length: config.nLayer }, (_, layer) => part(2 * layer));
    this.values = Array.from({ length: config.nLayer }, (_, layer) => part(2 * layer + 1));
  }

  get sizeBytes(): number {
    return this.keys.reduce((sum, k) => sum + 2 * k.byteLength, 0);
  }
}
