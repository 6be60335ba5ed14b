/** The cache model in the product: what the document says wins over an unsure network, and an end stays an end. */

import { expect, test } from 'vitest';
import { certaintyBounds, matchBounds, nAgreement } from '../decoding/mix.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { tinyBpe } from '../testing/tiny-bpe.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { SegmentTokenizer } from '../tokens/retokenize.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';
import { CacheSamplers } from './cache-sampler.ts';

const line = 'const connection = openConnection(server, port);\n';
const tokenizer = Tokenizer.parse(tinyBpe(line.repeat(8), { nMerges: 120, preTokenizer: 'stet' }));
const end = tokenizer.nVocab;
const half = [...matchBounds, ...matchBounds].map(() =>
  Array.from({ length: nAgreement }, () => certaintyBounds.map(() => 0.5)),
);

const samplers = new CacheSamplers(new SegmentTokenizer(tokenizer), half, new FakeClock());
const open = (text: string) => new DocumentSnapshot('file:///other.ts', 'typescript', 1, text);

/** What is written when the network holds all of `logits`' tokens for equally likely, until it ends. */
function written(
  textBefore: string,
  textAfter: string,
  nTokens: number,
  others: DocumentSnapshot[] = [],
): string {
  const { sampler } = samplers.at({ textBefore, textAfter }, others, (token) => token === end);
  const bytes: number[] = [];
  for (let i = 0; ; i++) {
    const logits = new Float32Array(end + 1);
    if (i >= nTokens) logits[end] = 30;
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

test('and as other open documents do, the nearest text first', () => {
  expect(written('const conn', '', 8, [open(line)]).startsWith('ection = ')).toBe(true);
  const text = written(`${line}const conn`, '', 8, [open('const connect;\n')]);
  expect(text.startsWith('ection = ')).toBe(true);
});

test('documents that are too large together are left out, the one touched last stays', () => {
  const large = open(`${line}${'x = 1;\n'.repeat(14_000)}`);
  expect(written('const conn', '', 8, [open(line), large]).startsWith('ection = ')).toBe(true);
  expect(written('const conn', '', 8, [large, open('y;')]).startsWith('ection = ')).toBe(true);
  expect(written('const conn', '', 8, [open('z = 2;\n'.repeat(900)), large]).startsWith('ection = ')).toBe(
    false,
  );
});

test('line ends are read as the prompt reads them', () => {
  const text = written(`a;\r\n${line.trim()}\r\nclose();\r\n${line.trim()}`, '', 9);
  expect(text.startsWith('\nclose')).toBe(true);
});

test('warming changes no answer', async () => {
  await samplers.warm(open(`${line}${'x = 1;\n'.repeat(3000)}`));
  await samplers.warm(open('x'.repeat(50_000)));
  await samplers.warm(open(''));
  expect(written('const conn', `\n${line}`, 8).startsWith('ection = ')).toBe(true);
});

test('finds what lies far outside of the network’s window', () => {
  const filler = Array.from({ length: 2000 }, (_, i) => `value${i} = ${i * 7};\n`).join('');
  const text = `${line}${filler}const conn`;
  expect(written(text, '', 8).startsWith('ection = ')).toBe(true);
});

test('files of any size are cut to what is looked at', () => {
  const long = `${line}${'x = 1;\n'.repeat(40_000)}const conn`;
  expect(written(long, long, 2)).not.toBe(undefined);
});
