/** moveRows: carries rows of keys and values to other places of an arena, keys rotated to match. */

// Rotating a rotated key again adds a rounding error each time. So a moved key is kept as it was first
// computed (`arena.baseKeys`) beside the rotated one, and is always rotated from there by the sum of
// its shifts: the error stays that of one rotation however often a row moves.

import type { KvArena } from './arena.ts';
import type { Keep } from './reuse.ts';
import { inverseFrequencies } from './rope.ts';
import { type Rotation, rotateKey, rotationBy } from './rotation.ts';

/** Where rows come from. */
export interface RowSource {
  readonly arena: KvArena;
  /** [nRow] what each row's key was already rotated by. */
  readonly shifts: Int32Array;
}

/** Rows of one keep that were shifted alike before. */
interface Piece extends Keep {
  readonly source: RowSource;
  readonly shift: number;
  readonly rotation: Rotation;
}

/**
 * Applies `keeps`, whose new places do not overlap, to the arena of `own`; borrowed rows are copied
 * from `lenders`. The caller updates the shifts.
 */
export function moveRows(own: RowSource, keeps: readonly Keep[], lenders: readonly RowSource[] = []): void {
  const { arena } = own;
  const pieces = piecesOf(own, keeps, lenders);
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
      for (const { oldStart, newStart, length, shift, source } of pieces) {
        const from = (head * source.arena.nRow + oldStart) * headDim;
        const to = from + length * headDim;
        const lentKeys = shift === 0 ? source.arena.keys[layer] : source.arena.baseKeys(layer);
        keyScratch.set((lentKeys as Float32Array).subarray(from, to), newStart * headDim);
        const lentValues = source.arena.values[layer] as Float32Array;
        valueScratch.set(lentValues.subarray(from, to), newStart * headDim);
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

/** Cuts the keeps that move, or are borrowed, into pieces of one shift each. */
function piecesOf(own: RowSource, keeps: readonly Keep[], lenders: readonly RowSource[]): Piece[] {
  const frequencies = inverseFrequencies(own.arena.config);
  const pieces: Piece[] = [];
  for (const { oldStart, newStart, length, lender } of keeps) {
    const delta = newStart - oldStart;
    if (delta === 0 && lender === undefined) continue;
    const source = lender === undefined ? own : (lenders[lender] as RowSource);
    for (let from = 0; from < length; ) {
      const shift = source.shifts[oldStart + from] as number;
      let to = from + 1;
      while (to < length && source.shifts[oldStart + to] === shift) to++;
      const rotation = rotationBy(shift + delta, frequencies);
      const piece = { oldStart: oldStart + from, newStart: newStart + from, length: to - from };
      pieces.push({ ...piece, source, shift, rotation });
      from = to;
    }
  }
  return pieces;
}
