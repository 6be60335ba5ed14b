/** createMcpServer: search as tools for agents, over the Model Context Protocol; the same search as the editor's. */

// The protocol: https://modelcontextprotocol.io/specification. Tools answer in text, as the editor's chat
// tools do. What a caller can put right (a wrong argument, an index that is off) is a tool's answer with
// `isError`, so that the model reads it; it is never a protocol error.

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import type { CompressParams, CompressResponse } from '../../../protocol/messages.ts';
import { searchText, toolLimit, toolNames } from '../../../protocol/search-text.ts';
import { EngineError } from '../engine/base/error.ts';
import type { CodeQuery, CodeSearch } from '../engine/search/code-search.ts';
import { toSearchResult } from '../lsp/search-results.ts';

export interface McpOptions {
  /** Answers `compress_context`; absent: there is no such tool. */
  readonly compress?: (params: CompressParams, signal: AbortSignal) => Promise<CompressResponse>;
  readonly search: CodeSearch;
  /** What to tell the index before a search: the folders, so that it looks for what changed meanwhile. */
  readonly rootPaths: readonly string[];
  readonly version: string;
  readonly nowMs: () => number;
}

/** No editor tells what was saved, so the folders are looked through again; not more often than this. */
const refreshMs = 5000;

/** A fresh index answers at once but not of everything: an agent gains by waiting this long for it. */
const patienceMs = 20_000;
const lookMs = 50;
const maxTries = 4;

/** Longer arguments are a mistake. */
const maxTextChars = 100_000;

const limitSchema = {
  type: 'integer',
  minimum: 1,
  maximum: toolLimit.maximum,
  description: `The most results; ${toolLimit.default} by default.`,
};
const annotations = { readOnlyHint: true, openWorldHint: false };

const tools: readonly Tool[] = [
  {
    name: toolNames.search,
    title: 'Search code',
    description:
      'Searches the workspace for pieces of code (functions, methods, classes) by meaning and by words. Give a ' +
      'short description of what the code does, or names that occur in it. Filters: lang:python, path:src, ' +
      'kind:function, changed:7d; "exact words"; /regular expression/. Answers with places (path:first-last ' +
      'lines, from 1) and their code, best first.',
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'What the code does, or names in it.' },
        limit: limitSchema,
      },
      required: ['query'],
    },
    annotations,
  },
  {
    name: toolNames.similar,
    title: 'Find similar code',
    description:
      'Finds pieces of code of the workspace that do something similar to the given code: duplicates, earlier ' +
      'solutions, other users of a pattern. Answers with places and their code, best first.',
    inputSchema: {
      type: 'object',
      properties: {
        code: { type: 'string', description: 'The code to find the like of.' },
        limit: limitSchema,
      },
      required: ['code'],
    },
    annotations,
  },
];

/** As the editor's chat tool takes it. */
const contextTool: Tool = {
  name: 'compress_context',
  title: 'Compressed context',
  description:
    'Gives the code of the workspace that matters for a question or a task, within a budget of tokens: whole ' +
    'functions, their most telling statements, or signatures alone, from many files; a comment with … stands ' +
    'where something was left out.',
  inputSchema: {
    type: 'object',
    properties: {
      query: { type: 'string', description: 'The question or task.' },
      budget: {
        type: 'integer',
        minimum: 1,
        maximum: 200_000,
        description: 'Tokens at most; 2048 by default.',
      },
    },
    required: ['query'],
  },
  annotations,
};

const defaultBudget = 2048;

export interface McpServer {
  readonly server: Server;
  /** Resolves when every call so far is answered. */
  idle(): Promise<void>;
}

export function createMcpServer({ search, rootPaths, version, nowMs, compress }: McpOptions): McpServer {
  const server = new Server({ name: 'stet', version }, { capabilities: { tools: {} } });
  const running = new Set<Promise<CallToolResult>>();
  let refreshedMs = nowMs();

  const refreshed = (): boolean => {
    if (nowMs() - refreshedMs <= refreshMs) return false;
    refreshedMs = nowMs();
    search.filesChanged(rootPaths);
    return true;
  };
  const answer = async (query: CodeQuery, signal: AbortSignal): Promise<CallToolResult> => {
    const isRefreshed = refreshed();
    await settled(search, signal);
    let { hits, note } = await search.search(query, signal);
    // The look through the folders is short, but a search during it says that there may be more to find.
    for (let nTries = 1; isRefreshed && note !== undefined && nTries < maxTries; nTries++) {
      await pause(lookMs);
      await settled(search, signal);
      ({ hits, note } = await search.search(query, signal));
    }
    return textResult(searchText({ results: hits.map(toSearchResult), ...(note !== undefined && { note }) }));
  };

  const compressed = async (input: Record<string, unknown>, signal: AbortSignal) => {
    refreshed();
    await settled(search, signal);
    const budgetTokens = (input.budget ?? defaultBudget) as number;
    const response = await compress?.({ query: input.query as string, budgetTokens }, signal);
    return textResult([response?.note, response?.text].filter(Boolean).join('\n\n'), !response?.text);
  };
  const call = async (name: string, input: Record<string, unknown>, signal: AbortSignal) => {
    try {
      if (compress && name === contextTool.name) return await compressed(input, signal);
      const query = queryOf(name, input);
      return typeof query === 'string' ? textResult(query, true) : await answer(query, signal);
    } catch (error) {
      if (error instanceof EngineError) return textResult(error.message, true);
      throw error;
    }
  };

  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: compress ? [...tools, contextTool] : [...tools],
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const result = call(params.name, params.arguments ?? {}, signal);
    running.add(result);
    return result.finally(() => running.delete(result));
  });
  return { server, idle: async () => void (await Promise.allSettled(running)) };
}

/** What a call asks for; a sentence where it makes no sense. */
function queryOf(name: string, input: Record<string, unknown>): CodeQuery | string {
  const { query, code } = input;
  const limit = input.limit ?? toolLimit.default;
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > toolLimit.maximum) {
    return `“limit” is a whole number from 1 to ${toolLimit.maximum}.`;
  }
  if (name === toolNames.search) {
    if (!isText(query)) return `“query” is a text that is not empty, of at most ${maxTextChars} characters.`;
    return { query, limit: limit as number };
  }
  if (name === toolNames.similar) {
    if (!isText(code)) return `“code” is a text that is not empty, of at most ${maxTextChars} characters.`;
    return { query: '', similarTo: { text: code }, limit: limit as number };
  }
  return `There is no tool “${name}”; there are ${tools.map((tool) => tool.name).join(' and ')}.`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= maxTextChars;
}

/** Waits while the index is being built, within bounds; then the answer's note says what is missing. */
async function settled(search: CodeSearch, signal: AbortSignal): Promise<void> {
  const isBusy = () => search.status.state === 'starting' || search.status.state === 'indexing';
  for (let nLooks = 0; isBusy() && nLooks < patienceMs / lookMs; nLooks++) {
    signal.throwIfAborted();
    await pause(lookMs);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function textResult(text: string, isError = false): CallToolResult {
  return { content: [{ type: 'text', text }], ...(isError && { isError }) };
}
