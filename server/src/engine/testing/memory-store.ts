/** MemoryStore: a SearchStore in plain arrays: BM25 and cosine by their definitions, for tests and as a reference. */

import { fileFilter } from '../search/file-filter.ts';
import type {
  FileEntry,
  IndexedChunk,
  SearchStore,
  StoredChunk,
  StoreFilter,
  StoreHit,
  StoreStats,
} from '../search/store.ts';
import { lexicalWords } from '../search/words.ts';

/** As FTS5 has them built in, with the weights that the SQLite store gives it. No stems. */
const k1 = 1.2;
const b = 0.75;
const weights = { name: 5, path: 1, code: 1 };

interface Row {
  readonly chunk: StoredChunk;
  /** Word → weighted count. */
  readonly counts: ReadonlyMap<string, number>;
  readonly nWords: number;
}

export class MemoryStore implements SearchStore {
  private readonly entries = new Map<string, { readonly file: FileEntry; readonly rows: readonly Row[] }>();
  private nextKey = 1;

  async files(): Promise<ReadonlyMap<string, FileEntry>> {
    return new Map([...this.entries].map(([path, { file }]) => [path, file]));
  }

  async replace(
    files: readonly { readonly file: FileEntry; readonly chunks: readonly IndexedChunk[] }[],
  ): Promise<void> {
    for (const { file, chunks } of files) {
      const rows = chunks.toSorted((x, y) => x.start - y.start).map((chunk) => this.row(chunk, file));
      this.entries.set(file.path, { file, rows });
    }
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.entries.delete(path);
  }

  /** score = Σ idf × tf (k1 + 1) / (tf + k1 (1 − b + b × length / mean length)). */
  async lexical(words: readonly string[], limit: number, filter?: StoreFilter): Promise<StoreHit[]> {
    const all = this.rows(undefined);
    const meanLength = all.reduce((sum, { nWords }) => sum + nWords, 0) / Math.max(1, all.length);
    const scores = new Map<Row, number>();
    const rows = new Set(this.rows(filter));
    for (const word of new Set(words)) {
      const having = all.filter(({ counts }) => counts.has(word));
      const idf = Math.max(1e-6, Math.log((all.length - having.length + 0.5) / (having.length + 0.5)));
      for (const row of having) {
        if (!rows.has(row)) continue;
        const tf = row.counts.get(word) as number;
        const part = (idf * tf * (k1 + 1)) / (tf + k1 * (1 - b + (b * row.nWords) / meanLength));
        scores.set(row, (scores.get(row) ?? 0) + part);
      }
    }
    return best([...scores], limit);
  }

  async nearest(vector: Float32Array, limit: number, filter?: StoreFilter): Promise<StoreHit[]> {
    const scored = this.rows(filter).flatMap((row): [Row, number][] => {
      const own = row.chunk.vector;
      return own?.length === vector.length
        ? [[row, own.reduce((sum, x, i) => sum + x * (vector[i] as number), 0)]]
        : [];
    });
    return best(scored, limit);
  }

  async chunks(keys: readonly number[]): Promise<StoredChunk[]> {
    const byKey = new Map(this.rows(undefined).map(({ chunk }) => [chunk.key, chunk]));
    return keys.flatMap((key) => byKey.get(key) ?? []);
  }

  async chunksOf(path: string): Promise<StoredChunk[]> {
    return (this.entries.get(path)?.rows ?? []).map(({ chunk }) => chunk);
  }

  async stats(): Promise<StoreStats> {
    const rows = this.rows(undefined);
    const nVectors = rows.filter(({ chunk }) => chunk.vector).length;
    return { nFiles: this.entries.size, nChunks: rows.length, nVectors, sizeBytes: 0 };
  }

  async clear(): Promise<void> {
    this.entries.clear();
  }

  async close(): Promise<void> {}

  private rows(filter: StoreFilter | undefined): Row[] {
    const accepts = fileFilter(filter);
    return [...this.entries.values()]
      .filter(({ file }) => accepts(file))
      .flatMap(({ rows }) => rows)
      .filter(({ chunk }) => !filter?.kinds || filter.kinds.includes(chunk.kind));
  }

  private row(chunk: IndexedChunk, file: FileEntry): Row {
    const { path, languageId, mtimeMs } = file;
    const counts = new Map<string, number>();
    let nWords = 0;
    for (const [field, text] of [
      ['name', chunk.name],
      ['path', path],
      ['code', chunk.text],
    ] as const) {
      for (const word of lexicalWords(text)) {
        counts.set(word, (counts.get(word) ?? 0) + weights[field]);
        nWords++;
      }
    }
    return { chunk: { ...chunk, key: this.nextKey++, path, languageId, mtimeMs }, counts, nWords };
  }
}

function best(scored: readonly (readonly [Row, number])[], limit: number): StoreHit[] {
  return scored
    .map(([{ chunk }, score]) => ({ key: chunk.key, score }))
    .sort((x, y) => y.score - x.score || x.key - y.key)
    .slice(0, limit);
}
