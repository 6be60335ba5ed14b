/** Words: the rule that the encoder was trained with, and what BM25 sees beside it. */
import { expect, test } from 'vitest';
import { lexicalWords, splitWords } from './words.ts';

test('identifiers are split at case changes, digits and everything that is no letter', () => {
  expect(splitWords('getHTTPServer_v2')).toEqual(['get', 'http', 'server', 'v', '2']);
  expect(splitWords('a.b(c, "d-e") // Foo99bar')).toEqual(['a', 'b', 'c', 'd', 'e', 'foo', '99', 'bar']);
  expect(splitWords('XMLHttpRequest IOError A ABC')).toEqual('xml http request io error a abc'.split(' '));
  expect(splitWords(' \t\n{}();_$')).toEqual([]);
});

test('letters beyond ASCII are small letters of their word and keep their case', () => {
  expect(splitWords('naïvely Ärger straßeGroß 文件名 x𝄞y')).toEqual([
    'naïvely',
    'Ärger',
    'straße',
    'groß',
    '文件名',
    'x𝄞y',
  ]);
});

test('long runs are data; characters are counted as code points', () => {
  expect(splitWords(`ok ${'x'.repeat(32)} ${'y'.repeat(33)}`)).toEqual(['ok', 'x'.repeat(32)]);
  expect(splitWords('𝄞'.repeat(32))).toHaveLength(1);
  expect(splitWords('𝄞'.repeat(33))).toEqual([]);
});

test('BM25 also sees the whole identifier, spelled one way', () => {
  expect(lexicalWords('parse_config(parseConfig, plain)')).toEqual(
    'parse config parseconfig parse config parseconfig plain'.split(' '),
  );
  expect(lexicalWords('$scope __init__ v2')).toEqual(['scope', 'init', 'v', '2', 'v2']);
});

test('an answer does not depend on what was asked before', () => {
  const texts = Array.from({ length: 300 }, (_, i) => `fooBar${i % 7} baz_${i % 5}qux`);
  const first = texts.map((text) => [splitWords(text), lexicalWords(text)]);
  expect([...texts].reverse().map((text) => [splitWords(text), lexicalWords(text)])).toEqual(first.reverse());
});

test('a long text without a word boundary is answered', () => {
  expect(splitWords('a'.repeat(1 << 18))).toEqual([]);
  expect(lexicalWords('aB'.repeat(1 << 17)).length).toBe(1 + (1 << 17));
});
