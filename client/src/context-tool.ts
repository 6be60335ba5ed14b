/** contextTool: compressed context as a tool for the language models of the editor's chat. */

import {
  type Disposable,
  LanguageModelTextPart,
  type LanguageModelTool,
  LanguageModelToolResult,
  lm,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { type CompressResponse, compressRequest } from '../../protocol/messages.ts';

/** As contributes.languageModelTools in package.json describes it. */
interface ContextInput {
  readonly query: string;
  readonly budget?: number;
}

const defaultBudget = 2048;

/** None where the editor has no such tools. */
export function registerContextTool(server: LanguageClient): Disposable[] {
  if (typeof lm?.registerTool !== 'function') return [];
  const tool: LanguageModelTool<ContextInput> = {
    prepareInvocation: ({ input }) => ({ invocationMessage: `Choosing code for “${input.query}”` }),
    async invoke({ input }, token) {
      const params = { query: String(input.query), budgetTokens: Math.floor(input.budget ?? defaultBudget) };
      const response: CompressResponse | null = await server.sendRequest(compressRequest, params, token);
      const text = [response?.note, response?.text].filter(Boolean).join('\n\n');
      return new LanguageModelToolResult([new LanguageModelTextPart(text || 'Nothing was found.')]);
    },
  };
  return [lm.registerTool('stet_compress_context', tool)];
}
