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
import { lexicalWords } from '../../engine/search/words.ts';
import {
  chunkKinds,
  chunksPerGroup,
  type FileRow,
  packChunks,
  packRows,
  unpackChunks,
  unpackGroup,
  unpackRows,
} from './packed-file.ts';
import type { Sqlite } from './sqlite.ts';
import {
  deleteIndexFile,
  type IndexFileOptions,
  indexFileSize,
  openIndexFile,
  toEngineError,
} from './sqlite-schema.ts';
import { maxChunksPerFile, prepareAll, type Statements } from './sqlite-statements.ts';
import { VectorScan } from './vector-scan.ts';
import { WordCounts } from './word-counts.ts';

export interface SqliteStoreOptions extends IndexFileOptions {
  /** Numbers of a vector. */
  readonly dims: number;
  /** Of a path, what people search for; the whole of it when absent. */
  readonly relativePath?: (path: string) => string;
}

/** FTS5 parses a query of thousands of words slowly, and the rarest few decide. */
const maxQueryWords = 48;

/** Files whose vectors are read at once while they are loaded: some megabytes. */
const loadBatch = 1000;

/** Half a megabyte is written once in this many chunks; as many are not counted when the process is killed. */
const countsSaveInterval = 10_000;

/** Groups of chunks that are kept unpacked, some 10 kB each. */
const maxGroups = 512;

const fileOf = (key: number) => Math.floor(key / maxChunksPerFile);

export class SqliteStore implements SearchStore {
  private statements: Statements;
  private counts = { nFiles: 0, nChunks: 0, nVectors: 0 };
  private wordCounts: WordCounts;
  /** Chunks whose words are counted in memory only. */
  private nUncounted = 0;
  /** Loaded when first asked for; keys are `chunk key × 8 + kind`. */
  private scan: VectorScan | undefined;
  /** Paths by file id; loaded when a filter first asks for them. */
  private paths: Map<number, string> | undefined;

  private isClosed = false;
  /** Chunks read lately, by `file id × 4096 + group`: both stages of a search ask for the same ones. */
  private readonly groups = new Map<number, readonly IndexedChunk[]>();

  private constructor(
    private database: Sqlite,
    private readonly options: SqliteStoreOptions,
  ) {
    this.statements = prepareAll(database);
    this.wordCounts = new WordCounts();
    this.readCounts();
  }

