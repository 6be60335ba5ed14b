/** ModelConfig: what a Hugging Face `config.json` says of a decoder, checked and in our names. */

import { EngineError } from '../base/error.ts';

/** RoPE frequency scaling that a position shift survives (a constant change of frequencies). */
export type RopeScaling =
  | { readonly kind: 'none' }
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositions: number;
    };

/** A Llama-family decoder: RMSNorm, rotate-half RoPE, grouped-query attention, SwiGLU. */
export interface ModelConfig {
  readonly architecture: 'llama' | 'qwen2';
  readonly nLayer: number;
  readonly dModel: number;
  readonly nHead: number;
  readonly nKvHead: number;
  readonly headDim: number;
  readonly dFfn: number;
  readonly nVocab: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly maxPositions: number;
  readonly tiedEmbeddings: boolean;
  /** Bias on the query, key and value projections (Qwen2). */
  readonly qkvBias: boolean;
}

/** Reads and checks `config.json`. Throws EngineError('model-unsupported' | 'model-corrupt'). */
export function parseModelConfig(_json: unknown): ModelConfig {
  throw new EngineError('model-unsupported', 'to be written');
}
