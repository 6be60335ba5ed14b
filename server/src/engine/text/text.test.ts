/** Text: edits and line starts against the obvious definitions. */
import { expect, test } from 'vitest';
import { StringEdit } from './edit.ts';
import { LineIndex } from './line-index.ts';

test.each([
  ['', 'abc'],
  ['abc', ''],
  ['aaaa', 'aa'],
  ['foo(bar)', 'foo(baz, bar)'],
  ['x\r\ny', 'x\ny'],
])('the edit between %j and %j turns one into the other', (before, after) => {
  expect(StringEdit.between(before, after)?.apply(before)).toBe(after);
});

test('equal texts have no edit between them', () => {
  expect(StringEdit.between('same', 'same')).toBeUndefined();
});

test('lines end at \\n, \\r\\n and a lone \\r', () => {
  const index = new LineIndex('a\r\nbc\rd\n');
  expect(index.count).toBe(4);
  expect([0, 1, 2, 3].map((line) => index.textOf(line))).toEqual(['a', 'bc', 'd', '']);
  expect([0, 1, 3, 4, 6, 8].map((offset) => index.lineAt(offset))).toEqual([0, 0, 1, 1, 2, 3]);
  expect(index.startOf(99)).toBe(8);
});
