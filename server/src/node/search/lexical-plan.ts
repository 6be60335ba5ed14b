/** lexicalPlan: which of a query's words are looked up in FTS5, and how, so that a search of a million chunks stays short. */

// To tell that a chunk holds a word costs FTS5 some 0.05 µs, to score it by BM25 twenty times as much, and
// an OR scores every chunk that holds any of the words. So rare words are asked for alone, and common ones
// together: a chunk must hold two of them, or three, until few enough are left. On 124,000 chunks of 18
// repositories (232 sentences of documentation) that reaches with 500 scored chunks a query, 1 in 250,
// what rarest words alone do not with 800: the function is among the first 100 for 57 % against 36 %
// (all words, 64,000 scored: 71 %), and MRR@10 of the fused ranking is 0.493 against 0.462 (0.507).

import { stemOf } from '../../engine/search/stem.ts';

export interface LexicalPlan {
  /** Expressions of FTS5; the best of what any of them finds is the answer. Empty: no words. */
  readonly matches: readonly string[];
  /** Chunks that each of them may score, after any filter. */
  readonly maxRows: number;
}

/** Chunks scored for one query, 1 to 1.5 µs each. */
const maxScored = 8_000;

/** Of what is expected, since an expectation errs; what comes after these is not seen. */
const scoredLeeway = 1.5;

/** Places in lists of chunks that are passed over while common words are looked up together. */
const maxPassed = 400_000;

/** FTS5 parses a query of thousands of words slowly, and the rarest few decide. */
const maxWords = 48;

/** Of the common words, the rarest this many are asked for together, in this many ways. */
const maxCommonWords = 6;
const maxSets = 6;
const largestSet = 4;

/** Words of one query are in the same chunk more often than chance has it; about this much more. */
const attraction = 3;

/** A filter leaves fewer chunks to be scored, so more may be looked at; at most this many times. */
const maxWidening = 10;

export interface PlanInput {
  /** Split, lower-cased. */
  readonly words: readonly string[];
  /** Chunks that hold a word, or a little more. */
  readonly countOf: (word: string) => number;
  readonly nChunks: number;
  /** Of all files, those that a filter lets through, 0 to 1. */
  readonly share: number;
}

interface CountedWord {
  /** As FTS5 reads it. */
  readonly term: string;
  readonly count: number;
}

export function lexicalPlan({ words, countOf, nChunks, share }: PlanInput): LexicalPlan {
  const widening = Math.min(maxWidening, 1 / Math.max(share, 1 / maxWidening));
  const budget = maxScored * widening;
  const maxRows = Math.round(maxScored * scoredLeeway); // those that pass the filter
  const counted = distinct(words, countOf);
  const [rarest] = counted;
  if (!rarest) return { matches: [], maxRows };
  const total = counted.reduce((sum, { count }) => sum + count, 0);
  if (total <= budget) return { matches: [counted.map(({ term }) => term).join(' OR ')], maxRows };
  // Half is left to the common words, unless there is but one, which has nothing to go together with.
  const rare = whileFits(counted, budget / 2);
  const nScored = rare.reduce((sum, { count }) => sum + count, 0);
  const common = counted.slice(rare.length, rare.length + maxCommonWords);
  const together = setsOf(common, budget - nScored, nChunks).map((terms) => `(${terms.join(' AND ')})`);
  const terms = [...rare.map(({ term }) => term), ...together];
  if (terms.length > 0) return { matches: [terms.join(' OR ')], maxRows };
  // One common word: what is called by it, then whatever holds it.
  return { matches: [`{name}: ${rarest.term}`, rarest.term], maxRows };
}

/** By stem, rarest first. */
function distinct(words: readonly string[], countOf: (word: string) => number): CountedWord[] {
  const byStem = new Map<string, CountedWord>();
  for (const word of words) {
    const plain = word.replace(/["\0]/g, '');
    const stem = stemOf(plain);
    if (plain !== '' && !byStem.has(stem)) byStem.set(stem, { term: `"${plain}"`, count: countOf(plain) });
  }
  return [...byStem.values()].sort((a, b) => a.count - b.count).slice(0, maxWords);
}

/** The first of `words` that together are in at most `nRows` chunks. */
function whileFits(words: readonly CountedWord[], nRows: number): readonly CountedWord[] {
  let sum = 0;
  const end = words.findIndex(({ count }) => {
    sum += count;
    return sum > nRows;
  });
  return end < 0 ? words : words.slice(0, end);
}

/**
 * Sets of `common`, which is sorted, that are expected to leave at most `nRows` chunks in all: pairs, or
 * more words where pairs leave too many; one set at least where there are two words.
 */
function setsOf(common: readonly CountedWord[], nRows: number, nChunks: number): string[][] {
  for (let size = Math.min(2, common.length); size >= 2 && size <= largestSet; size++) {
    const sets = combinations(common, size)
      .map((words) => ({ words, expected: expectedRows(words, nChunks) }))
      .sort((a, b) => a.expected - b.expected);
    const isLast = size === Math.min(largestSet, common.length);
    if ((sets[0]?.expected ?? 0) > nRows && !isLast) continue;
    let [rows, passed] = [0, 0];
    const chosen = sets.slice(0, maxSets).filter(({ words, expected }, index) => {
      rows += expected;
      passed += words.reduce((sum, { count }) => sum + count, 0);
      return index === 0 || (rows <= nRows && passed <= maxPassed);
    });
    return chosen.map(({ words }) => words.map(({ term }) => term));
  }
  return [];
}

function expectedRows(words: readonly CountedWord[], nChunks: number): number {
  const [rarest, ...others] = words as readonly [CountedWord, ...CountedWord[]];
  return others.reduce(
    (rows, { count }) => rows * Math.min(1, (attraction * count) / Math.max(1, nChunks)),
    rarest.count,
  );
}

function combinations<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) =>
    combinations(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]),
  );
}
