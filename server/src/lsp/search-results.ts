/** search-results: hits of the index become results as the protocol has them; the same for every way to ask. */

import { pathToFileURL } from 'node:url';
import type { SearchResult } from '../../../protocol/messages.ts';
import type { CodeHit } from '../engine/search/code-search.ts';

export function toSearchResult({ chunk, relativePath, score }: CodeHit): SearchResult {
  const { path, languageId, startLine, endLine, kind, name, text } = chunk;
  return {
    uri: pathToFileURL(path).href,
    path: relativePath,
    languageId,
    startLine,
    endLine,
    kind,
    name,
    text,
    score,
  };
}
