/** calibrationOf: how true a model's probabilities are, as fitted by `npm run bench -- confidence`. */

import type { Calibration } from './confidence.ts';

// Origin: 154 typing sessions (4,768 questions) from commits of axios, express, requests, click, date-fns,
// koa, jinja, redux, got, aiohttp and immer, none of them trained on or held out, with stet-7m 0.1.0 in
// int8 and its mixture. On eight held-out repositories: docs/benchmarks.md, `decoding`.
// biome-ignore format: a curve is a line
const stet7m: Calibration = {
  token: [[0, 0], [0.086, 0.108], [0.162, 0.206], [0.229, 0.261], [0.31, 0.404], [0.403, 0.514], [0.497, 0.587], [0.616, 0.728], [0.754, 0.807], [0.794, 0.844], [0.817, 0.849], [0.898, 0.907], [0.93, 0.941], [0.932, 0.956], [0.94, 0.975], [0.955, 0.982], [0.978, 0.991], [0.99, 0.999], [1, 0.999]],
  text: [[0, 0], [0.118, 0.124], [0.17, 0.197], [0.213, 0.21], [0.257, 0.225], [0.322, 0.277], [0.395, 0.439], [0.455, 0.445], [0.532, 0.555], [0.621, 0.613], [0.659, 0.66], [0.71, 0.703], [0.749, 0.736], [0.793, 0.78], [0.846, 0.887], [0.909, 0.888], [0.965, 0.975], [1, 0.975]],
};

/** By the name in a model's stet.json; undefined for any other, which is then taken at its word. */
export function calibrationOf(name: string | undefined): Calibration | undefined {
  return name === 'stet-7m' ? stet7m : undefined;
}
