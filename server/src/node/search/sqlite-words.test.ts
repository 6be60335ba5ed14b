/** SqliteWords: words are counted by the stems that FTS5 finds, and plans find what all words would. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { stemOf } from '../../engine/search/stem.ts';
import { lexicalWords } from '../../engine/search/words.ts';
import { lexicalPlan } from './lexical-plan.ts';
import { openSqlite } from './sqlite.ts';
import { WordCounts } from './word-counts.ts';

test('stems are those of FTS5, for every word of a dictionary’s worth of prose and code', async () => {
  const root = resolve(import.meta.dirname, '../../../..');
  const texts = ['docs/benchmarks.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/how-it-works.md'];
  const words = texts.flatMap((name) => lexicalWords(readFileSync(resolve(root, name), 'utf8')));
  const endings =
    'ational tional enci izer bli ization ator fulness biliti icate ical ement ion ies eed ing y e ll';
  const made = ['rel', 'tr', 'hop', 'adopt', 'conf', 'y', 'vowel'].flatMap((stem) =>
    endings.split(' ').map((ending) => stem + ending),
  );
  const distinct = [...new Set([...words, ...made])].filter((word) => /^[a-z0-9]+$/.test(word));
  expect(distinct.length).toBeGreaterThan(1500);
  const database = await openSqlite(':memory:', 'wasm');
  database.exec(`CREATE VIRTUAL TABLE t USING fts5(a, tokenize='porter unicode61');
    CREATE VIRTUAL TABLE v USING fts5vocab(t, instance); BEGIN`);
  const insert = database.prepare('INSERT INTO t(rowid, a) VALUES (?, ?)');
  for (const [i, word] of distinct.entries()) insert.run(i, word);
  database.exec('COMMIT');
  const rows = database.prepare('SELECT doc, term FROM v').all();
  const found = new Map(rows.map(({ doc, term }) => [distinct[doc as number], term]));
  database.close();
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(distinct.map((word) => [word, stemOf(word)])));
});

test('a word is counted once a chunk, by its stem, and uncounted again', () => {
  const counts = new WordCounts();
  counts.add(['returns', 'returned', 'cart']);
  counts.add(['return']);
  expect([counts.countOf('returning'), counts.countOf('cart')]).toEqual([2, 1]);
  counts.add(['return'], -1);
  const again = WordCounts.from(counts.bytes());
  expect([again.countOf('return'), again.countOf('cart')]).toEqual([1, 1]);
  again.add(['cart'], -1);
  again.add(['cart'], -1);
  expect(again.countOf('cart')).toBe(0);
  expect(WordCounts.from(new Uint8Array(3)).countOf('cart')).toBe(0);
});

const counts: Record<string, number> = {
  objectpattern: 40,
  merge: 3_000,
  regex: 30_000,
  node: 200_000,
  check: 150_000,
  given: 90_000,
  the: 800_000,
};
const planOf = (text: string, more: { nChunks?: number; share?: number } = {}) =>
  lexicalPlan({
    words: text.split(' ').filter(Boolean),
    countOf: (word) => counts[word] ?? 0,
    nChunks: 1_000_000,
    share: 1,
    ...more,
  });

test('rare words are asked for alone, common ones together, the commonest not at all', () => {
  expect(planOf('objectpattern merge').matches).toEqual(['"objectpattern" OR "merge"']);
  const [match, ...others] = planOf('check the given node objectpattern').matches;
  expect(others).toEqual([]);
  expect(match).toMatch(/^"objectpattern" OR \("given" AND /);
  expect(match).not.toMatch(/ OR "the"/);
});

test('one common word: names first, then whatever holds it', () => {
  expect(planOf('node').matches).toEqual(['{name}: "node"', '"node"']);
  expect(planOf('node nodes').matches).toEqual(['{name}: "node"', '"node"']); // nodes is node
});

test('a filter lets more be looked at; quotes and NUL are no syntax; nothing is nothing', () => {
  expect(planOf('merge regex').matches[0]).not.toMatch(/ OR "regex"/);
  expect(planOf('merge regex', { share: 0.05 }).matches).toEqual(['"merge" OR "regex"']);
  expect(planOf('a"b\0c').matches).toEqual(['"abc"']);
  expect(planOf('" \0').matches).toEqual([]);
});

test('plans of any words are short, and name each word that is rare', () => {
  const all = Object.keys(counts);
  for (let bits = 1; bits < 1 << all.length; bits++) {
    const words = all.filter((_, i) => bits & (1 << i));
    const { matches, maxRows } = planOf(words.join(' '));
    expect(matches.length).toBeGreaterThan(0);
    expect(matches.join('').length).toBeLessThan(600);
    if (words.includes('objectpattern')) expect(matches[0]).toContain('"objectpattern"');
    expect(maxRows).toBeLessThan(200_000);
  }
  expect(
    planOf(Array.from({ length: 5000 }, (_, i) => `word${i}`).join(' ')).matches[0]?.length,
  ).toBeLessThan(1000);
});
