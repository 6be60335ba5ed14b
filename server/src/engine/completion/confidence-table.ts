/** calibrationOf: how true a model's probabilities are, as fitted by `npm run bench -- confidence`. */

import type { Calibration } from './confidence.ts';

const stet7m: Calibration = {
  token: [
    [0, 0],
    [1, 1],
  ],
  text: [
    [0, 0],
    [1, 1],
  ],
};

/** By the name in a model's stet.json; undefined for any other, which is then taken at its word. */
export function calibrationOf(name: string | undefined): Calibration | undefined {
  return name === 'stet-7m' ? stet7m : undefined;
}
