/** The runtime writes the rows it was asked to and no others, and bad requests leave it usable. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EngineError } from '../../server/src/engine/base/error.ts';
import type { KvArena } from '../../server/src/engine/model/arena.ts';
import { seededRandom } from '../../server/src/engine/testing/tiny-model.ts';
import { type LoadedTiny, loadTiny, range, relativeError, sentinel, someTokens } from './loaded-model.ts';

describe.each(['in-place', 'delta'] as const)('%s', (kvOutputs) => {
  let tiny: LoadedTiny;
  beforeAll(async () => {
    tiny = await loadTiny({}, 'int8', kvOutputs);
  });
  afterAll(() => tiny.close());

  test('this is the graph that was asked for', () => {
    expect(tiny.forward.kvOutputs).toBe(kvOutputs);
  });

  test('only the new rows change', async () => {
    const arena = tiny.newArena(32);
    await tiny.run({ arena, tokens: someTokens(9), start: 0, logitsOf: [8] });
    expect(rowsThatDiffer(arena, tiny.newArena(32))).toEqual(range(9));
    const before = copyOf(arena);
    await tiny.run({ arena, tokens: someTokens(3, 5), start: 4, logitsOf: [2] });
    expect(rowsThatDiffer(arena, before)).toEqual([4, 5, 6]);
    expect(arena.keys[0]?.[31 * 16]).toBe(sentinel);
  });

  test('chunked = whole, over random cuts', async () => {
    const random = seededRandom(7);
    for (let round = 0; round < 20; round++) {
      const tokens = someTokens(8 + Math.floor(random() * 40), 1 + round);
      const whole = tiny.newArena();
      const expected = await tiny.run({ arena: whole, tokens, start: 0, logitsOf: [tokens.length - 1] });
      const arena = tiny.newArena();
      let last: Float32Array[] = [];
      for (let start = 0; start < tokens.length; ) {
        const chunk = tokens.slice(start, start + 1 + Math.floor(random() * 12));
        last = await tiny.run({ arena, tokens: chunk, start, logitsOf: [chunk.length - 1] });
        start += chunk.length;
      }
      // Activations are quantised per token, so the cut changes only the order of attention's sums.
      expect(relativeError(last, expected)).toBeLessThan(2e-2);
      expect(relativeError(arena.keys, whole.keys)).toBeLessThan(2e-2);
    }
  });

  test('the same request gives the same bits', async () => {
    const once = async () => {
      const arena = tiny.newArena();
      await tiny.run({ arena, tokens: someTokens(20), start: 0, logitsOf: [19] });
      return tiny.run({ arena, tokens: [5], start: 20, logitsOf: [0] });
    };
    expect(await once()).toEqual(await once());
  });

  test('bad requests are refused and the next one works', async () => {
    const arena = tiny.newArena(16);
    const good = { arena, tokens: [1, 2, 3], start: 0, logitsOf: [2] };
    const [expected] = await tiny.run(good);
    const bad = [
      { ...good, tokens: [1, 272, 3] },
      { ...good, tokens: [1, -1, 3] },
      { ...good, tokens: [] },
      { ...good, start: 14 },
      { ...good, start: -1 },
      { ...good, logitsOf: [3] },
      { ...good, logitsOf: [] },
      { ...good, positions: [0, 1, 512] },
      { ...good, positions: [0, 1] },
      { ...good, attentionBias: new Float32Array(8) },
      { ...good, arena: tiny.newArena(16, 2), tokens: [1, 2, 3, 4], start: 3 },
      { ...good, arena: tiny.newArena(16, 2), tokens: [1, 2, 3, 4], positions: [5, 6, 5, 6], logitsOf: [1] },
    ];
    for (const request of bad) {
      await expect(tiny.forward.run(request)).rejects.toThrowError(EngineError);
      await expect(tiny.forward.run(request)).rejects.toMatchObject({ code: 'backend-failed' });
    }
    expect((await tiny.run(good))[0]).toEqual(expected);
  });

  test('a failure inside the runtime leaves the session usable', async () => {
    const arena = tiny.newArena(16);
    const good = { arena, tokens: [1, 2, 3], start: 0, logitsOf: [2] };
    const [expected] = await tiny.run(good);
    // Only tokens that change after they were checked get past our checks.
    let nRead = 0;
    const lying = new Proxy([1, 2, 3], {
      get: (target, key) => (key === '1' && nRead++ > 0 ? 9999 : Reflect.get(target, key)),
    });
    await expect(tiny.forward.run({ ...good, tokens: lying })).rejects.toMatchObject({
      code: 'backend-failed',
    });
    expect((await tiny.run(good))[0]).toEqual(expected);
  });
});

test('both graphs give the same bits', async () => {
  const [inPlace, delta] = [await loadTiny({}, 'int8', 'in-place'), await loadTiny({}, 'int8', 'delta')];
  const outputs = [];
  for (const tiny of [inPlace, delta]) {
    const arena = tiny.newArena();
    await tiny.run({ arena, tokens: someTokens(20), start: 0, logitsOf: [19] });
    outputs.push(await tiny.run({ arena, tokens: [5, 6], start: 20, logitsOf: [0, 1] }));
    await tiny.close();
  }
  expect(outputs[0]).toEqual(outputs[1]);
});

function copyOf(arena: KvArena): { keys: Float32Array[]; values: Float32Array[] } {
  return { keys: arena.keys.map((k) => k.slice()), values: arena.values.map((v) => v.slice()) };
}

/** Rows in which any layer, head or element differs. */
function rowsThatDiffer(
  arena: KvArena,
  other: { keys: readonly Float32Array[]; values: readonly Float32Array[] },
): number[] {
  const rows = new Set<number>();
  const compare = (a: Float32Array, b: Float32Array) =>
    a.forEach((x, i) => {
      if (x !== b[i]) rows.add(Math.floor(i / arena.config.headDim) % arena.nRow);
    });
  for (const [layer, keys] of arena.keys.entries()) compare(keys, other.keys[layer]!);
  for (const [layer, values] of arena.values.entries()) compare(values, other.values[layer]!);
  return [...rows].sort((a, b) => a - b);
}
