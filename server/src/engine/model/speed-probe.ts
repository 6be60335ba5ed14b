/** speedProbe: one large matrix product as a graph: how fast this machine reads weights, and multiplies them. */

import type { Clock } from '../base/ports.ts';
import type { MachineSpeed } from './backend.ts';
import { OnnxFile } from './onnx-file.ts';

/** 32 MB of int8: more than a laptop's last-level cache, so that they come from memory as a large model's do. */
export const probeIn = 8192;
const probeOut = 4096;
const nWeights = probeIn * probeOut;

/** Rows of the two products: one is bound by memory, the other by multiplying. */
const speedProbeRows = [1, 64] as const;

/** A model with one MatMulInteger: input `a` uint8 [rows, 8192], output `sums` int32 [rows, 4096]. */
export function speedProbe(): Uint8Array {
  const file = new OnnxFile('');
  file.input('a', 'uint8', ['rows', probeIn]);
  const weights = file.constant('b', 'int8', [probeIn, probeOut], new Int8Array(nWeights).fill(1));
  const zeroPoint = file.constant('zero_point', 'uint8', [], Uint8Array.of(128));
  file.nodeTo(['sums'], 'MatMulInteger', ['a', weights, zeroPoint]);
  file.output('sums', 'int32', ['rows', probeOut]);
  return file.finish();
}

/** Products of each size that are timed at most; the fastest counts. */
const nRound = 10;

/** Times `run`, for `budgetMs` or one round and a warm-up, whichever is longer. Rejects with the signal's reason. */
export async function timeProducts(
  run: (nRow: number, a: Uint8Array) => Promise<void>,
  clock: Clock,
  budgetMs: number,
  signal: AbortSignal,
): Promise<MachineSpeed> {
  const endMs = clock.nowMs() + budgetMs;
  const fastest = speedProbeRows.map(() => Infinity);
  for (let round = 0; round <= nRound && (round < 2 || clock.nowMs() < endMs); round++) {
    for (const [i, nRow] of speedProbeRows.entries()) {
      await clock.yieldToHost(); // a keystroke or an abort goes first
      signal.throwIfAborted();
      const a = new Uint8Array(nRow * probeIn);
      const startMs = clock.nowMs();
      await run(nRow, a);
      const ms = clock.nowMs() - startMs;
      if (round > 0) fastest[i] = Math.min(fastest[i] as number, ms); // the first warms up
    }
  }
  return machineSpeed(fastest[0] as number, fastest[1] as number);
}

/** From the milliseconds of a product of one row and of 64. */
function machineSpeed(oneRowMs: number, manyRowsMs: number): MachineSpeed {
  const nMany = speedProbeRows[1];
  const isPlain = manyRowsMs > oneRowMs; // else the clock was too coarse, or the machine busy
  const nProducts = nWeights * (isPlain ? nMany - 1 : nMany);
  const leastMs = 1e-3;
  return {
    bytesPerMs: nWeights / Math.max(leastMs, oneRowMs),
    productsPerMs: nProducts / Math.max(leastMs, isPlain ? manyRowsMs - oneRowMs : manyRowsMs),
  };
}
