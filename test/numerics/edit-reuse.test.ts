/** Edit reuse on the real runtime: what is called exact is exact, what is moved is where it should be. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KvArena } from '../../server/src/engine/model/arena.ts';
import { CausalLm } from '../../server/src/engine/model/causal-lm.ts';
import { moveRows } from '../../server/src/engine/model/move-rows.ts';
import type { ReuseOptions } from '../../server/src/engine/model/reuse.ts';
import { Sequence } from '../../server/src/engine/model/sequence.ts';
import { seededRandom } from '../../server/src/engine/testing/tiny-model.ts';
import { systemClock } from '../../server/src/node/clock.ts';
import type { TinyModelOptions } from '../fixtures/tiny-model.ts';
import { type LoadedTiny, loadTiny, relativeError } from './loaded-model.ts';

const live = new AbortController().signal;
const edit: ReuseOptions = { method: 'edit', nRepairHead: 0, nRepairTail: 1 };
const fresh: ReuseOptions = { ...edit, method: 'none' };
const nRow = 400;

const shapes: [string, TinyModelOptions][] = [
  ['Llama', { seed: 21 }],
  ['Qwen2, linear scaling', { architecture: 'qwen2', ropeScaling: { type: 'linear', factor: 4 }, seed: 22 }],
];

describe.each(shapes)('%s', (_name, options) => {
  let tiny: LoadedTiny;
  let lm: CausalLm;
  beforeAll(async () => {
    tiny = await loadTiny(options);
    lm = new CausalLm(tiny.forward, systemClock);
  });
  afterAll(() => tiny.close());

  const newSequence = () => new Sequence(new KvArena(tiny.forward.config, nRow));
  const prefill = async (sequence: Sequence, prompt: readonly number[], reuse: ReuseOptions) => {
    const { logits, alignment } = await lm.prefill(sequence, Int32Array.from(prompt), live, reuse);
    return { logits: logits.slice(), alignment };
  };
  const heal = async (sequence: Sequence) => {
    while (await lm.heal(sequence, live));
  };
  /** Key rows [from, to) of a layer, all heads. */
  const keyRows = ({ arena }: Sequence, layer: number, from: number, to: number) => {
    const { nKvHead, headDim } = tiny.forward.config;
    return Array.from({ length: nKvHead }, (_, head) => {
      const at = (row: number) => (head * nRow + row) * headDim;
      return (arena.keys[layer] as Float32Array).slice(at(from), at(to));
    });
  };

  test('over random edits: exact rows and healed caches answer like a fresh prefill', async () => {
    const random = seededRandom(7);
    const below = (n: number) => Math.floor(random() * n);
    const someTokens = (n: number) => Array.from({ length: n }, () => below(256));
    const sequence = newSequence();
    let prompt = someTokens(250);
    let nShifted = 0;
    for (let round = 0; round < 25; round++) {
      const reuse = { ...edit, nRepairHead: below(2) * 16, nRepairTail: 1 + below(20) };
      const { logits, alignment } = await prefill(sequence, prompt, reuse);
      nShifted += alignment.nShifted;
      const expected = await prefill(newSequence(), prompt, fresh);
      if (sequence.nExact === sequence.length) {
        expect(relativeError([logits], [expected.logits])).toBeLessThan(1e-4);
      } else if (round % 3 === 0) {
        await heal(sequence);
        expect(sequence.nExact).toBe(sequence.length);
        const healed = await prefill(sequence, prompt, edit);
        expect(healed.alignment.nNew).toBe(1);
        expect(relativeError([healed.logits], [expected.logits])).toBeLessThan(1e-4);
      }
      const at = below(prompt.length);
      prompt = [...prompt.slice(0, at), ...someTokens(below(12)), ...prompt.slice(at + below(12))].slice(
        -300,
      );
    }
    expect(nShifted).toBeGreaterThan(500); // else nothing was tested
  });

  test('typing at the end is exact at every key', async () => {
    const sequence = newSequence();
    const prompt = Array.from({ length: 150 }, (_, i) => (i * 37) % 256);
    for (let key = 0; key < 12; key++) {
      prompt.push((key * 91) % 256);
      const { logits } = await prefill(sequence, prompt, edit);
      expect(sequence.nExact).toBe(sequence.length);
      expect(relativeError([logits], [(await prefill(newSequence(), prompt, fresh)).logits])).toBeLessThan(
        1e-4,
      );
    }
  });

  test('shifted keys of the first layer equal recomputed ones, also after 1,000 edits', async () => {
    const random = seededRandom(9);
    const tail = Array.from({ length: 120 }, () => Math.floor(random() * 256));
    const sequence = newSequence();
    let head = [1];
    await prefill(sequence, [...head, ...tail], edit);
    for (let round = 0; round < 1000; round++) {
      head = Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() * 256));
      // The rows move as a real edit moves them; only the passes over the new tokens are left out.
      const alignment = sequence.align(Int32Array.from([...head, ...tail]), edit);
      expect(alignment.nShifted + alignment.nKept).toBeGreaterThanOrEqual(tail.length - 1);
    }
    const recomputed = newSequence();
    await prefill(recomputed, [...head, ...tail], fresh);
    const [from, to] = [head.length, head.length + tail.length - 1];
    expect(relativeError(keyRows(sequence, 0, from, to), keyRows(recomputed, 0, from, to))).toBeLessThan(
      1e-5,
    );
  });

  test('borrowed rows: layer-0 keys as computed in place, and exact after healing', async () => {
    const chunk = Array.from({ length: 90 }, (_, i) => (i * 71 + 5) % 256);
    const lender = newSequence();
    await prefill(lender, [1, 2, 3, ...chunk, 4], edit);
    await prefill(lender, [1, 2, 9, 9, 3, ...chunk, 4], edit); // its own rows were moved already
    const sequence = newSequence();
    const prompt = [...Array.from({ length: 40 }, (_, i) => 200 + (i % 50)), ...chunk, 7, 8];
    const { alignment } = await lm.prefill(sequence, Int32Array.from(prompt), live, edit, [lender]);
    expect(alignment).toMatchObject({ nKept: 0, nShifted: 90 });
    const fresh0 = newSequence();
    const expected = await prefill(fresh0, prompt, fresh);
    expect(relativeError(keyRows(sequence, 0, 40, 130), keyRows(fresh0, 0, 40, 130))).toBeLessThan(1e-5);
    await heal(sequence);
    const healed = await prefill(sequence, prompt, edit);
    expect(relativeError([healed.logits], [expected.logits])).toBeLessThan(1e-4);
  });

  test('rows moved away and back are the same numbers', async () => {
    const sequence = newSequence();
    const tail = Array.from({ length: 100 }, (_, i) => (i * 53) % 256);
    await prefill(sequence, [7, ...tail], edit);
    const before = keyRows(sequence, 1, 1, 100);
    sequence.align(Int32Array.from([7, 8, 9, 10, ...tail]), edit);
    sequence.align(Int32Array.from([7, ...tail]), edit);
    expect(keyRows(sequence, 1, 1, 100)).toEqual(before);
  });
});

test('moveRows carries overlapping rows in both directions', () => {
  const config = {
    nLayer: 1,
    nKvHead: 1,
    headDim: 2,
    ropeTheta: 10000,
    ropeScaling: { kind: 'none' },
  } as const;
  const arena = new KvArena(config, 10);
  arena.values[0]?.set(Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)));
  moveRows({ arena, shifts: new Int32Array(10) }, [
    { oldStart: 0, newStart: 0, length: 1 },
    { oldStart: 2, newStart: 1, length: 3 },
    { oldStart: 5, newStart: 6, length: 4 },
  ]);
  const rows = Array.from({ length: 10 }, (_, row) => arena.values[0]?.[2 * row]);
  expect(rows).toEqual([0, 2, 3, 4, 4, 5, 5, 6, 7, 8]);
});
