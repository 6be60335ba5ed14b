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
}

/**
 * What is added to a fused score (at most 1), each times a share in [0, 1]. Name: of the query's words
 * that are the name's, chosen on development repositories. Open and recent files: taken, not measured
 * (no benchmark knows what a person has open); so small that they decide between near equals only.
 */
const nameBoost = 0.1;
const openBoost = 0.02;
const recencyBoost = 0.02;

/** A file counts as recently changed for about this long. */
const recencyMs = 7 * 86_400_000;

/**
 * The mean of a function's chunks counts this much beside its best one (search by several vectors with
 * the maximum; SEA, arXiv 2208.11271, adds up its pieces instead, which favours what is long).
 */
const meanShare = 0.1;

/** The same, for queries that name what they look for: `parseConfig` is the name, not a description. */
const sameNameBoost = 0.3;

/** Best first; one chunk per function, one of several equal texts. Chunks without a score are last. */
export function rankChunks(
  scores: ReadonlyMap<number, number>,
  chunks: readonly StoredChunk[],
  query: string,
  context: RankingContext,
): ScoredChunk[] {
  const words = new Set(splitWords(query));
  const whole = splitWords(query).join('');
  const open = new Set(context.openPaths);
  const scored = chunks.map((chunk) => ({
    chunk,
    score:
      (scores.get(chunk.key) ?? 0) +
      nameScore(chunk.name, words, whole) +
      (open.has(chunk.path) ? openBoost : 0) +
      recencyBoost * Math.exp(-Math.max(0, context.nowMs - chunk.mtimeMs) / recencyMs),
  }));
  return distinct(bestOfSymbols(scored).sort((a, b) => b.score - a.score || a.chunk.key - b.chunk.key));
}

/** How much of the name the query says, by its last part (`replace` of `Store.replace`). */
function nameScore(name: string, words: ReadonlySet<string>, whole: string): number {
  if (words.size === 0 || name === '') return 0;
  const own = splitWords(name.slice(name.lastIndexOf('.') + 1));
  if (own.length === 0) return 0;
  const nShared = own.filter((word) => words.has(word)).length;
  return (nameBoost * nShared) / own.length + (own.join('') === whole ? sameNameBoost : 0);
}

/** One chunk for each symbol: its best, with a little of the others' mean. */
function bestOfSymbols(scored: readonly ScoredChunk[]): ScoredChunk[] {
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
