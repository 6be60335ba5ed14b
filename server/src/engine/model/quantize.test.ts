/** Quantised weights lie within half a step of the weights, in the layouts that the operators read. */

import { expect, test } from 'vitest';
import { seededRandom } from '../testing/tiny-model.ts';
import { ColumnQuantizer, quantizeBlocks, quantizeRows } from './quantize.ts';

const random = seededRandom(5);
const [nOut, nIn] = [70, 64];
const weights = Float32Array.from({ length: nOut * nIn }, () => random() * 2 - 1);
weights.fill(0, 5 * nIn, 6 * nIn); // a dead row

test('rows: half a step of 1/127 of the largest', () => {
  const { data, scales } = quantizeRows(weights, nIn);
  weights.forEach((weight, i) => {
    const scale = scales[Math.floor(i / nIn)]!;
    expect(Math.abs(data[i]! * scale - weight)).toBeLessThanOrEqual(scale * 0.501);
  });
  expect(Math.max(...data.subarray(0, nIn).map(Math.abs))).toBe(127);
});

test('columns are the rows, transposed, however they come in', () => {
  const { data, scales } = quantizeRows(weights, nIn);
  const columns = new ColumnQuantizer(nOut, nIn);
  columns.put(weights.subarray(0, 3 * nIn));
  columns.put(weights.subarray(3 * nIn));
  expect(columns.scales).toEqual(scales);
  for (let row = 0; row < nOut; row++) {
    for (let i = 0; i < nIn; i++) expect(columns.data[i * nOut + row]).toBe(data[row * nIn + i]);
  }
});

test.each([
  [8, 16],
  [8, 64],
  [4, 32],
] as const)('%i bits in blocks of %i', (bits, blockSize) => {
  const { data, scales } = quantizeBlocks(weights, { bits, blockSize });
  expect(data).toHaveLength((weights.length * bits) / 8);
  weights.forEach((weight, i) => {
    const scale = scales[Math.floor(i / blockSize)]!;
    const value = bits === 8 ? data[i]! - 128 : ((data[i >> 1]! >> (4 * (i % 2))) & 15) - 8;
    // The end of the 4-bit range opposite to the extreme element may be a whole step away.
    expect(Math.abs(value * scale - weight)).toBeLessThanOrEqual(
      Math.abs(scale) * (bits === 8 ? 0.501 : 1.001),
    );
  });
});
