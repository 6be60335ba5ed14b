/** SegmentTokenizer: the fast path gives what the slow one gives, whatever the text and the tokenizer. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { preTokenizers, tinyBpe } from '../testing/tiny-bpe.ts';
import { seededRandom } from '../testing/tiny-model.ts';
import { cut, SegmentTokenizer } from './retokenize.ts';
import { Tokenizer } from './tokenizer.ts';

const sample = 'if (a) {\n    return foo(b);\n  \n}\r\n\r\n\tx = [1, 2];\n# café 日本\n'.repeat(4);
const words = [
  'foo',
  'bar',
  ' ',
  '  ',
  '    ',
  '\t',
  '\n',
  '\n',
  '\r\n',
  '\r',
  '{',
  '}',
  ');',
  '"',
  "'s",
  '123',
  '_',
  '#',
  '日本',
  'é',
  'e\u0301',
  '🙂',
  '👨‍👩‍👧',
  '\ud800',
  '\udc00',
  '\u00a0',
  '\f',
  '\v',
  '\u2028',
  '\ufeff',
  '\u0085',
  '\u0000',
  'x'.repeat(300),
  '<fim_middle>',
];

function randomText(random: () => number, nWords: number): string {
  return Array.from({ length: nWords }, () => words[Math.floor(random() * words.length)]).join('');
}

function checkSpans(segments: SegmentTokenizer, text: string): void {
  const { ids, ends } = segments.spans(text);
  expect([...ids]).toEqual([...segments.tokenizer.encode(text)]);
  expect(ends.at(-1) ?? 0).toBe(text.length);
  const clean = text.replace(/\p{Surrogate}/gu, '\ufffd');
  const encoder = new TextEncoder();
  let sizeBytes = 0;
  let previous = 0;
  const wrong = [...ids].filter((id, i) => {
    sizeBytes += segments.tokenizer.bytesOf(id).length;
    const end = ends[i] as number;
    const before = encoder.encode(clean.slice(0, end)).length;
    const next = before + encoder.encode(String.fromCodePoint(clean.codePointAt(end) ?? 0)).length;
    const isRight = before <= sizeBytes && sizeBytes < next && end >= previous;
    previous = end;
    return !isRight;
  });
  expect(wrong).toEqual([]);
}

describe('SegmentTokenizer', () => {
  test.each(Object.keys(preTokenizers) as (keyof typeof preTokenizers)[])(
    'equals whole-text encoding: %s',
    (name) => {
      const segments = new SegmentTokenizer(
        Tokenizer.parse(tinyBpe(sample, { preTokenizer: name, nMerges: 120 })),
      );
      const random = seededRandom(7);
      for (let i = 0; i < 120; i++) {
        const text = randomText(random, 1 + Math.floor(random() * 60));
        expect([...segments.encode(text)], JSON.stringify(text)).toEqual([
          ...segments.tokenizer.encode(text),
        ]);
      }
      for (let i = 0; i < 25; i++) checkSpans(segments, randomText(random, 30));
    },
  );

  test('finds the rule that fits each way of splitting', () => {
    const ruleOf = (preTokenizer: keyof typeof preTokenizers) =>
      new SegmentTokenizer(Tokenizer.parse(tinyBpe(sample, { preTokenizer, nMerges: 0 }))).rule;
    expect(ruleOf('gpt2')).toBe('before-newlines');
    expect(ruleOf('starcoder')).toBe('before-newlines');
    expect(ruleOf('stet')).toBe('before-newlines');
    expect(ruleOf('qwen')).toBe('after-newlines');
    expect(ruleOf('whole')).toBe('none');
  });

  test('cuts where the rule says and nowhere else', () => {
    const text = 'a {  \r\n\n    b\n\u00a0c\n';
    expect(cut(text, 'before-newlines')).toEqual(['a {', '  \r\n\n    b\n\u00a0c', '\n']);
    expect(cut(text, 'after-newlines')).toEqual(['a {  \r\n\n', '    b\n\u00a0c\n']);
    expect(cut(text, 'none')).toEqual([text]);
    expect(cut('', 'none')).toEqual([]);
    expect(cut('\n\n x', 'before-newlines')).toEqual(['\n\n x']);
  });

  test('only the edited segment is encoded again', () => {
    const tokenizer = Tokenizer.parse(tinyBpe(sample));
    const segments = new SegmentTokenizer(tokenizer);
    const text = Array.from({ length: 1000 }, (_, i) => `    const value${i} = compute(${i});`).join('\n');
    segments.encode(text);
    const encoded: string[] = [];
    const real = tokenizer.encode.bind(tokenizer);
    tokenizer.encode = (part) => {
      encoded.push(part);
      return real(part);
    };
    const edited = text.replace('value500 ', 'value500x ');
    expect(segments.encode(edited)).toHaveLength(real(edited).length);
    expect(encoded).toEqual(['\n    const value500x = compute(500);']);
  });

  const own = new URL('../../../../model/tokenizer.json', import.meta.url);
  test.skipIf(!existsSync(own))('equals whole-text encoding: the embedded model', () => {
    const segments = new SegmentTokenizer(Tokenizer.parse(JSON.parse(readFileSync(own, 'utf8'))));
    expect(segments.rule).not.toBe('none');
    const random = seededRandom(11);
    for (let i = 0; i < 100; i++) {
      const text = randomText(random, 1 + Math.floor(random() * 60));
      expect([...segments.encode(text)], JSON.stringify(text)).toEqual([...segments.tokenizer.encode(text)]);
    }
    for (let i = 0; i < 20; i++) checkSpans(segments, randomText(random, 30));
  });
});
