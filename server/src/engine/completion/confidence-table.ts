/** calibrationOf: how true a model's probabilities are, as fitted by `npm run bench -- confidence`. */

import type { Calibration } from './confidence.ts';

// Origin: 110 typing sessions from commits of axios, express, requests, click, date-fns,
// koa, jinja, redux, got, aiohttp and immer, none of them trained on or held out, with stet-7m 0.2.0 in
// int8 and its mixture. On eight held-out repositories: docs/benchmarks.md, `decoding`.
// biome-ignore format: a curve is a line
const stet7m: Calibration = {
  token: [[0, 0], [0.103, 0.145], [0.183, 0.202], [0.259, 0.306], [0.354, 0.417], [0.43, 0.622], [0.513, 0.647], [0.599, 0.696], [0.703, 0.744], [0.777, 0.804], [0.829, 0.851], [0.861, 0.871], [0.879, 0.888], [0.897, 0.918], [0.917, 0.927], [0.937, 0.931], [0.959, 0.953], [0.974, 0.975], [0.988, 0.993], [0.998, 1], [1, 1]],
  text: [[0, 0], [0.157, 0.136], [0.189, 0.186], [0.216, 0.223], [0.262, 0.278], [0.311, 0.32], [0.378, 0.407], [0.46, 0.463], [0.507, 0.533], [0.553, 0.568], [0.593, 0.654], [0.637, 0.683], [0.675, 0.698], [0.732, 0.74], [0.826, 0.815], [0.895, 0.891], [0.974, 0.963], [1, 0.963]],
};

/** By the name in a model's stet.json; undefined for any other, which is then taken at its word. */
export function calibrationOf(name: string | undefined): Calibration | undefined {
  return name === 'stet-7m' ? stet7m : undefined;
}
