/** cacheWeights: how far the cache model is believed, as learned by `npm run bench -- cache-weights`. */

import type { MixWeights } from './mix.ts';

// Origin: `npm run bench -- cache-weights --cases 300` with stet-7m 0.2.0 in int8: 300 holes of 180
// characters, and the first tokens of 1,200 more (17,231 tokens), in axios, express, requests, click and
// training/ of this repository, none of them trained on or held out, half of them with four other files
// open. There the mixture takes 3.35 bits per token (3.13 to 3.55, cross-validated) where the network
// alone takes 4.81.

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
  [[0.14, 0.11, 0.08, 0.06], [0.13, 0.10, 0.06, 0.05], [0.23, 0.18, 0.11, 0.15], [0.23, 0.34, 0.31, 0.23], [0.17, 0.12, 0.06, 0.10]],
  [[0.27, 0.16, 0.12, 0.09], [0.36, 0.35, 0.29, 0.18], [0.34, 0.33, 0.23, 0.18], [0.51, 0.42, 0.37, 0.35], [0.26, 0.28, 0.14, 0.17]],
  [[0.33, 0.22, 0.18, 0.19], [0.50, 0.34, 0.42, 0.26], [0.62, 0.48, 0.36, 0.39], [0.63, 0.56, 0.51, 0.42], [0.48, 0.41, 0.25, 0.34]],
  [[0.41, 0.37, 0.31, 0.29], [0.53, 0.48, 0.37, 0.27], [0.62, 0.59, 0.41, 0.45], [0.71, 0.72, 0.64, 0.60], [0.50, 0.51, 0.36, 0.34]],
  [[0.36, 0.22, 0.27, 0.28], [0.65, 0.55, 0.47, 0.45], [0.69, 0.71, 0.57, 0.43], [0.71, 0.70, 0.66, 0.55], [0.67, 0.53, 0.53, 0.51]],
  [[0.37, 0.36, 0.40, 0.40], [0.55, 0.63, 0.54, 0.48], [0.76, 0.77, 0.66, 0.64], [0.78, 0.73, 0.75, 0.63], [0.58, 0.56, 0.50, 0.51]],
  [[0.62, 0.50, 0.45, 0.46], [0.78, 0.78, 0.70, 0.68], [0.88, 0.86, 0.86, 0.74], [0.85, 0.88, 0.84, 0.66], [0.71, 0.64, 0.55, 0.56]],
  [[0.40, 0.53, 0.41, 0.42], [0.47, 0.30, 0.34, 0.40], [0.66, 0.55, 0.55, 0.53], [0.83, 0.81, 0.67, 0.73], [0.41, 0.40, 0.43, 0.28]],
  [[0.54, 0.63, 0.68, 0.57], [0.68, 0.70, 0.63, 0.64], [0.73, 0.58, 0.59, 0.61], [0.82, 0.86, 0.72, 0.76], [0.53, 0.39, 0.47, 0.42]],
  [[0.65, 0.65, 0.61, 0.49], [0.69, 0.63, 0.58, 0.58], [0.41, 0.53, 0.43, 0.42], [0.88, 0.79, 0.79, 0.71], [0.58, 0.61, 0.48, 0.51]],
  [[0.58, 0.53, 0.59, 0.61], [0.69, 0.75, 0.75, 0.67], [0.74, 0.80, 0.78, 0.68], [0.91, 0.88, 0.81, 0.81], [0.55, 0.55, 0.48, 0.48]],
  [[0.30, 0.26, 0.29, 0.29], [0.76, 0.75, 0.64, 0.64], [0.86, 0.86, 0.83, 0.79], [0.93, 0.80, 0.74, 0.77], [0.46, 0.43, 0.41, 0.40]],
  [[0.28, 0.28, 0.31, 0.29], [0.52, 0.51, 0.47, 0.49], [0.86, 0.88, 0.80, 0.82], [0.84, 0.80, 0.72, 0.74], [0.50, 0.43, 0.47, 0.43]],
  [[0.32, 0.30, 0.28, 0.30], [0.72, 0.65, 0.68, 0.61], [0.92, 0.94, 0.92, 0.89], [0.96, 0.94, 0.92, 0.87], [0.53, 0.46, 0.41, 0.43]],
];
