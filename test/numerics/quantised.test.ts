/** Each 8- and 4-bit format computes what its own dequantised weights say, no more wrong than that. */

import { describe, expect, test } from 'vitest';
import type { TinyModelOptions } from '../fixtures/tiny-model.ts';
import { loadTiny, range, relativeError, someTokens } from './loaded-model.ts';

const cases: [name: string, options: TinyModelOptions][] = [
  ['Llama, tied', { dModel: 96, dFfn: 256, nHead: 6 }], // 96: blocks of 32
  ['Qwen2, untied', { architecture: 'qwen2', tied: false, dModel: 128, dFfn: 256, nHead: 8, seed: 2 }],
];

/** A token whose activations all round alike in float32 and float64: half of them at least. */
const sameRounding = 1e-5;
/**
 * A token where one does not: a step is 1/127 of the largest activation of its token (or block), and
 * later tokens attend to it. (The formats themselves are 2e-2 and, in 4 bits, 2e-1 from fp32 here.)
 */
const otherRounding = 3e-2;

describe.each(cases)('%s', (_name, options) => {
  // The reference quantises weights and activations as the format does.
  test.each(['int8', 'int8-block', 'int4'] as const)('%s', async (format) => {
    const tiny = await loadTiny(options, format);
    const tokens = someTokens(24);
    const expected = tiny.reference.logits({ tokens });
    const errors = (logits: Float32Array[]) =>
      logits.map((row, i) => relativeError([row], [expected[i]!])).sort((a, b) => a - b);

    const whole = errors(await tiny.run({ arena: tiny.newArena(), tokens, start: 0, logitsOf: range(24) }));
    expect(whole[11]).toBeLessThan(sameRounding);
    expect(whole[23]).toBeLessThan(otherRounding);

    const arena = tiny.newArena();
    const stepped: Float32Array[] = [];
    for (const [start, token] of tokens.entries()) {
      stepped.push(...(await tiny.run({ arena, tokens: [token], start, logitsOf: [0] })));
    }
    expect(errors(stepped)[11]).toBeLessThan(sameRounding);
    expect(errors(stepped)[23]).toBeLessThan(otherRounding);
    await tiny.close();
  });
});
