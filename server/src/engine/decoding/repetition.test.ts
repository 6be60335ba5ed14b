/** Repetition: loops by the letter and by the kind of statement, and what only looks like one. */

import { describe, expect, test } from 'vitest';
import { repeatedLine, repeatedPhrase, shapeRepeats } from './repetition.ts';

const lines = (text: string) => text.split('\n');

describe('statements of one kind in a row', () => {
  test.each([
    ['calls', 'foo.a(one);\nfoo.b(two);\nfoo.c(three);', [0, 1, 2]],
    ['with other texts and numbers', 'insert("a", 1);\ninsert("bb", 22);\ninsert(\'c"\', 3);', [0, 1, 2]],
    [
      'two by two',
      'a.open(x);\nb = a.size;\nc.open(y);\nd = c.size;\ne.open(z);\nf = e.size;',
      [0, 0, 0, 1, 1, 2],
    ],
    ['others in between', 'foo.a(one);\nreturn;\nfoo.b(two);\nfoo.c(three);', [0, 0, 0, 1]],
    ['entries of a list', '{ aaa: 111 },\n{ bbb: 222 },\n{ ccc: 333 },', [0, 0, 0]],
    ['imports', "import a from 'a';\nimport b from 'b';\nimport c from 'c';", [0, 0, 0]],
    ['closing brackets', '});\n});\n});', [0, 0, 0]],
    ['blank lines', '\n\n\n', [0, 0, 0, 0]],
  ])('%s', (_, text, repeats) => expect(shapeRepeats(lines(text))).toEqual(repeats));
});

test('the same lines again are cut at the first repeat', () => {
  expect(repeatedLine(lines('foo(a);\nbar(b);\nfoo(a);\nbar(b);'))).toBe(2);
});

test('a phrase that goes round in circles is cut behind its first turn, a row of like values is not', () => {
  const loop = `for (let i = 0; i < ${'0; i < '.repeat(8)}`;
  expect(loop.slice(0, repeatedPhrase(loop))).toBe('for (let i = 0; i <');
  expect(repeatedPhrase('return [0, 0, 0, 0, 0, 0, 0, 0, 0];')).toBeUndefined();
  expect(repeatedPhrase('const f = (x) => x.a.b.c.d.e;')).toBeUndefined();
});
