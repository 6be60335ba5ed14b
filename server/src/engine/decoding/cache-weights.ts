/** cacheWeights: how far the cache model is believed, as learned by `npm run bench -- cache-weights`. */

import type { MixWeights } from './mix.ts';

// Origin: 60 holes of 180 characters in axios, express, requests, click and this repository (none of
// them trained on or held out), with a checkpoint of the embedded model after a few minutes.

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
  [[0.39, 0.39, 0.33, 0.38], [0.35, 0.35, 0.39, 0.36], [0.52, 0.45, 0.51, 0.45], [0.51, 0.54, 0.51, 0.46], [0.28, 0.24, 0.23, 0.27]],
  [[0.56, 0.48, 0.58, 0.53], [0.59, 0.57, 0.49, 0.55], [0.49, 0.56, 0.45, 0.47], [0.85, 0.75, 0.68, 0.71], [0.38, 0.38, 0.36, 0.36]],
  [[0.53, 0.49, 0.46, 0.49], [0.61, 0.61, 0.58, 0.56], [0.75, 0.74, 0.69, 0.66], [0.82, 0.67, 0.65, 0.68], [0.59, 0.48, 0.48, 0.48]],
  [[0.68, 0.63, 0.58, 0.60], [0.69, 0.72, 0.64, 0.63], [0.77, 0.85, 0.73, 0.73], [0.81, 0.63, 0.70, 0.67], [0.43, 0.31, 0.36, 0.36]],
  [[0.53, 0.43, 0.45, 0.47], [0.57, 0.51, 0.49, 0.49], [0.80, 0.76, 0.77, 0.71], [0.83, 0.66, 0.67, 0.67], [0.53, 0.41, 0.41, 0.43]],
  [[0.42, 0.38, 0.38, 0.38], [0.70, 0.61, 0.56, 0.56], [0.84, 0.87, 0.79, 0.79], [0.85, 0.71, 0.70, 0.70], [0.49, 0.43, 0.42, 0.45]],
  [[0.56, 0.46, 0.46, 0.46], [0.62, 0.50, 0.50, 0.50], [0.88, 0.93, 0.88, 0.85], [0.93, 0.82, 0.80, 0.79], [0.43, 0.37, 0.37, 0.37]],
];
