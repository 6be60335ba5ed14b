/** searchText: results as one plain text, as language models and agents read them; the same from every tool. */

import type { SearchResponse } from './messages.ts';

/** What the tools that agents call are named, in VS Code and over MCP. */
export const toolNames = { search: 'search_code', similar: 'find_similar_code' } as const;

/** One tool call gives this many results unless it says otherwise, and no more than the greatest. */
export const toolLimit = { default: 10, maximum: 50 } as const;

/** A chunk longer than this is cut, with a word about it: an agent can read the file. */
const maxChunkChars = 4000;

/**
 * Best first: `path:first-last kind name`, lines counted from 1, then the code in a fence. The note, if any,
 * comes first, because it says what is missing.
 */
export function searchText({ results, note }: Pick<SearchResponse, 'results' | 'note'>): string {
  const blocks = results.map(({ path, startLine, endLine, kind, name, languageId, text }) => {
    const cut = text.length > maxChunkChars ? `${text.slice(0, maxChunkChars)}\n… (cut)` : text;
    const longestFence = Math.max(2, ...[...cut.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
    const fence = '`'.repeat(longestFence + 1);
    const head = `${path}:${startLine + 1}-${endLine + 1} ${kind}${name && ` ${name}`}`;
    return `${head}\n${fence}${languageId}\n${cut.replace(/\n+$/, '')}\n${fence}`;
  });
  if (blocks.length === 0) blocks.push('No such code was found.');
  return [...(note ? [`Note: ${note}`] : []), ...blocks].join('\n\n');
}
