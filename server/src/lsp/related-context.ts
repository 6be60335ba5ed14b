/** RelatedContext: while nobody types, finds pieces of files that are not open but matter where somebody writes. */

// The index is asked by the words of the imports and of the lines above the cursor, and by meaning. The
// answer goes to the engine, which reads it at the next suggestion: at a keystroke nothing is searched.

import type { Engine, RelatedPiece } from '../engine/engine.ts';
import type { CodeSearch } from '../engine/search/code-search.ts';
import type { StoredChunk } from '../engine/search/store.ts';
import type { Documents } from './documents.ts';
import { filePathOf } from './file-path.ts';
import type { Reporter } from './reporter.ts';

/** Quiet before the index is asked. */
const idleMs = 400;

/** Pieces that the engine is told of, and their characters together: some 3,000 tokens. */
export const maxPieces = 12;
const maxChars = 12_000;

/** Lines above the cursor whose names are looked for. */
const nLines = 30;
const maxWords = 60;
const maxScopeChars = 2000;

interface Parts {
  readonly documents: Documents;
  readonly engine: Engine;
  readonly search: CodeSearch;
  readonly reporter: Reporter;
}

export class RelatedContext {
  private timer: NodeJS.Timeout | undefined;
  private running: AbortController | undefined;
  /** By document: what was last asked for it, and when that told of an index that was still being built. */
  private readonly asked = new Map<string, string>();

  constructor(private readonly parts: Parts) {}

  /** Somebody is at `offset` of a document: looks for what is related to it once they pause. */
  at(uri: string, offset: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(uri, offset), idleMs);
    this.timer.unref();
  }

  closed(uri: string): void {
    this.asked.delete(uri);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.running?.abort();
  }

  private async look(uri: string, offset: number): Promise<void> {
    const { documents, engine, search, reporter } = this.parts;
    const document = documents.get(uri);
    const own = filePathOf(uri);
    if (!document || own === undefined) return;
    const scope = scopeOf(document.getText(), offset);
    const { state, nChunks } = search.status;
    const key = `${scope.words}\n${state} ${nChunks}`;
    if (state === 'off' || state === 'error' || this.asked.get(uri) === key) return;
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    try {
      const open = new Set(documents.uris().map(filePathOf));
      const [named, near] = await Promise.all([
        search.search({ query: scope.words, limit: 2 * maxPieces }, running.signal),
        search.related(scope.text, maxPieces, running.signal),
      ]);
      const isWanted = (chunk: StoredChunk) =>
        !open.has(chunk.path) && chunk.languageId === document.languageId;
      const chunks = named.hits.map(({ chunk }) => chunk).filter(isWanted);
      engine.relate(uri, relatedPieces(chunks, near.filter(isWanted)));
      this.asked.set(uri, key);
    } catch (error) {
      if (!running.signal.aborted) reporter.log('debug', `Related files: ${String(error)}`);
    }
  }
}

/** The names around an offset, and the text above it. */
export function scopeOf(text: string, offset: number): { words: string; text: string } {
  const before = text.slice(0, offset);
  const above = before.split('\n').slice(-nLines).join('\n').slice(-maxScopeChars);
  const imports =
    before.slice(0, 8000).match(/^\s*(?:import|from|use|using|require|#include|const .*require\()\b.*$/gm) ??
    [];
  const names = `${imports.join('\n')}\n${above}`.match(/[\p{L}_$][\p{L}\p{N}_$]{2,}/gu) ?? [];
  const words = [...new Set(names)].filter((name) => !common.has(name)).slice(-maxWords);
  return { words: words.join(' '), text: above };
}

const common = new Set(
  'import from const let var function return export default class interface type async await for while else new this self def None True False null undefined true false string number boolean void public private static final readonly require use using include'.split(
    ' ',
  ),
);

/** What the engine is told of: the best by words and by meaning in turn, as many as there is room for. */
export function relatedPieces(named: readonly StoredChunk[], near: readonly StoredChunk[]): RelatedPiece[] {
  return fitting(alternating(named, near));
}

/** The best of both in turn, each piece once. */
function alternating(first: readonly StoredChunk[], second: readonly StoredChunk[]): StoredChunk[] {
  const all = new Map<number, StoredChunk>();
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    for (const chunk of [first[i], second[i]]) if (chunk) all.set(chunk.key, chunk);
  }
  return [...all.values()];
}

function fitting(chunks: readonly StoredChunk[]): RelatedPiece[] {
  let room = maxChars;
  const pieces: RelatedPiece[] = [];
  for (const { path, languageId, text } of chunks.slice(0, maxPieces)) {
    room -= text.length;
    if (room < 0) break;
    pieces.push({ path, languageId, text: `${text}\n` });
  }
  return pieces;
}
