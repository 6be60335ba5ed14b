/** toSearchQuery: what a client asks of search, checked; a sentence for people where it makes no sense. */

import type { CodeQuery } from '../engine/search/code-search.ts';
import { filePathOf } from './file-path.ts';

/** Longer queries are cut: no more of them could be understood anyway. */
const maxQueryLength = 20_000;

/** Code to find the like of: as much as an encoder reads, and more. */
const maxSimilarLength = 100_000;

/** What a person, or an agent, can look through. */
const maxResults = 500;

const defaultResults = 50;

export type SearchQuery = CodeQuery & { readonly searchId: number };

/** `openPaths` are the files in open editors. */
export function toSearchQuery(params: unknown, openPaths: readonly string[]): SearchQuery | string {
  if (typeof params !== 'object' || params === null) return 'A search needs a query.';
  const { searchId, query, limit, similarTo } = params as Record<string, unknown>;
  if (typeof query !== 'string' && similarTo === undefined) return 'A search needs a query, a text.';
  const similar = similarTo === undefined ? undefined : similarOf(similarTo);
  if (typeof similar === 'string') return similar;
  return {
    searchId: Number.isInteger(searchId) ? (searchId as number) : 0,
    query: typeof query === 'string' ? query.slice(0, maxQueryLength) : '',
    limit: Number.isInteger(limit) ? Math.min(Math.max(limit as number, 1), maxResults) : defaultResults,
    openPaths,
    ...(similar && { similarTo: similar }),
  };
}

function similarOf(value: unknown): CodeQuery['similarTo'] | string {
  const { text, uri, line } = (value ?? {}) as Record<string, unknown>;
  if (typeof text !== 'string' || text.trim() === '') return 'To find similar code, some code must be given.';
  const path = filePathOf(uri);
  return {
    text: text.slice(0, maxSimilarLength),
    ...(path !== undefined && { path }),
    ...(Number.isInteger(line) && (line as number) >= 0 && { line: line as number }),
  };
}
