/** writesInPlace: whether a loaded graph really writes its new rows into the arena, and no others. */

import { assert } from '../engine/base/assert.ts';
import { KvArena } from '../engine/model/arena.ts';
import type { Forward } from '../engine/model/backend.ts';

/** Runs two tokens and looks whether their rows, and no others, were written into the arena. */
export async function writesInPlace(model: Forward): Promise<boolean> {
  const { nLayer, nKvHead, headDim } = model.config;
  const untouched = 12345;
  const arena = new KvArena(model.config, 4);
  for (const part of [...arena.keys, ...arena.values]) part.fill(untouched);
  try {
    await model.run({ arena, tokens: [0, 0], start: 0, logitsOf: [1] });
  } catch {
    return false;
  }
  return [...arena.keys, ...arena.values].every((part) => {
    assert(part.length === nKvHead * 4 * headDim && nLayer > 0, 'one text, four rows');
    // Row r of a head is written when any element of it changed: an element may by chance keep its value.
    const isWritten = (head: number, row: number) =>
      part.subarray((head * 4 + row) * headDim, (head * 4 + row + 1) * headDim).some((x) => x !== untouched);
    return Array.from({ length: nKvHead }, (_, head) => head).every(
      (head) => isWritten(head, 0) && isWritten(head, 1) && !isWritten(head, 2) && !isWritten(head, 3),
    );
  });
}
