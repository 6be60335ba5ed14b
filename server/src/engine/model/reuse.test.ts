/** Reuse: plans are checked against their own definition, rotation against recomputation. */
import { describe, expect, test } from 'vitest';
import { type Keep, minKeep, planReuse, type ReuseMethod } from './reuse.ts';
import { inverseFrequencies } from './rope.ts';
import { type RopeLayout, rotateKey, rotationBy } from './rotation.ts';

function random(seed: number) {
  let state = seed;
  return (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * n);
  };
}
const next = random(11);
const tokens = (n: number, nKind = 1000) => Int32Array.from({ length: n }, () => next(nKind));
const joined = (...parts: (Int32Array | number[])[]) => Int32Array.from(parts.flatMap((part) => [...part]));

const noRepair = { nRepairHead: 0, nRepairTail: 0 };

/** What must hold of any plan: equal tokens, every new row once, no old row twice, the last one run. */
function checkPlan(old: Int32Array, prompt: Int32Array, method: ReuseMethod, repair = noRepair) {
  const { keeps, runs, nRepaired } = planReuse(old, prompt, { method, ...repair });
  const covered = new Int32Array(prompt.length);
  const used = new Int32Array(old.length);
  for (const { oldStart, newStart, length } of keeps) {
    for (let i = 0; i < length; i++) {
      expect(old[oldStart + i]).toBe(prompt[newStart + i]);
      used[oldStart + i]!++;
      covered[newStart + i]!++;
    }
  }
  for (const { start, endExclusive } of runs) for (let i = start; i < endExclusive; i++) covered[i]!++;
  expect(covered.every((n) => n === 1)).toBe(true);
  expect(used.every((n) => n <= 1)).toBe(true);
  expect(runs.at(-1)?.endExclusive).toBe(prompt.length);
  return { keeps, runs, nRepaired };
}

const moved = (keeps: readonly Keep[]) =>
  keeps.slice(1).map(({ oldStart, newStart, length }) => [oldStart, newStart, length]);

describe('planReuse', () => {
  const a = tokens(100);
  const b = tokens(100);
  const c = tokens(100);

  test('an insertion moves all that follows', () => {
    const { keeps } = checkPlan(joined(a, b), joined(a, [1, 2, 3], b), 'edit');
    expect(moved(keeps)).toEqual([[100, 103, 99]]); // the last token is run
  });
  test('a deletion moves all that follows', () => {
    const { keeps } = checkPlan(joined(a, b, c), joined(a, c), 'edit');
    expect(moved(keeps)).toEqual([[200, 100, 99]]);
  });
  test('a replacement of equal length leaves the rest in place', () => {
    const { keeps } = checkPlan(joined(a, [1], b), joined(a, [2], b), 'edit');
    expect(moved(keeps)).toEqual([[101, 101, 99]]);
  });
  test('blocks that change places are found', () => {
    const { keeps } = checkPlan(joined(a, b, c, [7]), joined(c, a, b, [8]), 'edit');
    expect(moved(keeps).map(([from]) => from)).toEqual([200, 0]);
  });
  test('repaired rows are run: behind each edit, and before the end', () => {
    const plan = checkPlan(joined(a, b), joined(a, [1, 2, 3], b), 'edit', {
      nRepairHead: 16,
      nRepairTail: 10,
    });
    expect(moved(plan.keeps)).toEqual([[116, 119, 74]]);
    expect(plan.nRepaired).toBe(16 + 9);
  });
  test('islands shorter than the minimum are run', () => {
    const island = tokens(minKeep - 1);
    const { keeps } = checkPlan(joined(a, island, b), joined([1], island, [2]), 'edit');
    expect(moved(keeps)).toEqual([]);
  });
  test('like llama.cpp, deletion reuse ends at an insertion', () => {
    expect(moved(checkPlan(joined(a, b, c), joined(a, c), 'deletion').keeps)).toEqual([[200, 100, 99]]);
    expect(moved(checkPlan(joined(a, b), joined(a, [1], b), 'deletion').keeps)).toEqual([]);
  });
  test('nothing seen, everything replaced, one token', () => {
    checkPlan(new Int32Array(0), a, 'edit');
    checkPlan(a, b, 'edit');
    checkPlan(a, Int32Array.of(a[0] as number), 'edit');
    expect(planReuse(a, a, { method: 'none', ...noRepair }).runs).toEqual([{ start: 0, endExclusive: 100 }]);
  });
  test('over random edits of random and of repetitive texts', () => {
    for (let round = 0; round < 300; round++) {
      const old = tokens(next(400) + 1, round % 2 ? 1000 : 3);
      let prompt = old;
      for (let n = next(4); n >= 0; n--) {
        const at = next(prompt.length);
        const end = Math.min(prompt.length, at + next(60));
        prompt = joined(prompt.subarray(0, at), tokens(next(20)), prompt.subarray(end));
      }
      if (prompt.length === 0) continue;
      const repair = { nRepairHead: next(3) * 8, nRepairTail: next(3) * 8 };
      for (const method of ['none', 'prefix', 'deletion', 'edit'] as const) {
        checkPlan(old, prompt, method, repair);
      }
    }
  });
});

describe('rotateKey', () => {
  const headDim = 64;
  for (const ropeTheta of [1e4, 1e6]) {
    for (const layout of ['half', 'interleaved'] as RopeLayout[]) {
      test(`R(delta) of a cached key is the key at the new position (${layout}, theta ${ropeTheta})`, () => {
        const frequencies = inverseFrequencies({ headDim, ropeTheta, ropeScaling: { kind: 'none' } });
        const raw = Float32Array.from({ length: headDim }, () => next(2000) / 1000 - 1);
        const at = (position: number) => {
          const key = new Float32Array(headDim);
          rotateKey(rotationBy(position, frequencies), raw, 0, key, 0, layout);
          return key;
        };
        for (let i = 0; i < 200; i++) {
          const from = next(4096);
          const to = next(4096);
          const key = at(from);
          rotateKey(rotationBy(to - from, frequencies), key, 0, key, 0, layout);
          const wanted = at(to);
          const error = Math.max(...key.map((value, k) => Math.abs(value - (wanted[k] as number))));
          expect(error).toBeLessThan(1e-6);
        }
      });
    }
  }
});
