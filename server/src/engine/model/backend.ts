/** Forward: the port through which the engine runs a model; `node/onnx.ts` makes it real. */

import type { TokenId } from '../tokens/token.ts';
import type { KvArena } from './arena.ts';
import type { ModelConfig } from './contract.ts';

/** One forward pass over `nToken` new tokens of each of the arena's `nBatch` rows-of-text. */
export interface ForwardRequest {
  /** Whose keys and values are read (rows [0, start)) and written (rows [start, start + nToken)). */
  readonly arena: KvArena;
  /** [nBatch, nToken] row-major; ids in [0, nVocab). */
  readonly tokens: ArrayLike<TokenId>;
  /** Number of rows of the arena that the new tokens may attend to; they are written behind them. */
  readonly start: number;
  /** [nBatch, nToken] RoPE positions; start, start + 1, … when absent. */
  readonly positions?: ArrayLike<number>;
  /**
   * [nToken, start + nToken] float32 added to the attention scores of every head, 0 to attend,
   * -1e9 not to; causal when absent. For draft trees and hidden rows.
   */
  readonly attentionBias?: Float32Array;
  /** Which of the new tokens' logits to return, as indices into [0, nToken), at least one. */
  readonly logitsOf: readonly number[];
}

/**
 * A loaded model. `run` resolves with the logits [nBatch, logitsOf.length, nVocab] float32,
 * row-major, in a buffer that is only valid until the next `run` (copy what must last).
 * It rejects with EngineError('backend-failed'). Calls must not overlap: `CausalLm` serialises.
 */
export interface Forward {
  readonly config: ModelConfig;
  run(request: ForwardRequest): Promise<Float32Array>;
  dispose(): Promise<void>;
}
