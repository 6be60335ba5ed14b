/** cacheWeights: how far the cache model is believed, as learned by `npm run bench -- cache-weights`. */

import type { MixWeights } from './mix.ts';

// Origin: `npm run bench -- cache-weights --cases 300` with stet-7m 0.3.0 in int8: 300 holes of 180
// characters, and the first tokens of 1,200 more (16,916 tokens), in axios, express, requests, click and
// training/ of this repository, none of them trained on or held out, half of them with four other files
// open. There the mixture takes 3.20 bits per token (2.99 to 3.40, cross-validated) where the network
// alone takes 4.08.

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
  [[0.14, 0.10, 0.07, 0.05], [0.11, 0.08, 0.09, 0.06], [0.18, 0.16, 0.10, 0.13], [0.19, 0.37, 0.24, 0.21], [0.14, 0.17, 0.05, 0.10]],
  [[0.29, 0.14, 0.11, 0.05], [0.39, 0.29, 0.27, 0.16], [0.34, 0.27, 0.18, 0.16], [0.45, 0.47, 0.42, 0.33], [0.27, 0.25, 0.12, 0.17]],
  [[0.34, 0.22, 0.19, 0.12], [0.52, 0.31, 0.32, 0.21], [0.57, 0.41, 0.41, 0.35], [0.54, 0.53, 0.47, 0.37], [0.38, 0.28, 0.29, 0.28]],
  [[0.40, 0.33, 0.25, 0.22], [0.50, 0.40, 0.31, 0.21], [0.62, 0.49, 0.40, 0.40], [0.69, 0.62, 0.57, 0.53], [0.56, 0.38, 0.37, 0.37]],
  [[0.25, 0.29, 0.22, 0.26], [0.60, 0.55, 0.43, 0.46], [0.66, 0.72, 0.50, 0.43], [0.70, 0.74, 0.66, 0.54], [0.61, 0.52, 0.45, 0.47]],
  [[0.38, 0.32, 0.42, 0.36], [0.63, 0.51, 0.61, 0.47], [0.72, 0.75, 0.66, 0.56], [0.74, 0.72, 0.68, 0.65], [0.56, 0.48, 0.53, 0.48]],
  [[0.57, 0.52, 0.42, 0.45], [0.79, 0.76, 0.72, 0.68], [0.86, 0.86, 0.82, 0.71], [0.82, 0.85, 0.81, 0.62], [0.71, 0.69, 0.61, 0.61]],
  [[0.25, 0.34, 0.24, 0.19], [0.35, 0.26, 0.31, 0.35], [0.55, 0.45, 0.43, 0.42], [0.84, 0.69, 0.69, 0.68], [0.42, 0.31, 0.36, 0.27]],
  [[0.42, 0.40, 0.48, 0.31], [0.60, 0.53, 0.53, 0.49], [0.64, 0.52, 0.53, 0.54], [0.81, 0.74, 0.74, 0.73], [0.50, 0.44, 0.38, 0.40]],
  [[0.59, 0.47, 0.41, 0.42], [0.54, 0.47, 0.45, 0.43], [0.40, 0.40, 0.39, 0.37], [0.81, 0.72, 0.72, 0.64], [0.57, 0.55, 0.47, 0.49]],
  [[0.37, 0.42, 0.37, 0.40], [0.75, 0.66, 0.66, 0.63], [0.67, 0.60, 0.66, 0.55], [0.87, 0.82, 0.72, 0.74], [0.46, 0.56, 0.45, 0.43]],
  [[0.31, 0.28, 0.29, 0.26], [0.56, 0.54, 0.48, 0.47], [0.79, 0.82, 0.70, 0.73], [0.85, 0.81, 0.74, 0.69], [0.47, 0.45, 0.44, 0.42]],
  [[0.24, 0.26, 0.25, 0.26], [0.44, 0.47, 0.40, 0.38], [0.82, 0.72, 0.73, 0.73], [0.79, 0.73, 0.66, 0.64], [0.48, 0.48, 0.44, 0.43]],
  [[0.31, 0.28, 0.29, 0.29], [0.55, 0.50, 0.55, 0.51], [0.93, 0.90, 0.84, 0.83], [0.96, 0.91, 0.90, 0.84], [0.51, 0.44, 0.42, 0.42]],
];
