/** The texts of results and of the index. */
import { describe, expect, test } from 'vitest';
import type { IndexStatusParams, SearchResult } from '../../../protocol/messages.ts';
import {
  countLine,
  declarationLine,
  firstLineOf,
  groupByFile,
  iconOf,
  indexLine,
  percentOf,
  placeOf,
  titleOf,
  withoutIcons,
} from './result-lines.ts';

const result = (more: Partial<SearchResult> = {}): SearchResult => ({
  uri: 'file:///w/src/a.ts',
  path: 'src/a.ts',
  languageId: 'typescript',
  startLine: 11,
  endLine: 14,
  kind: 'method',
  name: 'Store.open',
  text: '/**\n * Opens it.\n */\nopen() {}',
  score: 1,
  ...more,
});

const status = (more: Partial<IndexStatusParams> = {}): IndexStatusParams => ({
  state: 'ready',
  nFiles: 1234,
  nFilesDone: 1234,
  nChunks: 5678,
  sizeBytes: 2_340_000,
  detail: '',
  ...more,
});

describe('results', () => {
  test('lines count from 1', () => expect(placeOf(result())).toBe('src/a.ts:12'));

  test('the title is the name, else the first line that says something, else the path', () => {
    expect(titleOf(result())).toBe('Store.open');
    expect(titleOf(result({ name: '' }))).toBe('* Opens it.');
    expect(titleOf(result({ name: '', text: '{\n}\n' }))).toBe('src/a.ts');
  });

  test('the first line is one line, whatever the text', () => {
    expect(firstLineOf(result({ text: '\n\n\tconst  a\t= 1;\r\nb' }))).toBe('const a = 1;');
    expect(firstLineOf(result({ text: 'x'.repeat(10_000) })).length).toBeLessThan(200);
    expect(firstLineOf(result({ text: '' }))).toBe('');
  });

  test('a documented function is shown by the line that declares it', () => {
    const text = '/** Opens the store, see open. */\n@memo\nexport function open(path: string) {\n}';
    expect(firstLineOf(result({ text, startLine: 9 }))).toBe('export function open(path: string) {');
    expect(declarationLine(result({ text, startLine: 9 }))).toBe(11);
    expect(declarationLine(result({ text: 'a();\nb();', name: '', startLine: 9 }))).toBe(9);
    expect(declarationLine(result({ text: '', name: 'gone', startLine: 9 }))).toBe(9);
  });

  test('a kind that is not known has an icon too', () => {
    expect(iconOf('function')).toBe('symbol-function');
    expect(iconOf('galaxy')).toBe('symbol-misc');
  });

  test('grouped by file, in the order of the best result of each', () => {
    const results = [result(), result({ uri: 'file:///w/b.ts' }), result({ startLine: 40 })];
    const groups = [...groupByFile(results)].map(([uri, { length }]) => [uri, length]);
    expect(groups).toEqual([
      ['file:///w/src/a.ts', 2],
      ['file:///w/b.ts', 1],
    ]);
    expect(countLine(results)).toBe('3 results in 2 files');
    expect(countLine([result()])).toBe('1 result in 1 file');
  });
});

test('what looks like an icon in code is escaped, and nothing else', () => {
  expect(withoutIcons('$(CC) -o $(out~x) $(MY_VAR) "$(dirname "$0")"')).toBe(
    '\\$(CC) -o \\$(out~x) $(MY_VAR) "$(dirname "$0")"',
  );
});

describe('the index', () => {
  test('each state has its line', () => {
    expect(indexLine(status())).toBe('1,234 files indexed (5,678 pieces of code, 2.3 MB)');
    expect(indexLine(status({ state: 'indexing', nFilesDone: 617 }))).toBe(
      'Indexing: 50 % (617 of 1,234 files)',
    );
    expect(indexLine(status({ state: 'paused', nFilesDone: 617 }))).toBe('Indexing is paused at 50 %');
    expect(indexLine(status({ state: 'error', detail: 'The disk is full.' }))).toBe('The disk is full.');
    expect(indexLine(status({ state: 'off' }))).not.toBe('');
    expect(indexLine(status({ state: 'starting' }))).not.toBe('');
  });

  test('percent: none when idle, never above 100, 0 before the files are counted', () => {
    expect(percentOf(status())).toBeUndefined();
    expect(percentOf(status({ state: 'indexing', nFiles: 0, nFilesDone: 0 }))).toBe(0);
    expect(percentOf(status({ state: 'indexing', nFiles: 10, nFilesDone: 12 }))).toBe(100);
  });
});
