/** calibrationOf: how true a model's probabilities are, as fitted by `npm run bench -- confidence`. */

import type { Calibration } from './confidence.ts';

// Origin: 154 typing sessions (4,768 questions) from commits of axios, express, requests, click, date-fns,
// koa, jinja, redux, got, aiohttp and immer, none of them trained on or held out, with stet-7m 0.2.0 in
// int8 and its mixture. On eight held-out repositories: docs/benchmarks.md, `decoding`.
// biome-ignore format: a curve is a line
const stet7m: Calibration = {
  token: [[0, 0], [0.091, 0.122], [0.179, 0.246], [0.259, 0.372], [0.337, 0.388], [0.426, 0.544], [0.524, 0.619], [0.611, 0.723], [0.688, 0.75], [0.749, 0.781], [0.795, 0.846], [0.853, 0.855], [0.881, 0.888], [0.896, 0.923], [0.914, 0.93], [0.937, 0.937], [0.96, 0.961], [0.975, 0.98], [0.988, 0.99], [0.998, 1], [1, 1]],
  text: [[0, 0], [0.135, 0.121], [0.188, 0.169], [0.235, 0.217], [0.306, 0.275], [0.387, 0.423], [0.466, 0.485], [0.525, 0.535], [0.561, 0.613], [0.597, 0.636], [0.645, 0.661], [0.696, 0.713], [0.735, 0.767], [0.771, 0.794], [0.834, 0.842], [0.91, 0.889], [0.966, 0.953], [1, 0.953]],
};

/** By the name in a model's stet.json; undefined for any other, which is then taken at its word. */
export function calibrationOf(name: string | undefined): Calibration | undefined {
  return name === 'stet-7m' ? stet7m : undefined;
}