  /** Rejects with EngineError('index-unavailable'). A damaged or foreign file is replaced by an empty one. */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    return new SqliteStore(await openIndexFile(options), options);
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
        this.nUncounted += chunks.length;
      }
      if (this.nUncounted >= countsSaveInterval) this.saveWordCounts();
    });
    for (const { id, path, rows, nChunk } of written) {
      this.paths?.set(id, path);
      if (this.scan) this.scanReplace(this.scan, id, rows, nChunk);
    }
  }

  async remove(paths: readonly string[]): Promise<void> {
    const removed: number[] = [];
    this.inTransaction(() => {
      for (const path of paths) {
        const found = this.statements.fileByPath.all(path)[0];
        if (!found) continue;
        this.forget(found.id as number);
        this.statements.deleteFile.run(found.id as number);
        this.count(-1, -(found.n_chunks as number), -(found.n_vectors as number));
        removed.push(found.id as number);
      }
    });
    for (const id of removed) {
      this.paths?.delete(id);
      this.scan?.remove(id);
    }
  }

  async lexical(words: readonly string[], limit: number, filter?: StoreFilter): Promise<StoreHit[]> {
    const plain = words.map((word) => word.replace(/["\0]/g, '')).filter((word) => word !== '');
    const asked = this.wordCounts.mostTelling(plain, maxQueryWords);
    if (asked.length === 0 || limit < 1) return [];
    let match = asked.map((word) => `"${word}"`).join(' OR ');
    if (filter?.kinds) {
      if (filter.kinds.length === 0) return [];
      match = `{kind}: (${filter.kinds.join(' OR ')}) AND {name path code}: (${match})`;
    }
    const files = this.attempt(() => this.filesWith(filter));
    const rows = this.attempt(() => {
      if (!files) return this.statements.lexical.all(match, limit);
      return this.statements.lexicalIn.all(match, JSON.stringify([...files]), limit);
    });
    return rows.map(({ key, score }) => ({ key: key as number, score: score as number }));
  }

  async nearest(vector: Float32Array, limit: number, filter?: StoreFilter): Promise<StoreHit[]> {
    const scan = this.vectors();
    const files = this.attempt(() => this.filesWith(filter));
    const kinds = filter?.kinds && new Set(filter.kinds.map((kind) => chunkKinds.indexOf(kind)));
    const accepts = (key: number) =>
      (!kinds || kinds.has(key % 8)) && (!files || files.has(fileOf(Math.floor(key / 8))));
    const hits = scan.nearest(vector, limit, kinds || files ? accepts : undefined);
    return hits.map(({ key, score }) => ({ key: Math.floor(key / 8), score }));
  }

  async chunks(keys: readonly number[]): Promise<StoredChunk[]> {
    return this.attempt(() => {
      const files = new Map<number, FileRow | undefined>();
      return keys.flatMap((key) => this.chunkAt(key, files) ?? []);
    });
  }

  async chunksOf(path: string): Promise<StoredChunk[]> {
    return this.attempt(() => {
      const file = this.statements.fileByPath.all(path)[0];
      const row = file && this.fileRow(file.id as number);
      if (!row) return [];
      const id = file.id as number;
      return unpackChunks(row.chunks, row.nChunk).map((chunk, place) => this.stored(chunk, id, place, row));
    });
  }

  async stats(): Promise<StoreStats> {
    const { file } = this.options;
    return { ...this.counts, sizeBytes: indexFileSize(file) };
  }

  /** The file is deleted: emptying its tables would take longer than building them did. */
  async clear(): Promise<void> {
    this.database.close();
    await deleteIndexFile(this.options.file);
    this.database = await openIndexFile(this.options);
    this.statements = prepareAll(this.database);
    this.counts = { nFiles: 0, nChunks: 0, nVectors: 0 };
    this.wordCounts = new WordCounts();
    this.paths = undefined;
    this.groups.clear();
    this.scan?.clear();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.attempt(() => {
      this.saveWordCounts();
      this.database.close();
    });
  }

  private write(file: FileEntry, chunks: readonly IndexedChunk[]) {
    const { path, languageId, mtimeMs, sizeBytes, hash } = file;
    const nVectors = chunks.filter(({ vector }) => vector).length;
    const known = this.statements.fileByPath.all(path)[0];
    const values = [languageId, mtimeMs, sizeBytes, hash, chunks.length, nVectors] as const;
    if (known) {
      this.forget(known.id as number);
      this.statements.updateFile.run(...values, known.id as number);
      this.count(-1, -(known.n_chunks as number), -(known.n_vectors as number));
    } else this.statements.insertFile.run(path, ...values);
    this.count(1, chunks.length, nVectors);
    const id = (known ?? this.statements.fileByPath.all(path)[0])?.id as number;
    const rows = packRows(chunks, this.options.dims);
    if (chunks.length > 0) {
      this.statements.insertContents.run(id, packChunks(chunks));
      this.statements.insertVectors.run(id, rows);
    }
    const pathWords = lexicalWords(this.options.relativePath?.(path) ?? path).join(' ');
    chunks.forEach((chunk, place) => {
      const words = lexicalWords(chunk.text);
      this.wordCounts.add(words);
      this.statements.insertWords.run(
        id * maxChunksPerFile + place,
        lexicalWords(chunk.name).join(' '),
        pathWords,
        words.join(' '),
        chunk.kind,
      );
    });
    return { id, path, rows, nChunk: chunks.length };
  }

  /** All rows of a file but its own. */
  private forget(id: number): void {
    this.groups.clear();
    this.statements.deleteWords.run(id * maxChunksPerFile, (id + 1) * maxChunksPerFile - 1);
    this.statements.deleteContents.run(id);
    this.statements.deleteVectors.run(id);
  }

  /** `files` remembers what was read for keys before. */
  private chunkAt(key: number, files: Map<number, FileRow | undefined>): StoredChunk | undefined {
    const id = fileOf(key);
    const place = key % maxChunksPerFile;
    const group = Math.floor(place / chunksPerGroup);
    const groupKey = id * maxChunksPerFile + group;
    if (!files.has(id)) files.set(id, this.fileRow(id));
    const row = files.get(id);
    if (!row) return undefined;
    let chunks = this.groups.get(groupKey);
    if (!chunks) {
      chunks = unpackGroup(row.chunks, group);
      if (this.groups.size >= maxGroups) this.groups.clear();
      this.groups.set(groupKey, chunks);
    }
    const chunk = chunks[place % chunksPerGroup];
    return chunk && this.stored(chunk, id, place, row);
  }

  private fileRow(id: number): FileRow | undefined {
    const row = this.statements.contents.all(id)[0];
    if (!row) return undefined;
    return {
      path: row.path as string,
      languageId: row.language_id as string,
      mtimeMs: row.mtime_ms as number,
      nChunk: row.n_chunks as number,
      chunks: row.chunks as Uint8Array,
    };
  }

  private stored(chunk: IndexedChunk, id: number, place: number, row: FileRow): StoredChunk {
    const vector = this.vectors().vectorAt(id, place);
    const { path, languageId, mtimeMs } = row;
    const key = id * maxChunksPerFile + place;
    return { ...chunk, ...(vector && { vector }), key, path, languageId, mtimeMs };
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

  /** Every vector, read into memory when first asked for: a second or two for a million. */
  private vectors(): VectorScan {
    if (this.scan) return this.scan;
    const scan = new VectorScan(this.options.dims);
    this.attempt(() => {
      for (let after = 0; ; ) {
        const rows = this.statements.loadVectors.all(after, loadBatch);
        for (const { id, n_chunks, packed } of rows) {
          this.scanReplace(scan, id as number, packed as Uint8Array, n_chunks as number);
        }
        if (rows.length < loadBatch) break;
        after = rows.at(-1)?.id as number;
      }
    });
    this.scan = scan;
    return scan;
  }

  private scanReplace(scan: VectorScan, id: number, blob: Uint8Array, nChunk: number): void {
    const rows = unpackRows(blob, nChunk, this.options.dims);
    scan.replace(
      id,
      rows.map(({ kind, packed }, place) => ({ key: (id * maxChunksPerFile + place) * 8 + kind, packed })),
    );
  }

  private readCounts(): void {
    this.attempt(() => {
      const row = this.statements.counts.all()[0];
      this.counts = {
        nFiles: (row?.files as number) ?? 0,
        nChunks: (row?.chunks as number) ?? 0,
        nVectors: (row?.vectors as number) ?? 0,
      };
      const saved = this.statements.getMeta.all('wordCounts')[0]?.value;
      if (saved instanceof Uint8Array) this.wordCounts = WordCounts.from(saved);
    });
  }

  private saveWordCounts(): void {
    this.statements.setMeta.run('wordCounts', this.wordCounts.bytes());
    this.nUncounted = 0;
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
      if (error instanceof Error && error.name === 'AssertionError') throw error;
      throw toEngineError(error, this.options.file);
    }
  }
}

function rollBack(database: Sqlite): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // SQLite rolls back by itself where the disk is full; a second time is an error that says nothing.
  }
}
