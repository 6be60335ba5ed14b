/** SearchIndex: one repository, chunked, embedded and stored as the product does it, and asked by several systems. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embedChunk } from '../src/engine/search/embed-chunk.ts';
import type { Encoder } from '../src/engine/search/encoder.ts';
import { type RankingWeights, rankChunks, type ScoredChunk } from '../src/engine/search/rank.ts';
import { search } from '../src/engine/search/search.ts';
import type { IndexedChunk, StoredChunk, StoreHit } from '../src/engine/search/store.ts';
import { lexicalWords, splitWords } from '../src/engine/search/words.ts';
import type { Chunk } from '../src/engine/syntax/chunk.ts';
import { chunkText } from '../src/engine/syntax/chunker.ts';
import type { Parsers } from '../src/engine/syntax/parsers.ts';
import { LineIndex } from '../src/engine/text/line-index.ts';
import { systemClock } from '../src/node/clock.ts';
import { SqliteStore } from '../src/node/search/sqlite-store.ts';
import { textMatcher } from '../src/node/search/text-matcher.ts';
import type { SearchFile } from './search-cases.ts';

/** How files are cut: along the tree as the product does, whole functions, or every 60 lines. */
export const chunkings = ['AST chunks', 'whole functions', '60 lines'] as const;
export type Chunking = (typeof chunkings)[number];

/** Who ranks. The first knows no index, `fused` is the product. */
export const systems = ['keyword count', 'BM25, one field', 'BM25', 'vectors', 'fused'] as const;
export type System = (typeof systems)[number];

const nShown = 10;
const nPool = 100;
const fixedLines = 60;

const live = new AbortController().signal;

/** Plain lists get no boosts, but one chunk per function like the product. */
const plainRanking: RankingWeights = { name: 0, sameName: 0, open: 0, recency: 0, mean: 0 };

export class SearchIndex {
  /** Of every chunk in the store: what the baselines count and show. */
  private readonly plain = new PlainIndex();
  private readonly chunks = new Map<number, StoredChunk>();

  private constructor(
    private readonly folder: string,
    readonly store: SqliteStore,
    private readonly encoder: Encoder,
  ) {}

  static async build(
    files: readonly SearchFile[],
    chunking: Chunking,
    encoder: Encoder,
    parsers: Parsers,
  ): Promise<SearchIndex> {
    const folder = await mkdtemp(join(tmpdir(), 'stet-bench-search-'));
    const store = await SqliteStore.open({
      file: join(folder, 'index.sqlite'),
      identity: chunking,
      tracer: () => {},
      dims: encoder.dims,
    });
    const index = new SearchIndex(folder, store, encoder);
    const batch = await Promise.all(
      files.map(async ({ path, languageId, text }) => {
        const chunks = (await cut(text, languageId, chunking, parsers)).map((chunk) => indexed(text, chunk));
        const file = { path, languageId, mtimeMs: 0, sizeBytes: text.length, hash: '' };
        return {
          file,
          chunks: chunks.map((chunk) => ({ ...chunk, vector: embedChunk(encoder, chunk, path) })),
        };
      }),
    );
    for (let i = 0; i < batch.length; i += 100) await store.replace(batch.slice(i, i + 100));
    for (const { path } of files) for (const chunk of await store.chunksOf(path)) index.add(chunk);
    index.plain.finish();
    return index;
  }

  /** The first ten chunks for `query`, best first. */
  async ask(query: string, system: System): Promise<StoredChunk[]> {
    if (system === 'fused') return (await this.fused(query)).map(({ chunk }) => chunk);
    const hits = await this.hits(query, system);
    const scores = new Map(hits.map(({ key, score }) => [key, score]));
    const chunks = [...scores.keys()].flatMap((key) => this.chunks.get(key) ?? []);
    const context = { nowMs: 0, openPaths: [], ranking: plainRanking };
    return rankChunks(scores, chunks, '', context)
      .slice(0, nShown)
      .map(({ chunk }) => chunk);
  }

