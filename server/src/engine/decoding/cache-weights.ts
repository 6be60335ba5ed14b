/** cacheWeights: how far the cache model is believed, as learned by `npm run bench -- cache-weights`. */

import type { MixWeights } from './mix.ts';

// Origin: 200 holes of 180 characters (9,917 tokens) in axios, express, requests, click and training/
// of this repository, none of them trained on or held out, half of them with four other files open;
// a checkpoint of the embedded model at three quarters of its training. There the mixture took
// 4.12 bits per token (cross-validated) where the network alone took 7.41.

/**
 * The weights that were learned for a model, by the name in its stet.json; undefined for any other:
 * a better network would be talked out of what it knows.
 */
export function cacheWeightsOf(modelName: string | undefined): MixWeights | undefined {
  return modelName === 'stet-7m' ? cacheWeights : undefined;
}

/** λ by [match length][agreement][network's certainty]; see mix.ts for the bounds. */
// biome-ignore format: a row of the table is a match length
export const cacheWeights: MixWeights = [
  [[0.32, 0.25, 0.24, 0.12], [0.34, 0.23, 0.28, 0.33], [0.48, 0.34, 0.42, 0.34], [0.53, 0.46, 0.46, 0.42], [0.32, 0.25, 0.30, 0.28]],
  [[0.49, 0.43, 0.29, 0.30], [0.65, 0.46, 0.57, 0.46], [0.71, 0.68, 0.46, 0.62], [0.84, 0.78, 0.77, 0.78], [0.50, 0.35, 0.40, 0.42]],
  [[0.66, 0.55, 0.50, 0.62], [0.71, 0.67, 0.55, 0.58], [0.77, 0.70, 0.66, 0.66], [0.86, 0.83, 0.77, 0.73], [0.53, 0.61, 0.56, 0.52]],
  [[0.63, 0.62, 0.52, 0.55], [0.69, 0.74, 0.60, 0.55], [0.82, 0.81, 0.83, 0.84], [0.90, 0.93, 0.80, 0.84], [0.65, 0.48, 0.49, 0.54]],
  [[0.51, 0.53, 0.52, 0.48], [0.73, 0.69, 0.69, 0.63], [0.84, 0.77, 0.76, 0.71], [0.93, 0.90, 0.88, 0.85], [0.64, 0.53, 0.52, 0.56]],
  [[0.40, 0.45, 0.36, 0.38], [0.76, 0.62, 0.65, 0.64], [0.80, 0.82, 0.77, 0.75], [0.92, 0.90, 0.81, 0.83], [0.62, 0.45, 0.50, 0.49]],
  [[0.61, 0.65, 0.60, 0.56], [0.84, 0.85, 0.81, 0.77], [0.95, 0.90, 0.92, 0.82], [0.99, 0.94, 0.96, 0.93], [0.67, 0.58, 0.53, 0.54]],
];
