/** cacheWeights: how far the cache model is believed, as learned by `npm run bench -- cache-weights`. */

import type { MixWeights } from './mix.ts';

// Origin: `npm run bench -- cache-weights --cases 300` with stet-7m 0.2.0 in int8: 300 holes of 180
// characters (15,100 tokens) in axios, express, requests, click and training/ of this repository,
// none of them trained on or held out, half of them with four other files open. There the mixture
// takes 3.35 bits per token (3.13 to 3.57, cross-validated) where the network alone takes 4.23.

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
  [[0.16, 0.13, 0.10, 0.06], [0.16, 0.11, 0.06, 0.05], [0.28, 0.22, 0.13, 0.17], [0.28, 0.42, 0.34, 0.27], [0.20, 0.13, 0.11, 0.11]],
  [[0.28, 0.19, 0.14, 0.09], [0.39, 0.38, 0.30, 0.19], [0.40, 0.35, 0.24, 0.20], [0.63, 0.53, 0.42, 0.44], [0.35, 0.30, 0.19, 0.20]],
  [[0.34, 0.23, 0.21, 0.18], [0.49, 0.34, 0.43, 0.26], [0.61, 0.50, 0.36, 0.40], [0.69, 0.59, 0.57, 0.45], [0.49, 0.46, 0.27, 0.36]],
  [[0.41, 0.37, 0.34, 0.34], [0.54, 0.50, 0.38, 0.28], [0.64, 0.60, 0.44, 0.45], [0.76, 0.74, 0.68, 0.63], [0.51, 0.52, 0.37, 0.35]],
  [[0.36, 0.22, 0.27, 0.28], [0.66, 0.56, 0.48, 0.46], [0.71, 0.72, 0.60, 0.46], [0.79, 0.76, 0.70, 0.59], [0.67, 0.53, 0.53, 0.51]],
  [[0.37, 0.34, 0.40, 0.39], [0.56, 0.63, 0.56, 0.49], [0.76, 0.77, 0.67, 0.65], [0.84, 0.77, 0.79, 0.67], [0.56, 0.55, 0.51, 0.50]],
  [[0.63, 0.50, 0.46, 0.46], [0.79, 0.79, 0.71, 0.68], [0.89, 0.86, 0.86, 0.75], [0.89, 0.91, 0.86, 0.69], [0.73, 0.68, 0.57, 0.58]],
];
