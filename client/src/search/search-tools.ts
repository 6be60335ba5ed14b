/** searchTools: search as tools for the language models of the editor's chat; the same search as the view's. */

import {
  type CancellationToken,
  type Disposable,
  LanguageModelTextPart,
  type LanguageModelTool,
  LanguageModelToolResult,
  lm,
} from 'vscode';
import { searchText, toolLimit } from '../../../protocol/search-text.ts';
import type { SearchClient, SearchSubject } from './search-client.ts';

/** As contributes.languageModelTools in package.json describes it. */
interface SearchInput {
  readonly query: string;
  readonly limit?: number;
}

interface SimilarInput {
  readonly code: string;
  readonly limit?: number;
}

/** None where the editor has no such tools. */
export function registerSearchTools(client: SearchClient): Disposable[] {
  if (typeof lm?.registerTool !== 'function') return [];
  const ask = async (subject: SearchSubject, limit: unknown, token: CancellationToken) => {
    const wanted = typeof limit === 'number' ? limit : toolLimit.default;
    const response = await client.search(subject, { limit: Math.min(wanted, toolLimit.maximum), token });
    return new LanguageModelToolResult([new LanguageModelTextPart(searchText(response ?? { results: [] }))]);
  };
  const search: LanguageModelTool<SearchInput> = {
    prepareInvocation: ({ input }) => ({ invocationMessage: `Searching the code for “${input.query}”` }),
    invoke: ({ input }, token) => ask({ query: String(input.query) }, input.limit, token),
  };
  const similar: LanguageModelTool<SimilarInput> = {
    prepareInvocation: () => ({ invocationMessage: 'Searching for similar code' }),
    invoke: ({ input }, token) =>
      ask({ query: '', similarTo: { text: String(input.code) } }, input.limit, token),
  };
  return [lm.registerTool('stet_search_code', search), lm.registerTool('stet_find_similar_code', similar)];
}
