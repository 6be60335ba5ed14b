/** SqliteChunks: the texts of chunks, read from the database where they are packed a blob a file. */

import type { IndexedChunk, StoredChunk } from '../../engine/search/store.ts';
import { chunksPerGroup, packChunks, unpackChunks, unpackGroup, unpackRows } from './packed-file.ts';
import { maxChunksPerFile, type Statements } from './sqlite-statements.ts';
import { unpackVector } from './vector-scan.ts';

/** Groups of chunks that are kept unpacked, some 10 kB each: both stages of a search ask for the same ones. */
const maxGroups = 512;

type FileOfChunk = Pick<StoredChunk, 'path' | 'languageId' | 'mtimeMs'>;

interface Group {
  readonly file: FileOfChunk;
  readonly chunks: readonly IndexedChunk[];
}

export class SqliteChunks {
  /** By `file id × 4096 + group`. */
  private readonly groups = new Map<number, Group>();

  constructor(private readonly statements: Statements) {}

  /** Within a transaction. */
  insert(fileId: number, chunks: readonly IndexedChunk[]): void {
    if (chunks.length > 0) this.statements.insertContents.run(fileId, packChunks(chunks));
  }

  /** Within a transaction. */
  remove(fileId: number): void {
    this.groups.clear();
    this.statements.deleteContents.run(fileId);
  }

  /** In the order of the keys, without vectors; those that are gone are left out. */
  at(keys: readonly number[]): StoredChunk[] {
    const blobs = new Map<number, { file: FileOfChunk; blob: Uint8Array } | undefined>();
    return keys.flatMap((key) => {
      const place = key % maxChunksPerFile;
      const group = this.group(Math.floor(key / maxChunksPerFile), Math.floor(place / chunksPerGroup), blobs);
      const chunk = group?.chunks[place % chunksPerGroup];
      return group && chunk ? [{ ...chunk, key, ...group.file }] : [];
    });
  }

  /** All of a file, with their vectors. */
  of(fileId: number, dims: number): StoredChunk[] {
    const found = this.read(fileId);
    if (!found) return [];
    const packed = this.statements.vectorsOf.all(fileId)[0]?.packed as Uint8Array | undefined;
    const rows = packed ? unpackRows(packed, found.nChunk, dims) : [];
    return unpackChunks(found.blob, found.nChunk).map((chunk, place) => {
      const row = rows[place]?.packed;
      const vector = row && row.scale !== 0 ? unpackVector(row) : undefined;
      return { ...chunk, ...(vector && { vector }), key: fileId * maxChunksPerFile + place, ...found.file };
    });
  }

  /** `blobs` remembers what was read for keys before. */
  private group(
    fileId: number,
    place: number,
    blobs: Map<number, { file: FileOfChunk; blob: Uint8Array } | undefined>,
  ): Group | undefined {
    const key = fileId * maxChunksPerFile + place;
    const known = this.groups.get(key);
    if (known) return known;
    if (!blobs.has(fileId)) blobs.set(fileId, this.read(fileId));
    const found = blobs.get(fileId);
    if (!found) return undefined;
    const group = { file: found.file, chunks: unpackGroup(found.blob, place) };
    if (this.groups.size >= maxGroups) this.groups.clear();
    this.groups.set(key, group);
    return group;
  }

  private read(fileId: number): { file: FileOfChunk; blob: Uint8Array; nChunk: number } | undefined {
    const row = this.statements.contents.all(fileId)[0];
    if (!row) return undefined;
    const file = {
      path: row.path as string,
      languageId: row.language_id as string,
      mtimeMs: row.mtime_ms as number,
    };
    return { file, blob: row.chunks as Uint8Array, nChunk: row.n_chunks as number };
  }
}
