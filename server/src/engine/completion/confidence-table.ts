/** calibrationOf: how true a model's probabilities are, as fitted by `npm run bench -- confidence`. */

import type { Calibration } from './confidence.ts';

// Origin: up to 22 typing sessions each from commits of axios, express, requests, click, date-fns,
// koa, jinja, redux, got, aiohttp and immer, none of them trained on or held out, with stet-7m 0.3.0 in
// int8 and its mixture. On eight held-out repositories: docs/benchmarks.md, `decoding`.
// biome-ignore format: a curve is a line
const stet7m: Calibration = {
  token: [[0, 0], [0.102, 0.143], [0.204, 0.253], [0.308, 0.33], [0.403, 0.485], [0.494, 0.577], [0.592, 0.691], [0.688, 0.73], [0.752, 0.801], [0.813, 0.875], [0.847, 0.913], [0.864, 0.918], [0.895, 0.919], [0.932, 0.953], [0.948, 0.96], [0.965, 0.962], [0.976, 0.977], [0.985, 0.989], [0.993, 0.998], [0.998, 0.999], [1, 0.999]],
  text: [[0, 0], [0.134, 0.129], [0.19, 0.165], [0.255, 0.257], [0.331, 0.325], [0.397, 0.368], [0.453, 0.464], [0.498, 0.505], [0.534, 0.569], [0.583, 0.595], [0.63, 0.601], [0.678, 0.666], [0.715, 0.73], [0.752, 0.761], [0.822, 0.823], [0.908, 0.903], [0.948, 0.956], [0.982, 0.956], [1, 0.956]],
};

/** By the name in a model's stet.json; undefined for any other, which is then taken at its word. */
export function calibrationOf(name: string | undefined): Calibration | undefined {
  return name === 'stet-7m' ? stet7m : undefined;
}
