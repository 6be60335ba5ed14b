/** cacheWeights: how far the cache model is believed, as learned by `npm run bench -- cache-weights`. */

import type { MixWeights } from './mix.ts';

// Origin: `npm run bench -- cache-weights --cases 300` with stet-7m 0.1.0 in int8: 300 holes of 180
// characters (14,961 tokens) in axios, express, requests, click and training/ of this repository,
// none of them trained on or held out, half of them with four other files open. There the mixture
// takes 3.85 bits per token (3.65 to 4.08, cross-validated) where the network alone takes 6.33.

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
  [[0.25, 0.18, 0.18, 0.06], [0.29, 0.24, 0.20, 0.21], [0.43, 0.30, 0.41, 0.33], [0.55, 0.43, 0.46, 0.40], [0.29, 0.20, 0.17, 0.25]],
  [[0.46, 0.26, 0.26, 0.19], [0.60, 0.46, 0.57, 0.43], [0.66, 0.55, 0.52, 0.53], [0.81, 0.77, 0.72, 0.72], [0.48, 0.38, 0.36, 0.36]],
  [[0.57, 0.57, 0.31, 0.33], [0.66, 0.62, 0.56, 0.49], [0.75, 0.64, 0.62, 0.55], [0.89, 0.83, 0.74, 0.77], [0.57, 0.52, 0.46, 0.51]],
  [[0.57, 0.54, 0.35, 0.40], [0.67, 0.65, 0.65, 0.48], [0.80, 0.75, 0.76, 0.75], [0.90, 0.93, 0.81, 0.86], [0.64, 0.51, 0.50, 0.49]],
  [[0.53, 0.50, 0.53, 0.47], [0.72, 0.59, 0.46, 0.50], [0.82, 0.78, 0.68, 0.73], [0.94, 0.93, 0.89, 0.88], [0.59, 0.54, 0.56, 0.56]],
  [[0.42, 0.49, 0.39, 0.41], [0.72, 0.65, 0.61, 0.65], [0.79, 0.82, 0.82, 0.71], [0.95, 0.86, 0.87, 0.87], [0.60, 0.56, 0.48, 0.51]],
  [[0.62, 0.69, 0.55, 0.57], [0.85, 0.87, 0.80, 0.80], [0.93, 0.91, 0.92, 0.79], [0.98, 0.96, 0.96, 0.90], [0.60, 0.65, 0.55, 0.55]],
];
