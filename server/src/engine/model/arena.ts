/** KvArena: the memory that holds one sequence's keys and values; allocated once, reused for ever. */

import { assert } from '../base/assert.ts';
import type { ModelConfig } from './contract.ts';

/** The part of a model's shape that its cache depends on. */
export type KvShape = Pick<ModelConfig, 'nLayer' | 'nKvHead' | 'headDim' | 'ropeTheta' | 'ropeScaling'>;

/** What one arena of `nRow` tokens takes at most, the base keys of moved rows included. */
export function arenaBytes(config: KvShape, nRow: number): number {
  const parts = 3; // keys, values, base keys
  return parts * config.nLayer * config.nKvHead * nRow * config.headDim * Float32Array.BYTES_PER_ELEMENT;
}

/**
 * Keys are stored as the model caches them: after RoPE. Row r of every layer belongs to the r-th
 * token of the sequence. The runtime writes new rows in place (see `node/onnx.ts`).
 */
export class KvArena {
  /** Per layer: [nBatch, nKvHead, nRow, headDim] float32, row-major. */
  readonly keys: readonly Float32Array[];
  /** Per layer: [nBatch, nKvHead, nRow, headDim] float32, row-major. */
  readonly values: readonly Float32Array[];
  private base: Float32Array[] | undefined;

  constructor(
    readonly config: KvShape,
    /** Capacity in tokens. */
    readonly nRow: number,
    readonly nBatch = 1,
  ) {
    assert(nRow > 0 && nBatch > 0, 'an arena holds at least one row');
    const slab = this.slab(2);
    this.keys = slab.slice(0, config.nLayer);
    this.values = slab.slice(config.nLayer);
  }

  /**
   * Keys of moved rows as they were first computed, laid out as `keys[layer]`; rows that never moved
   * hold nothing. Allocated when the first row moves.
   */
  baseKeys(layer: number): Float32Array {
    this.base ??= this.slab(1);
    return this.base[layer] as Float32Array;
  }

  /** What the arena holds now. */
  get sizeBytes(): number {
    return [...this.keys, ...this.values, ...(this.base ?? [])].reduce(
      (sum, part) => sum + part.byteLength,
      0,
    );
  }

  /** `times` arrays per layer, all in one allocation. */
  private slab(times: number): Float32Array[] {
    const { nLayer, nKvHead, headDim } = this.config;
    const size = this.nBatch * nKvHead * this.nRow * headDim;
    const slab = new Float32Array(times * nLayer * size);
    return Array.from({ length: times * nLayer }, (_, i) => slab.subarray(i * size, (i + 1) * size));
  }
}
