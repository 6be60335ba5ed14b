/** Forward: the port through which the engine runs a model; `node/onnx.ts` makes it real. */

import type { Clock } from '../base/ports.ts';
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
  /** Where several engines share the model; absent: it is one engine's alone. */
  readonly turns?: Turns;
  run(request: ForwardRequest): Promise<Float32Array>;
  /**
   * Measures what this machine does with the threads of this model, for about `budgetMs`; passes may run
   * meanwhile. Absent in fakes. Rejects with the signal's reason.
   */
  measureMachine?(clock: Clock, budgetMs: number, signal: AbortSignal): Promise<MachineSpeed | undefined>;
  dispose(): Promise<void>;
}

/** What a machine does with so many threads. */
export interface MachineSpeed {
  /** Weights that come from memory. */
  readonly bytesPerMs: number;
  /** Multiplications of int8. */
  readonly productsPerMs: number;
}

/** How the engines that share a model take turns; `CausalLm` tells what it is about to run. */
export interface Turns {
  /** A task of typing was asked for. Call what is returned when it is over. */
  beginTyping(): () => void;
  /** Before each pass of idle work: resolves when nobody else types; rejects with the signal's reason. */
  whenQuiet(signal: AbortSignal): Promise<void>;
}
