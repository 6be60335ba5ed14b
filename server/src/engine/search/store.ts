/** SearchStore: the port to where the index lies: files, chunks, words and vectors. */

// One contract, tested against every implementation. A store is a cache of what is on disk: deleting
// it is always safe. Paths are absolute, with forward slashes, and name one file each.

import type { Chunk, ChunkKind } from '../syntax/chunk.ts';

/** What tells whether a file must be read again. */
export interface FileStamp {
  readonly mtimeMs: number;
  readonly sizeBytes: number;
  /** sha256 of the content, hex. */
  readonly hash: string;
}

export interface FileEntry extends FileStamp {
  readonly path: string;
  readonly languageId: string;
}

/** A chunk as the index holds it. */
export interface IndexedChunk extends Chunk {
  /** 0-based line of its first character, and of its last. */
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
  /** [dims] of unit length; undefined until it is embedded. */
  readonly vector?: Float32Array;
}

/** What a search may be narrowed to; all given ones must hold. */
export interface StoreFilter {
  readonly languageIds?: readonly string[];
  /** Glob patterns of which the path must match one. */
  readonly paths?: readonly string[];
  readonly kinds?: readonly ChunkKind[];
  readonly changedSinceMs?: number;
}

/** One chunk that was found. */
export interface StoreHit {
  /** Names the chunk within this store until its file is replaced. */
  readonly key: number;
  /** Higher is better; BM25 or cosine. */
  readonly score: number;
}

/** A hit with all that is shown of it. */
export interface StoredChunk extends IndexedChunk {
  readonly key: number;
  readonly path: string;
  readonly languageId: string;
  readonly mtimeMs: number;
}

export interface StoreStats {
  readonly nFiles: number;
  readonly nChunks: number;
  readonly nVectors: number;
  readonly sizeBytes: number;
}

export interface SearchStore {
  /** Every file that is indexed. */
  files(): Promise<ReadonlyMap<string, FileEntry>>;
  /** Replaces what is known of these files, all or nothing; files without chunks are remembered too. */
  replace(
    files: readonly { readonly file: FileEntry; readonly chunks: readonly IndexedChunk[] }[],
  ): Promise<void>;
  remove(paths: readonly string[]): Promise<void>;
  /** By BM25 over names, path and code. `words` are split, lower-cased, as `search/words` makes them. */
  lexical(words: readonly string[], limit: number, filter?: StoreFilter): Promise<StoreHit[]>;
  /** By cosine with `vector` [dims], of unit length. */
  nearest(vector: Float32Array, limit: number, filter?: StoreFilter): Promise<StoreHit[]>;
  /** In the order asked for, with or without their vectors; keys that are gone are left out. */
  chunks(keys: readonly number[]): Promise<StoredChunk[]>;
  /** In order of their place in the file, with their vectors. */
  chunksOf(path: string): Promise<StoredChunk[]>;
  stats(): Promise<StoreStats>;
  /** Forgets everything. */
  clear(): Promise<void>;
  close(): Promise<void>;
}
