/** moveRows: carries rows of keys and values to other places of an arena, keys rotated to match. */

// Rotating a rotated key again adds a rounding error each time. So a moved key is kept as it was first
// computed (`arena.baseKeys`) beside the rotated one, and is always rotated from there by the sum of
// its shifts: the error stays that of one rotation however often a row moves.

import type { KvArena } from './arena.ts';
import type { Keep } from './reuse.ts';
import { inverseFrequencies } from './rope.ts';
import { type Rotation, rotateKey, rotationBy } from './rotation.ts';

/** Rows of one keep that were shifted alike before. */
interface Piece extends Keep {
  readonly shift: number;
  readonly rotation: Rotation;
}

/**
 * Applies `keeps`, whose new places do not overlap. `shifts` [nRow] holds what each old row's key was
 * already rotated by; the caller updates it.
 */
export function moveRows(arena: KvArena, keeps: readonly Keep[], shifts: Int32Array): void {
  const pieces = piecesOf(arena, keeps, shifts);
  if (pieces.length === 0) return;
  const { nRow, nBatch } = arena;
  const { nKvHead, headDim } = arena.config;
  const keyScratch = new Float32Array(nRow * headDim);
  const valueScratch = new Float32Array(nRow * headDim);
  for (let layer = 0; layer < arena.keys.length; layer++) {
    const keys = arena.keys[layer] as Float32Array;
    const values = arena.values[layer] as Float32Array;
    const base = arena.baseKeys(layer);
    for (let head = 0; head < nBatch * nKvHead; head++) {
      const at = (row: number) => (head * nRow + row) * headDim;
      for (const { oldStart, newStart, length, shift } of pieces) {
        const first = shift === 0 ? keys : base;
        keyScratch.set(first.subarray(at(oldStart), at(oldStart + length)), newStart * headDim);
        valueScratch.set(values.subarray(at(oldStart), at(oldStart + length)), newStart * headDim);
      }
      for (const { newStart, length, rotation } of pieces) {
        const rows = keyScratch.subarray(newStart * headDim, (newStart + length) * headDim);
        values.set(valueScratch.subarray(newStart * headDim, (newStart + length) * headDim), at(newStart));
        if (rotation.delta === 0) {
          keys.set(rows, at(newStart)); // back where it was computed: the very same numbers
          continue;
        }
        base.set(rows, at(newStart));
        for (let i = 0; i < length; i++) rotateKey(rotation, rows, i * headDim, keys, at(newStart + i));
      }
    }
  }
}

/** Cuts the keeps that move into pieces of one shift each. */
function piecesOf(arena: KvArena, keeps: readonly Keep[], shifts: Int32Array): Piece[] {
  const frequencies = inverseFrequencies(arena.config);
  const pieces: Piece[] = [];
  for (const { oldStart, newStart, length } of keeps) {
    const delta = newStart - oldStart;
    if (delta === 0) continue;
    for (let from = 0; from < length; ) {
      const shift = shifts[oldStart + from] as number;
      let to = from + 1;
      while (to < length && shifts[oldStart + to] === shift) to++;
      const rotation = rotationBy(shift + delta, frequencies);
      pieces.push({
        oldStart: oldStart + from,
        newStart: newStart + from,
        length: to - from,
        shift,
        rotation,
      });
      from = to;
    }
  }
  return pieces;
}
