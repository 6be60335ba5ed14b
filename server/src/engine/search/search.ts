/** search: a query, or a piece of code, answered from a store: by words first, then by meaning as well. */

// Pure but for the store. Lexical hits need no vector and are told at once; what comes after replaces
// them. A function that was cut into several chunks is found once, by its best chunk.

import type { Clock } from '../base/ports.ts';
import type { Encoder } from './encoder.ts';
import { fuse } from './fuse.ts';
import { type ParsedQuery, parseQuery } from './query.ts';
import { type RankingContext, rankChunks, type ScoredChunk } from './rank.ts';
import { scanStore, type TextMatcher } from './scan-text.ts';
import type { SearchStore, StoredChunk, StoreFilter, StoreHit } from './store.ts';
import { lexicalWords } from './words.ts';

/**
 * Chunks that each list gives. More finds no more in the first ten (docs/benchmarks.md), and each costs a
 * read from the store.
 */
export const poolSize = 100;

/** A phrase's words stand in many chunks that lack the phrase: more candidates are looked at. */
const phrasePoolSize = 500;

/** Distinct words of a piece of code that are looked up; the store keeps the rarest of them. */
const maxCodeWords = 400;

export interface SearchParts extends RankingContext {
  readonly store: SearchStore;
  /** undefined: by words alone. */
  readonly encoder: Encoder | undefined;
  /** Tests texts against patterns that a person typed, within a time limit. */
  readonly matcher: TextMatcher;
  readonly clock: Clock;
}

export interface FoundChunks {
  /** Best first. */
  readonly hits: readonly ScoredChunk[];
  /** What is missing and why, for people. */
  readonly note?: string;
}

export type OnHits = (stage: 'lexical' | 'semantic', hits: readonly ScoredChunk[]) => void;

/** Rejects with EngineError('query-invalid'), with what the store rejects with, or the signal's reason. */
export async function search(
  query: string,
  limit: number,
  parts: SearchParts,
  signal: AbortSignal,
  onHits?: OnHits,
): Promise<FoundChunks> {
  const parsed = parseQuery(query, parts.nowMs);
  if (parsed.patterns.length > 0) return searchExact(parsed, limit, parts, signal, onHits);
  if (parsed.text.trim() === '') {
    const note = parsed.filter ? 'Add words to search for beside the filters.' : 'Type what to look for.';
    return { hits: [], note };
  }
  const { store, encoder } = parts;
  const rank = async (scores: ReadonlyMap<number, number>) =>
    rankChunks(scores, await chunksOf(scores, store), parsed.text, parts).slice(0, limit);
  const lexical = await store.lexical(lexicalWords(parsed.text), poolSize, parsed.filter);
  signal.throwIfAborted();
  const first = await rank(fuse(lexical, []));
  signal.throwIfAborted();
  onHits?.('lexical', first);
  if (!encoder) return { hits: first };
  const semantic = await nearest(store, encoder.embedQuery(parsed.text), parsed.filter);
  signal.throwIfAborted();
  const hits = semantic.length === 0 ? first : await rank(fuse(lexical, semantic));
  signal.throwIfAborted();
  onHits?.('semantic', hits);
  return { hits };
}

/** Chunks like `code`, best first; the place that it came from is left out. */
export async function similar(
  code: { readonly text: string; readonly path?: string; readonly line?: number },
  limit: number,
  parts: SearchParts,
  signal: AbortSignal,
  filter?: StoreFilter,
): Promise<FoundChunks> {
  const { store, encoder } = parts;
  const words = [...new Set(lexicalWords(code.text))].slice(0, maxCodeWords);
  if (words.length === 0) return { hits: [], note: 'There are no words in this selection to search with.' };
  const lexical = await store.lexical(words, poolSize, filter);
  signal.throwIfAborted();
  const vector = encoder?.embedDocument({ name: '', path: '', code: code.text });
  const semantic = vector ? await nearest(store, vector, filter) : [];
  signal.throwIfAborted();
  const scores = fuse(lexical, semantic);
  const chunks = (await chunksOf(scores, store)).filter((chunk) => !isPlaceOf(chunk, code));
  signal.throwIfAborted();
  return { hits: rankChunks(scores, chunks, '', parts).slice(0, limit) };
}

/** The chunk overlaps the code where it stands, or is the same text. */
function isPlaceOf(
  chunk: StoredChunk,
  code: { readonly text: string; readonly path?: string; readonly line?: number },
): boolean {
  if (chunk.path !== code.path) return false;
  if (code.line === undefined) return true;
  const nLines = code.text.split('\n').length;
  return chunk.startLine < code.line + nLines && code.line <= chunk.endLine;
}

/** Phrases and regular expressions: every hit holds all of them; words beside them only order the hits. */
async function searchExact(
  { text, patterns, filter }: ParsedQuery,
  limit: number,
  parts: SearchParts,
  signal: AbortSignal,
  onHits: OnHits | undefined,
): Promise<FoundChunks> {
  const { store, matcher, encoder, clock } = parts;
  const words = lexicalWords(text);
  const lexical = words.length > 0 ? await store.lexical(words, phrasePoolSize, filter) : [];
  const semantic = encoder && words.length > 0 ? await nearest(store, encoder.embedQuery(text), filter) : [];
  signal.throwIfAborted();
  const scores = fuse(lexical, semantic);
  const candidates = await chunksOf(scores, store);
  const holds = matcher(
    patterns,
    candidates.map((chunk) => chunk.text),
  );
  const found = candidates.filter((_, i) => holds[i]);
  const rank = (chunks: readonly StoredChunk[]) => rankChunks(scores, chunks, text, parts).slice(0, limit);
  onHits?.('lexical', rank(found));
  if (found.length >= limit) return { hits: rank(found) };
  const known = new Set(candidates.map(({ key }) => key));
  const rest = await scanStore(store, patterns, {
    matcher,
    filter,
    nWanted: limit - found.length,
    isKnown: (key) => known.has(key),
    firstPaths: parts.openPaths,
    clock,
    signal,
  });
  return {
    hits: rank([...found, ...rest.chunks]),
    ...(!rest.isComplete && {
      note: 'Not every file was read in the time that a search has; narrow it with path: or lang:.',
    }),
  };
}

async function nearest(
  store: SearchStore,
  vector: Float32Array,
  filter: StoreFilter | undefined,
): Promise<StoreHit[]> {
  return vector.some((value) => value !== 0) ? store.nearest(vector, poolSize, filter) : [];
}

function chunksOf(scores: ReadonlyMap<number, number>, store: SearchStore): Promise<StoredChunk[]> {
  return store.chunks([...scores.keys()]);
}
