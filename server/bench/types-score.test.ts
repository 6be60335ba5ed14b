/** Tests of the measures: tokens, identifiers, and where a function ends. */

import { expect, test } from 'vitest';
import { firstStatement, functionEnd, scoresOf, tokensOf } from './types-score.ts';

test('tokens leave out comments and white space', () => {
  expect(tokensOf('a?.b // c\n + "d e"', 'typescript')).toEqual(['a', '?.', 'b', '+', '"d e"']);
  expect(tokensOf('a.b # c\nd', 'python')).toEqual(['a', '.', 'b', 'd']);
});

test('scores by the definitions', () => {
  const truth = 'size + this.count;';
  expect(scoresOf(truth, truth, 'typescript')).toEqual({ nextIdentifier: 1, identifiers: 1, prefix: 1 });
  expect(scoresOf('size - this.other;', truth, 'typescript')).toEqual({
    nextIdentifier: 1,
    identifiers: 1 / 2,
    prefix: 1 / 6,
  });
  expect(scoresOf('length', truth, 'typescript')).toEqual({ nextIdentifier: 0, identifiers: 0, prefix: 0 });
  expect(scoresOf('', truth, 'typescript').nextIdentifier).toBe(0);
});

test('a function ends at a brace of its own, or where Python stands further left', () => {
  expect(functionEnd('a({ b: "}" });\n}\nmore', 'typescript', 2)).toBe(15);
  expect(functionEnd('a({', 'typescript', 2)).toBeUndefined();
  const python = 'a(\n1)\n    b\n\n  # c\ndef d():';
  expect(python.slice(0, functionEnd(python, 'python', 4))).toBe('a(\n1)\n    b\n\n  # c');
});

test('the rest of a statement goes on while a bracket is open', () => {
  expect(firstStatement('a(\n b)\nc')).toBe('a(\n b)');
  expect(firstStatement('a)\nb')).toBe('a)');
});
