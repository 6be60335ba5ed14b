/** SqliteStore: the SearchStore in one SQLite file, with its vectors also in memory. */

// One process owns the file (owner-lock.ts). Every call runs to its end before the next: SQLite is
// synchronous here, and the search process has nothing else to do meanwhile. Words are ranked by FTS5,
// vectors by vector-scan; both give chunk keys, which are `file id × 4096 + place in the file`.

import { assert } from '../../engine/base/assert.ts';
import { globSource } from '../../engine/search/glob.ts';
import type {
  FileEntry,
  IndexedChunk,
  SearchStore,
  StoredChunk,
  StoreFilter,
  StoreHit,
  StoreStats,
} from '../../engine/search/store.ts';
import type { Sqlite } from './sqlite.ts';
import { SqliteChunks } from './sqlite-chunks.ts';
import {
  closeQuietly,
  deleteIndexFile,
  type IndexFileOptions,
  indexFileSize,
  isDamage,
  openIndexFile,
  toEngineError,
} from './sqlite-schema.ts';
import { maxChunksPerFile, prepareAll, type Statements } from './sqlite-statements.ts';
import { SqliteVectors } from './sqlite-vectors.ts';
import { SqliteWords } from './sqlite-words.ts';

export interface SqliteStoreOptions extends IndexFileOptions {
  /** Numbers of a vector. */
  readonly dims: number;
  /** Of a path, what people search for; the whole of it when absent. */
  readonly relativePath?: (path: string) => string;
}

export class SqliteStore implements SearchStore {
  private statements!: Statements;
  private words!: SqliteWords;
  private contents!: SqliteChunks;
  private vectors!: SqliteVectors;
  private counts = { nFiles: 0, nChunks: 0, nVectors: 0 };
  /** Paths by file id; loaded when a filter first asks for them. */
  private paths: Map<number, string> | undefined;
  private isClosed = false;

  private constructor(
    private database: Sqlite,
    private readonly options: SqliteStoreOptions,
  ) {
    this.prepare();
  }

