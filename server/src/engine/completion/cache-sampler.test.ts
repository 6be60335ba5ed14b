/** The cache model in the product: what the document says wins over an unsure network, and an end stays an end. */

import { expect, test } from 'vitest';
import { certaintyBounds, matchBounds, nAgreement } from '../decoding/mix.ts';
import { tinyBpe } from '../testing/tiny-bpe.ts';
import { SegmentTokenizer } from '../tokens/retokenize.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';
import { cacheSamplerAt } from './cache-sampler.ts';

const line = 'const connection = openConnection(server, port);\n';
const tokenizer = Tokenizer.parse(tinyBpe(line.repeat(8), { nMerges: 120, preTokenizer: 'stet' }));
const segments = new SegmentTokenizer(tokenizer);
const end = tokenizer.nVocab;
const half = matchBounds.map(() => Array.from({ length: nAgreement }, () => certaintyBounds.map(() => 0.5)));

/** What is written when the network holds all of `logits`' tokens for equally likely, until it ends. */
function written(textBefore: string, textAfter: string, nTokens: number): string {
  const sampler = cacheSamplerAt({ textBefore, textAfter }, segments, half, (token) => token === end);
  const bytes: number[] = [];
  for (let i = 0; ; i++) {
    const logits = new Float32Array(end + 1);
    if (i === nTokens) logits[end] = 30;
    const token = sampler.pick(logits);
    if (token === end) return new TextDecoder().decode(Uint8Array.from(bytes));
    sampler.accept(token);
    bytes.push(...tokenizer.bytesOf(token));
  }
}

test('goes on as the document did before the cursor', () => {
  expect(written(`${line}foo();\nconst conn`, '', 8).startsWith('ection = ')).toBe(true);
});

test('and as it does behind the cursor', () => {
  expect(written('const conn', `\n${line}`, 8).startsWith('ection = ')).toBe(true);
});

test('finds what lies far outside of the network’s window, in time', () => {
  const filler = Array.from({ length: 2000 }, (_, i) => `value${i} = ${i * 7};\n`).join('');
  const text = `${line}${filler}const conn`;
  written(text, '', 1); // tokenised once
  const startMs = performance.now();
  expect(written(text, '', 8).startsWith('ection = ')).toBe(true);
  expect(performance.now() - startMs).toBeLessThan(300); // some 10 ms on a quiet machine
});

test('files of any size are cut to what is looked at', () => {
  const long = `${line}${'x = 1;\n'.repeat(40_000)}const conn`;
  expect(written(long, long, 2)).not.toBe(undefined);
});
