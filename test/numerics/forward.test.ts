/** The graph in fp32 computes what the plain float64 reference does, in every way it is asked. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KvOutputs } from '../../server/src/engine/model/graph.ts';
import type { TinyModelOptions } from '../fixtures/tiny-model.ts';
import { type LoadedTiny, loadTiny, range, relativeError, someTokens } from './loaded-model.ts';

const tolerance = 1e-4; // float32 sums of ~100 terms leave some 1e-6

const llama3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 64,
};

const cases: [name: string, options: TinyModelOptions, kvOutputs: KvOutputs][] = [
  ['Llama, tied, grouped heads', {}, 'in-place'],
  ['Llama, tied, grouped heads', {}, 'delta'],
  [
    'Llama, untied, a key per query, linear scaling',
    { tied: false, nKvHead: 4, ropeScaling: { type: 'linear', factor: 2 }, seed: 2 },
    'in-place',
  ],
  [
    'Llama, tied, wide heads, llama3 scaling',
    { headDim: 32, nHead: 6, nKvHead: 2, ropeScaling: llama3, seed: 3 },
    'in-place',
  ],
  ['Qwen2, tied', { architecture: 'qwen2', seed: 4 }, 'in-place'],
  [
    'Qwen2, untied, one key for all queries',
    { architecture: 'qwen2', tied: false, nKvHead: 1, seed: 5, nLayer: 3 },
    'delta',
  ],
];

describe.each(cases)('%s', (_name, options, kvOutputs) => {
  let tiny: LoadedTiny;
  beforeAll(async () => {
    tiny = await loadTiny(options, 'fp32', kvOutputs);
  });
  afterAll(() => tiny.close());

  const tokens = someTokens(24);

  test('prefill', async () => {
    const logits = await tiny.run({ arena: tiny.newArena(), tokens, start: 0, logitsOf: range(24) });
    expect(relativeError(logits, tiny.reference.logits({ tokens }))).toBeLessThan(tolerance);
  });

  test('token by token, and in uneven chunks', async () => {
    const expected = tiny.reference.logits({ tokens });
    for (const sizes of [range(24).map(() => 1), [5, 1, 11, 7], [23, 1]]) {
      const arena = tiny.newArena();
      const logits: Float32Array[] = [];
      let start = 0;
      for (const size of sizes) {
        const chunk = tokens.slice(start, start + size);
        logits.push(...(await tiny.run({ arena, tokens: chunk, start, logitsOf: range(size) })));
        start += size;
      }
      expect(relativeError(logits, expected)).toBeLessThan(tolerance);
    }
  });

  test('chosen logits, in the order asked', async () => {
    const all = tiny.reference.logits({ tokens });
    const logits = await tiny.run({ arena: tiny.newArena(), tokens, start: 0, logitsOf: [23, 4] });
    expect(relativeError(logits, [all[23]!, all[4]!])).toBeLessThan(tolerance);
  });

  test('two texts at once: prefill, then step by step', async () => {
    const texts = [tokens, someTokens(24, 3)];
    const expected = texts.map((text) => tiny.reference.logits({ tokens: text }));
    const arena = tiny.newArena(32, 2);
    const part = (from: number, to: number) => texts.flatMap((text) => text.slice(from, to));
    const first = await tiny.run({ arena, tokens: part(0, 20), start: 0, logitsOf: range(20) });
    expect(
      relativeError(
        first,
        expected.flatMap((rows) => rows.slice(0, 20)),
      ),
    ).toBeLessThan(tolerance);
    for (let start = 20; start < 24; start++) {
      const step = await tiny.run({ arena, tokens: part(start, start + 1), start, logitsOf: [0] });
      expect(
        relativeError(
          step,
          expected.map((rows) => rows[start]!),
        ),
      ).toBeLessThan(tolerance);
    }
  });

  test('positions that jump and repeat', async () => {
    const positions = tokens.map((_, i) => (i < 10 ? i : (i * 37) % 400));
    const expected = tiny.reference.logits({ tokens, positions });
    const arena = tiny.newArena();
    const whole = await tiny.run({ arena, tokens, start: 0, positions, logitsOf: range(24) });
    expect(relativeError(whole, expected)).toBeLessThan(tolerance);
    const last = { arena, tokens: tokens.slice(20), start: 20, positions: positions.slice(20) };
    expect(relativeError(await tiny.run({ ...last, logitsOf: range(4) }), expected.slice(20))).toBeLessThan(
      tolerance,
    );
  });

  test('a draft tree and a hidden row', async () => {
    // Rows 0-15 are text, of which row 7 is hidden; 16-20 are a tree: 16 → 17 → 18, 16 → 19, 19 → 20.
    const parents = [-1, 0, 1, 0, 3];
    const isAncestor = (node: number, of: number): boolean =>
      of >= 0 && (node === of || isAncestor(node, parents[of]!));
    const canSee = (i: number, j: number) =>
      i < 16 ? j <= i : j < 16 ? j !== 7 : isAncestor(j - 16, i - 16);
    const depth = [0, 1, 2, 1, 2];
    const positions = [...range(16), ...depth.map((d) => 16 + d)];
    const all = tokens.slice(0, 21);
    const expected = tiny.reference.logits({ tokens: all, positions, canSee }).slice(16);
    const arena = tiny.newArena();
    await tiny.run({ arena, tokens: all.slice(0, 16), start: 0, logitsOf: [15] });
    const attentionBias = Float32Array.from({ length: 5 * 21 }, (_, n) =>
      canSee(16 + Math.floor(n / 21), n % 21) ? 0 : -1e9,
    );
    const request = {
      arena,
      tokens: all.slice(16),
      start: 16,
      positions: positions.slice(16),
      attentionBias,
    };
    expect(relativeError(await tiny.run({ ...request, logitsOf: range(5) }), expected)).toBeLessThan(
      tolerance,
    );
  });
});