  /** As the product answers, with its scores. */
  async fused(query: string, limit = nShown): Promise<readonly ScoredChunk[]> {
    const parts = {
      store: this.store,
      encoder: this.encoder,
      matcher: textMatcher,
      clock: systemClock,
      nowMs: Number.MAX_SAFE_INTEGER,
      openPaths: [],
    };
    // A sentence may hold what reads as a filter or a phrase; the bench asks for its words.
    return (await search(query.replace(/["/:]/g, ' '), limit, parts, live)).hits;
  }

  private add(chunk: StoredChunk): void {
    this.plain.add(chunk);
    this.chunks.set(chunk.key, chunk);
  }

  async close(): Promise<void> {
    await this.store.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async hits(query: string, system: Exclude<System, 'fused'>): Promise<StoreHit[]> {
    switch (system) {
      case 'keyword count':
        return this.plain.keywordCount(query);
      case 'BM25, one field':
        return this.plain.bm25(query);
      case 'BM25':
        return this.store.lexical(lexicalWords(query), nPool);
      case 'vectors':
        return this.store.nearest(this.encoder.embedQuery(query), nPool);
    }
  }
}

/** What is not in the product: BM25 over split words as textbooks have it, and what one does with grep. */
class PlainIndex {
  private readonly keys: number[] = [];
  private readonly lengths: number[] = [];
  private readonly texts: string[] = [];
  private readonly postings = new Map<string, Map<number, number>>();
  private meanLength = 0;

  add(chunk: StoredChunk): void {
    const place = this.keys.push(chunk.key) - 1;
    this.texts.push(chunk.text.toLowerCase());
    const words = splitWords(chunk.text);
    this.lengths.push(words.length);
    for (const word of words) {
      const counts = this.postings.get(word) ?? new Map<number, number>();
      counts.set(place, (counts.get(place) ?? 0) + 1);
      this.postings.set(word, counts);
    }
  }

  finish(): void {
    this.meanLength =
      this.lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, this.lengths.length);
  }

  /** k1 1.2, b 0.75. */
  bm25(query: string): StoreHit[] {
    const scores = new Map<number, number>();
    const n = this.keys.length;
    for (const word of new Set(splitWords(query))) {
      const counts = this.postings.get(word) ?? new Map<number, number>();
      const idf = Math.log(1 + (n - counts.size + 0.5) / (counts.size + 0.5));
      for (const [place, tf] of counts) {
        const norm = 1.2 * (1 - 0.75 + (0.75 * (this.lengths[place] as number)) / this.meanLength);
        scores.set(place, (scores.get(place) ?? 0) + (idf * tf * 2.2) / (tf + norm));
      }
    }
    return this.best([...scores]);
  }

  /** How many of the query's words of three letters a chunk holds, then how often. */
  keywordCount(query: string): StoreHit[] {
    const words = [...new Set(query.toLowerCase().match(/[a-z0-9_]{3,}/g) ?? [])];
    const scored = this.texts.flatMap((text, place): [number, number][] => {
      const counts = words.map((word) => Math.min(200, text.split(word).length - 1));
      const nHeld = counts.filter((count) => count > 0).length;
      const nHits = Math.min(
        199,
        counts.reduce((sum, count) => sum + count, 0),
      );
      return nHeld > 0 ? [[place, nHeld + nHits / 200]] : [];
    });
    return this.best(scored);
  }

  private best(scored: readonly (readonly [place: number, score: number])[]): StoreHit[] {
    return scored
      .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, nPool)
      .map(([place, score]) => ({ key: this.keys[place] as number, score }));
  }
}

async function cut(
  text: string,
  languageId: string,
  chunking: Chunking,
  parsers: Parsers,
): Promise<readonly Chunk[]> {
  if (chunking === '60 lines') return everyLines(text);
  const parser = await parsers.of(languageId);
  const tree = parser?.parse(text) ?? undefined;
  try {
    return chunkText(text, languageId, tree, chunking === 'whole functions' ? { maxSize: 1_000_000 } : {});
  } finally {
    tree?.delete();
  }
}

function everyLines(text: string): Chunk[] {
  const lines = new LineIndex(text);
  const chunks: Chunk[] = [];
  for (let line = 0; line < lines.count; line += fixedLines) {
    const start = lines.startOf(line);
    const endExclusive = lines.startOf(line + fixedLines);
    chunks.push({
      id: `${line}`.padStart(16, '0'),
      start,
      endExclusive,
      kind: 'text',
      name: '',
      header: '',
      doc: '',
    });
  }
  return chunks.filter(({ start, endExclusive }) => text.slice(start, endExclusive).trim() !== '');
}

function indexed(text: string, chunk: Chunk): IndexedChunk {
  const lines = new LineIndex(text);
  return {
    ...chunk,
    startLine: lines.lineAt(chunk.start),
    endLine: lines.lineAt(Math.max(chunk.start, chunk.endExclusive - 1)),
    text: text.slice(chunk.start, chunk.endExclusive),
  };
}
