/** saturationProbe: a tiny graph that shows whether this CPU multiplies uint8 by int8 exactly. */

// On x86 with AVX2 but without VNNI, ONNX Runtime's uint8 × int8 kernel adds pairs of products in 16
// bits and saturates: sums come out as 16320 instead of 2064512. Its session option
// `x64quantprecision` avoids that at a cost in speed, so it is set only where this probe fails.

import { OnnxFile } from './onnx-file.ts';

/** Enough for every kernel's main loop and tail. */
const nIn = 70;
const nOut = 33;

/** Rows of the input: 1 takes the matrix-vector kernel, more take the matrix-matrix one. */
export const probeRows: readonly number[] = [1, 9];

/** A model with one MatMulInteger: input `a` uint8 [rows, 70], output `sums` int32 [rows, 33]. */
export function saturationProbe(): Uint8Array {
  const file = new OnnxFile('');
  file.input('a', 'uint8', ['rows', nIn]);
  const b = file.constant('b', 'int8', [nIn, nOut], probeWeights());
  const zeroPoint = file.constant('zero_point', 'uint8', [], Uint8Array.of(128));
  file.nodeTo(['sums'], 'MatMulInteger', ['a', b, zeroPoint]);
  file.output('sums', 'int32', ['rows', nOut]);
  return file.finish();
}

/** The worst input, and the sums that exact arithmetic gives for it. */
export function probeCase(nRow: number): { a: Uint8Array; shape: number[]; sums: Int32Array } {
  const a = Uint8Array.from({ length: nRow * nIn }, (_, i) => (Math.floor(i / nIn) % 3 === 2 ? 0 : 255));
  const b = probeWeights();
  const sums = Int32Array.from({ length: nRow * nOut }, (_, i) => {
    const row = Math.floor(i / nOut);
    let sum = 0;
    for (let k = 0; k < nIn; k++) {
      sum += ((a[row * nIn + k] as number) - 128) * (b[k * nOut + (i % nOut)] as number);
    }
    return sum;
  });
  return { a, shape: [nRow, nIn], sums };
}

/** [70, 33]: columns of all 127, all -127, and alternating. */
function probeWeights(): Int8Array {
  return Int8Array.from({ length: nIn * nOut }, (_, i) => {
    const [k, n] = [Math.floor(i / nOut), i % nOut];
    if (n % 3 === 0) return 127;
    if (n % 3 === 1) return -127;
    return k % 2 === 0 ? 127 : -127;
  });
}
