/** compressWorkspace: the files of the workspace that a query is about, compressed by the engine. */

// The index chooses the files, the engine the pieces. Without an index the open documents are all.

import type { CompressedPiece, CompressResponse } from '../../../protocol/messages.ts';
import { isSecretFile } from '../engine/completion/secrets.ts';
import type { CompressedPart, CompressFile, Engine } from '../engine/engine.ts';
import type { CodeSearch } from '../engine/search/code-search.ts';
import { asWords } from '../engine/search/query.ts';
import { LineIndex } from '../engine/text/line-index.ts';
import type { Documents } from './documents.ts';
import { filePathOf } from './file-path.ts';

/** Files that are read at most: those of the best results. */
const maxFiles = 40;

/** Results that are looked through for files. */
const nHits = 120;

const maxQueryLength = 20_000;
const maxBudget = 200_000;

export interface CompressParts {
  readonly documents: Documents;
  readonly engine: Engine;
  readonly search: CodeSearch;
  /** A file's text; undefined when it is gone, binary or too large. */
  readonly readText: (path: string) => Promise<string | undefined>;
}

/** Answers with a note where the parameters make no sense; rejects with the signal's reason, or EngineError. */
export async function compressWorkspace(
  parts: CompressParts,
  params: unknown,
  signal: AbortSignal,
): Promise<CompressResponse> {
  const { query, budgetTokens } = (params ?? {}) as Record<string, unknown>;
  if (typeof query !== 'string' || query.trim() === '') return nothing('Say what the context is for.');
  if (!Number.isInteger(budgetTokens) || (budgetTokens as number) < 1) {
    return nothing('The budget is a number of tokens, at least 1.');
  }
  const files = await filesFor(parts, query.slice(-maxQueryLength), signal);
  const budget = Math.min(budgetTokens as number, maxBudget);
  const request = { query: query.slice(-maxQueryLength), files, budgetTokens: budget };
  const result = await parts.engine.compress(request, signal);
  const { text, nTokens, nTokensBefore, note, ms } = result;
  return {
    text,
    nTokens,
    nTokensBefore,
    pieces: toPieces(result.parts, files),
    ...(note !== undefined && { note }),
    ms,
  };
}

/** Sorted by path, so that the same files are always in the same order. */
async function filesFor(
  { documents, search, readText }: CompressParts,
  query: string,
  signal: AbortSignal,
): Promise<CompressFile[]> {
  const open = new Map(
    documents.uris().flatMap((uri) => {
      const path = filePathOf(uri);
      const document = documents.get(uri);
      return path && document && !isSecretFile(path) ? [[path, document] as const] : [];
    }),
  );
  const { hits } = await search.search(
    { query: asWords(query), limit: nHits, openPaths: [...open.keys()] },
    signal,
  );
  const found = new Map(hits.map(({ chunk, relativePath }) => [chunk.path, { chunk, relativePath }]));
  const hitsIn = (path: string) =>
    hits
      .filter(({ chunk }) => chunk.path === path)
      .map(({ chunk: { startLine, endLine }, score }) => ({ startLine, endLine, score }));
  const files: CompressFile[] = [];
  for (const [path, { chunk, relativePath }] of [...found].slice(0, maxFiles)) {
    const text = open.get(path)?.getText() ?? (await readText(path));
    signal.throwIfAborted();
    if (text !== undefined)
      files.push({ path: relativePath, languageId: chunk.languageId, text, hits: hitsIn(path) });
  }
  if (found.size === 0) {
    for (const [path, document] of open) {
      files.push({ path, languageId: document.languageId, text: document.getText() });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function toPieces(parts: readonly CompressedPart[], files: readonly CompressFile[]): CompressedPiece[] {
  const lines = new Map(files.map(({ path, text }) => [path, new LineIndex(text.replaceAll('\r\n', '\n'))]));
  return parts.map(({ path, name, form, start, endExclusive }) => {
    const index = lines.get(path);
    const lineOf = (offset: number) => index?.lineAt(offset) ?? 0;
    return { path, name, form, startLine: lineOf(start), endLine: lineOf(endExclusive - 1) };
  });
}

function nothing(note: string): CompressResponse {
  return { text: '', nTokens: 0, nTokensBefore: 0, pieces: [], note, ms: 0 };
}
