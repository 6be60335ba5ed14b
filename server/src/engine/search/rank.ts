/** rankChunks: fused scores, with what is known of each chunk, made the order that is shown. */

import type { StoredChunk } from './store.ts';
import { splitWords } from './words.ts';

export interface ScoredChunk {
  readonly chunk: StoredChunk;
  /** Higher is better; comparable within one search only. */
  readonly score: number;
}

export interface RankingContext {
  readonly nowMs: number;
  readonly openPaths: readonly string[];
  /** {@link defaultRanking} when absent; the bench tries others. */
  readonly ranking?: RankingWeights;
}

/** What is added to a fused score (at most 1), each times a share in [0, 1]. */
export interface RankingWeights {
  /** Of the name's words, the query's share: chosen on development repositories (docs/benchmarks.md, "search"). */
  readonly name: number;
  /** The query is the name: `parseConfig` is what is looked for, not a description of it. */
  readonly sameName: number;
  /**
   * Open and recently changed files: taken, not measured, since no benchmark knows what a person works
   * on; so small that they decide between near equals only.
   */
  readonly open: number;
  readonly recency: number;
  /**
   * A function counts as its best chunk, with this share of its chunks' mean: many vectors and their
   * maximum, where SEA (arXiv 2208.11271) adds its pieces up, which favours what is long.
   */
  readonly mean: number;
}

export const defaultRanking: RankingWeights = {
  name: 0.35,
  sameName: 0.3,
  open: 0.02,
  recency: 0.02,
  mean: 0.1,
};

/** A file counts as recently changed for about this long. */
const recencyMs = 7 * 86_400_000;

/** Best first; one chunk per function, one of several equal texts. Chunks without a score are last. */
export function rankChunks(
  scores: ReadonlyMap<number, number>,
  chunks: readonly StoredChunk[],
  query: string,
  context: RankingContext,
): ScoredChunk[] {
  const words = new Set(splitWords(query).map(stemOf));
  const whole = splitWords(query).join('');
  const open = new Set(context.openPaths);
  const weights = context.ranking ?? defaultRanking;
  const scored = chunks.map((chunk) => ({
    chunk,
    score:
      (scores.get(chunk.key) ?? 0) +
      nameScore(chunk.name, words, whole, weights) +
      (open.has(chunk.path) ? weights.open : 0) +
      weights.recency * Math.exp(-Math.max(0, context.nowMs - chunk.mtimeMs) / recencyMs),
  }));
  return distinct(
    bestOfSymbols(scored, weights.mean).sort((a, b) => b.score - a.score || a.chunk.key - b.chunk.key),
  );
}

/** How much of the name the query says, by its last part (`replace` of `Store.replace`). */
function nameScore(name: string, words: ReadonlySet<string>, whole: string, weights: RankingWeights): number {
  if (words.size === 0 || name === '') return 0;
  const own = splitWords(name.slice(name.lastIndexOf('.') + 1));
  if (own.length === 0) return 0;
  const nShared = own.filter((word) => words.has(stemOf(word))).length;
  return (weights.name * nShared) / own.length + (own.join('') === whole ? weights.sameName : 0);
}

/** `removes`, `removed`, `removing` and `remove` are one word; coarse, as only names are compared by it. */
const stemOf = (word: string) => (word.length > 4 ? word.replace(/(?:ies|ing|ed|es|s|e|y)$/, '') : word);

/** One chunk for each symbol: its best, with a little of the others' mean. */
function bestOfSymbols(scored: readonly ScoredChunk[], meanShare: number): ScoredChunk[] {
  const groups = new Map<string, ScoredChunk[]>();
  for (const one of scored) {
    const { chunk } = one;
    const isPart = chunk.name !== '' && (chunk.kind === 'function' || chunk.kind === 'method');
    const group = isPart ? `${chunk.path}\n${chunk.header}\n${chunk.name}` : `${chunk.key}`;
    groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const best = group.reduce((a, b) => (b.score > a.score ? b : a));
    const mean = group.reduce((sum, { score }) => sum + score, 0) / group.length;
    return { chunk: best.chunk, score: (1 - meanShare) * best.score + meanShare * mean };
  });
}

/** Without those whose text, blanks aside, stands further up. */
function distinct(scored: readonly ScoredChunk[]): ScoredChunk[] {
  const seen = new Set<string>();
  return scored.filter(({ chunk }) => {
    const text = chunk.text.replace(/\s+/g, '');
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}
