/** calibrationOf: how true a model's probabilities are, as fitted by `npm run bench -- confidence`. */

import type { Calibration } from './confidence.ts';

// Origin: 110 typing sessions from commits of axios, express, requests, click, date-fns,
// koa, jinja, redux, got, aiohttp and immer, none of them trained on or held out, with stet-7m 0.3.0 in
// int8 and its mixture. On eight held-out repositories: docs/benchmarks.md, `decoding`.
// biome-ignore format: a curve is a line
const stet7m: Calibration = {
  token: [[0, 0], [0.098, 0.139], [0.192, 0.223], [0.29, 0.311], [0.382, 0.462], [0.463, 0.593], [0.553, 0.67], [0.65, 0.714], [0.754, 0.823], [0.846, 0.876], [0.891, 0.921], [0.93, 0.945], [0.948, 0.946], [0.965, 0.953], [0.976, 0.981], [0.986, 0.985], [0.996, 1], [1, 1]],
  text: [[0, 0], [0.141, 0.124], [0.188, 0.182], [0.225, 0.223], [0.271, 0.276], [0.363, 0.358], [0.449, 0.451], [0.492, 0.513], [0.56, 0.595], [0.623, 0.605], [0.664, 0.655], [0.699, 0.761], [0.759, 0.796], [0.827, 0.827], [0.868, 0.874], [0.913, 0.883], [0.942, 0.927], [0.981, 0.959], [1, 0.959]],
};

/** By the name in a model's stet.json; undefined for any other, which is then taken at its word. */
export function calibrationOf(name: string | undefined): Calibration | undefined {
  return name === 'stet-7m' ? stet7m : undefined;
}
