/** fuse: two rankings of chunks, by words and by meaning, made one. */

// Scores are made comparable and added, which keeps how clear a lead is; ranks alone (RRF) gained less
// (docs/search-encoder.md, "Fusion"). Both scores are per query: BM25 has no upper end, and the cosine of
// a good hit depends on how long the query is.

import type { StoreHit } from './store.ts';

/**
 * The share of meaning, 0 to 1; the rest is words'. Chosen on four development repositories (215 queries,
 * MRR@10): 0.603 to 0.620 anywhere from 0.6 to 0.7 with the name's weight (rank.ts) from 0.2 to 0.5.
 */
export const semanticShare = 0.65;

/** Key → score of every chunk in either list, at most 1. Lists are best first; an empty one says nothing. */
export function fuse(
  lexical: readonly StoreHit[],
  semantic: readonly StoreHit[],
  share = semanticShare,
): Map<number, number> {
  const scores = new Map<number, number>();
  const add = (hits: readonly StoreHit[], weight: number) => {
    const best = hits[0]?.score ?? 0;
    const floor = hits.length > 1 ? (hits.at(-1)?.score ?? 0) : 0;
    for (const { key, score } of hits) {
      const scaled = best > floor ? (score - floor) / (best - floor) : 1;
      scores.set(key, (scores.get(key) ?? 0) + weight * scaled);
    }
  };
  add(lexical, 1 - share);
  add(semantic, share);
  return scores;
}
