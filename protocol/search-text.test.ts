/** searchText: what agents read. */
import { expect, test } from 'vitest';
import type { SearchResult } from './messages.ts';
import { searchText } from './search-text.ts';

const result = (text: string, name = 'f'): SearchResult => ({
  uri: 'file:///w/a.ts',
  path: 'a.ts',
  languageId: 'typescript',
  startLine: 0,
  endLine: 2,
  kind: 'function',
  name,
  text,
  score: 1,
});

test('place, kind, name, code', () => {
  expect(searchText({ results: [result('f();\n'), result('g();', '')] })).toBe(
    'a.ts:1-3 function f\n```typescript\nf();\n```\n\na.ts:1-3 function\n```typescript\ng();\n```',
  );
});

test('nothing found says so, and the note comes first', () => {
  expect(searchText({ results: [], note: 'The index is 40 % built.' })).toBe(
    'Note: The index is 40 % built.\n\nNo such code was found.',
  );
});

test('code that holds fences cannot end its own', () => {
  const lines = searchText({ results: [result('a\n````\nb')] }).split('\n');
  expect(lines[1]).toBe('`````typescript');
  expect(lines.at(-1)).toBe('`````');
});

test('long code is cut, with a word about it', () => {
  const text = searchText({ results: [result('x'.repeat(100_000))] });
  expect(text.length).toBeLessThan(5000);
  expect(text).toContain('(cut)');
});
