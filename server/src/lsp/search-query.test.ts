/** toSearchQuery and filePathOf: what clients may send, and what comes of nonsense. */
import { expect, test } from 'vitest';
import { filePathOf } from './file-path.ts';
import { toSearchQuery } from './search-query.ts';

test('a query is passed on, its limit held within bounds', () => {
  const params = { searchId: 3, query: 'open file', limit: 1e9 };
  expect(toSearchQuery(params, ['/w/a.ts'])).toEqual({
    searchId: 3,
    query: 'open file',
    limit: 500,
    openPaths: ['/w/a.ts'],
  });
  expect(toSearchQuery({ query: '', limit: -1 }, [])).toMatchObject({ searchId: 0, query: '', limit: 1 });
  expect(toSearchQuery({ query: 'x', limit: 'many' }, [])).toMatchObject({ limit: 50 });
});

test('a query of any length is answered', () => {
  const query = toSearchQuery({ query: 'word '.repeat(100_000), limit: 5 }, []);
  expect(query).toMatchObject({ limit: 5 });
  expect((query as { query: string }).query.length).toBe(20_000);
});

test('similar code keeps its place when it has one', () => {
  const similarTo = { text: 'f();', uri: 'file:///w/a%20b.ts', line: 4 };
  expect(toSearchQuery({ similarTo, limit: 5 }, [])).toMatchObject({
    similarTo: { text: 'f();', path: '/w/a b.ts', line: 4 },
  });
  expect(toSearchQuery({ similarTo: { text: 'f();', uri: 'untitled:1', line: -1 } }, [])).toMatchObject({
    similarTo: { text: 'f();' },
  });
});

test.each([
  [undefined, /query/],
  [null, /query/],
  ['words', /query/],
  [{}, /query/],
  [{ query: 7 }, /query/],
  [{ similarTo: {} }, /code must be given/],
  [{ similarTo: null }, /code must be given/],
  [{ similarTo: { text: ' \n' } }, /code must be given/],
])('%j is told what is missing', (params, sentence) => {
  expect(toSearchQuery(params, [])).toMatch(sentence);
});

test.each([
  ['file:///w/src/a.ts', '/w/src/a.ts'],
  ['file:///w/', '/w'],
  ['file:///w/%E6%96%87.ts', '/w/文.ts'],
  ['untitled:Untitled-1', undefined],
  ['file://server/share', undefined],
  ['file:///%', undefined],
  [undefined, undefined],
  [7, undefined],
])('the path of %s', (uri, path) => expect(filePathOf(uri)).toBe(path));
