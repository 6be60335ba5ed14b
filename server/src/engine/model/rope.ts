/** inverseFrequencies: the angle per position of every rotated pair, scaled as the model was trained. */

import type { ModelConfig } from './contract.ts';

// Su et al. 2021, "RoFormer", section 3.2.2 (https://arxiv.org/abs/2104.09864), in the rotate-half
// layout of Hugging Face's Llama: element i of a head turns together with element i + headDim / 2.

/**
 * [headDim / 2] radians per position. Exact (float64): the graph's cosine table and a later rotation
 * of cached keys both start from these, so that they can only agree.
 */
export function inverseFrequencies(
  config: Pick<ModelConfig, 'headDim' | 'ropeTheta' | 'ropeScaling'>,
): Float64Array {
  const { headDim, ropeTheta } = config;
  return Float64Array.from({ length: headDim / 2 }, (_, i) =>
    scaled(ropeTheta ** ((-2 * i) / headDim), config),
  );
}

/** Cosines and sines of every position below `nPosition`, each [nPosition, headDim / 2] row-major. */
export function ropeTables(
  config: Pick<ModelConfig, 'headDim' | 'ropeTheta' | 'ropeScaling'>,
  nPosition: number,
): { cos: Float32Array; sin: Float32Array } {
  const frequencies = inverseFrequencies(config);
  const half = frequencies.length;
  const cos = new Float32Array(nPosition * half);
  const sin = new Float32Array(nPosition * half);
  for (let position = 0; position < nPosition; position++) {
    frequencies.forEach((frequency, i) => {
      cos[position * half + i] = Math.cos(position * frequency);
      sin[position * half + i] = Math.sin(position * frequency);
    });
  }
  return { cos, sin };
}

function scaled(frequency: number, { ropeScaling: scaling }: Pick<ModelConfig, 'ropeScaling'>): number {
  if (scaling.kind === 'none') return frequency;
  if (scaling.kind === 'linear') return frequency / scaling.factor;
  // Llama 3.1's rule (Hugging Face modeling_rope_utils, `_compute_llama3_parameters`): fast pairs
  // keep their frequency, slow ones are divided by the factor, those between are mixed.
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
  const nTurn = (originalMaxPositions * frequency) / (2 * Math.PI); // in the original context
  if (nTurn < lowFreqFactor) return frequency / factor;
  if (nTurn > highFreqFactor) return frequency;
  const mix = (nTurn - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return (1 - mix) * (frequency / factor) + mix * frequency;
}