  /** Rejects with EngineError('index-unavailable'). A damaged or foreign file is replaced by an empty one. */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    const database = await openIndexFile(options);
    try {
      return new SqliteStore(database, options);
    } catch (error) {
      closeQuietly(database);
      if (!isDamage((error as Error).cause)) throw error;
      const message = 'The index is damaged further in; it is built anew.';
      options.tracer({ kind: 'log', level: 'info', message });
      await deleteIndexFile(options.file);
      return new SqliteStore(await openIndexFile(options), options);
    }
  }

  get engine(): string {
    return this.database.engine;
  }

  async files(): Promise<ReadonlyMap<string, FileEntry>> {
    const rows = this.attempt(() => this.statements.files.all());
    return new Map(
      rows.map((row) => {
        const path = row.path as string;
        const entry: FileEntry = {
          path,
          languageId: row.language_id as string,
          mtimeMs: row.mtime_ms as number,
          sizeBytes: row.size_bytes as number,
          hash: row.hash as string,
        };
        return [path, entry];
      }),
    );
  }

  async replace(
    files: readonly { readonly file: FileEntry; readonly chunks: readonly IndexedChunk[] }[],
  ): Promise<void> {
    const written: { id: number; path: string; rows: Uint8Array; nChunk: number }[] = [];
    this.inTransaction(() => {
      for (const { file, chunks: given } of files) {
        const chunks = given.toSorted((a, b) => a.start - b.start);
        assert(chunks.length <= maxChunksPerFile, `${file.path} has too many chunks`);
        written.push(this.write(file, chunks));
      }
    });
    for (const { id, path, rows, nChunk } of written) {
      this.paths?.set(id, path);
      this.vectors.follow(id, rows, nChunk);
    }
  }

  async remove(paths: readonly string[]): Promise<void> {
    const removed: number[] = [];
    this.inTransaction(() => {
      for (const path of paths) {
        const found = this.statements.fileByPath.all(path)[0];
        if (!found) continue;
        this.forget(found.id as number, path, false);
        this.statements.deleteFile.run(found.id as number);
        this.count(-1, -(found.n_chunks as number), -(found.n_vectors as number));
        removed.push(found.id as number);
      }
    });
    for (const id of removed) {
      this.paths?.delete(id);
      this.vectors.follow(id, new Uint8Array(0), 0);
    }
  }

  async lexical(words: readonly string[], limit: number, filter?: StoreFilter): Promise<StoreHit[]> {
    return this.attempt(() =>
      this.words.search(words, limit, filter?.kinds, this.filesWith(filter), this.counts),
    );
  }

  async nearest(vector: Float32Array, limit: number, filter?: StoreFilter): Promise<StoreHit[]> {
    const files = this.attempt(() => this.filesWith(filter));
    try {
      return await this.vectors.nearest(vector, limit, filter?.kinds, files);
    } catch (error) {
      throw this.explained(error);
    }
  }

  async chunks(keys: readonly number[]): Promise<StoredChunk[]> {
    return this.attempt(() => this.contents.at(keys));
  }

  async chunksOf(path: string): Promise<StoredChunk[]> {
    return this.attempt(() => {
      const file = this.statements.fileByPath.all(path)[0];
      return file ? this.contents.of(file.id as number, this.options.dims) : [];
    });
  }

  async stats(): Promise<StoreStats> {
    const { file } = this.options;
    return { ...this.counts, sizeBytes: indexFileSize(file) };
  }

  /** The file is deleted: emptying its tables would take longer than building them did. */
  async clear(): Promise<void> {
    this.vectors.close();
    this.database.close();
    await deleteIndexFile(this.options.file);
    this.database = await openIndexFile(this.options);
    this.paths = undefined;
    this.prepare();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.vectors.close();
    this.attempt(() => {
      this.words.save();
      this.database.close();
    });
  }

  private write(file: FileEntry, chunks: readonly IndexedChunk[]) {
    const { path, languageId, mtimeMs, sizeBytes, hash } = file;
    const nVectors = chunks.filter(({ vector }) => vector).length;
    const known = this.statements.fileByPath.all(path)[0];
    const values = [languageId, mtimeMs, sizeBytes, hash, chunks.length, nVectors] as const;
    if (known) {
      this.forget(known.id as number, path, true);
      this.statements.updateFile.run(...values, known.id as number);
      this.count(-1, -(known.n_chunks as number), -(known.n_vectors as number));
    } else this.statements.insertFile.run(path, ...values);
    this.count(1, chunks.length, nVectors);
    const id = (known ?? this.statements.fileByPath.all(path)[0])?.id as number;
    const rows = this.vectors.insert(id, chunks);
    this.contents.insert(id, chunks);
    this.words.insert(id, path, chunks);
    return { id, path, rows, nChunk: chunks.length };
  }

  /** All rows of a file but its own. Its words are uncounted only where few files go: it takes reading them. */
  private forget(id: number, path: string, isUncounted: boolean): void {
    this.words.remove(id, path, isUncounted ? this.contents.of(id, this.options.dims) : []);
    this.contents.remove(id);
    this.vectors.remove(id);
  }

  /** Ids of the files that the filter lets through; undefined when it says nothing of files. */
  private filesWith(filter: StoreFilter | undefined): Set<number> | undefined {
    const { languageIds, paths, changedSinceMs } = filter ?? {};
    if (!languageIds && !paths && changedSinceMs === undefined) return undefined;
    const languages = languageIds ? JSON.stringify(languageIds) : null;
    const rows = this.statements.filesWith.all(languages, languages, changedSinceMs ?? 0);
    let ids = rows.map(({ id }) => id as number);
    if (paths) {
      const patterns = paths.map((glob) => new RegExp(globSource(glob)));
      const known = this.allPaths();
      ids = ids.filter((id) => patterns.some((pattern) => pattern.test(known.get(id) ?? '')));
    }
    return new Set(ids);
  }

  private allPaths(): Map<number, string> {
    this.paths ??= new Map(this.statements.files.all().map(({ id, path }) => [id as number, path as string]));
    return this.paths;
  }

  /** For the database as it is now. */
  private prepare(): void {
    const { dims, relativePath } = this.options;
    this.attempt(() => {
      this.statements = prepareAll(this.database);
      this.words = new SqliteWords(this.statements, relativePath ?? ((path) => path));
      this.contents = new SqliteChunks(this.statements);
      this.vectors = new SqliteVectors(this.statements, dims);
      const row = this.statements.counts.all()[0];
      this.counts = {
        nFiles: (row?.files as number) ?? 0,
        nChunks: (row?.chunks as number) ?? 0,
        nVectors: (row?.vectors as number) ?? 0,
      };
    });
  }

  private count(nFiles: number, nChunks: number, nVectors: number): void {
    this.counts.nFiles += nFiles;
    this.counts.nChunks += nChunks;
    this.counts.nVectors += nVectors;
  }

  private inTransaction(work: () => void): void {
    const before = { ...this.counts };
    this.attempt(() => {
      this.database.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.database.exec('COMMIT');
      } catch (error) {
        this.counts = before;
        rollBack(this.database);
        throw error;
      }
    });
  }

  private attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.explained(error);
    }
  }

  private explained(error: unknown): unknown {
    const isBug = error instanceof Error && error.name === 'AssertionError';
    return isBug ? error : toEngineError(error, this.options.file);
  }
}

function rollBack(database: Sqlite): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // SQLite rolls back by itself where the disk is full; a second time is an error that says nothing.
  }
}
