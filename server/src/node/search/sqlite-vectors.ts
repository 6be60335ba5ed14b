/** SqliteVectors: the vectors of every chunk, in the database and, from the first search on, in memory. */

import type { IndexedChunk, StoreFilter, StoreHit } from '../../engine/search/store.ts';
import { chunkKinds, packRows, unpackRows } from './packed-file.ts';
import { maxChunksPerFile, type Statements } from './sqlite-statements.ts';
import { VectorScan } from './vector-scan.ts';

/** Files whose vectors are read at once: some milliseconds, after which others get their turn. */
const loadBatch = 500;

export class SqliteVectors {
  /** Keys are `chunk key × 8 + kind`. While it is loaded it already follows every change. */
  private scan: VectorScan | undefined;
  private loading: Promise<VectorScan> | undefined;
  private isClosed = false;

  constructor(
    private readonly statements: Statements,
    private readonly dims: number,
  ) {}

  /** Within a transaction. What is returned goes to {@link follow} when that is through. */
  insert(fileId: number, chunks: readonly IndexedChunk[]): Uint8Array {
    const rows = packRows(chunks, this.dims);
    if (chunks.length > 0) this.statements.insertVectors.run(fileId, rows);
    return rows;
  }

  /** Within a transaction. */
  remove(fileId: number): void {
    this.statements.deleteVectors.run(fileId);
  }

  /** What was stored of a file; no rows where it is gone. */
  follow(fileId: number, blob: Uint8Array, nChunk: number): void {
    if (this.scan) this.put(this.scan, fileId, blob, nChunk);
  }

  /** Best first. `files`: the ids that are let through; undefined lets all. */
  async nearest(
    vector: Float32Array,
    limit: number,
    kinds: StoreFilter['kinds'],
    files: ReadonlySet<number> | undefined,
  ): Promise<StoreHit[]> {
    const scan = await this.loaded();
    const kindPlaces = kinds && new Set(kinds.map((kind) => chunkKinds.indexOf(kind)));
    const accepts = (key: number) =>
      (!kindPlaces || kindPlaces.has(key % 8)) &&
      (!files || files.has(Math.floor(key / 8 / maxChunksPerFile)));
    const hits = scan.nearest(vector, limit, kinds || files ? accepts : undefined);
    return hits.map(({ key, score }) => ({ key: Math.floor(key / 8), score }));
  }

  /** Nothing is read from the database any more. */
  close(): void {
    this.isClosed = true;
  }

  /** Read once: a second or two for a million, between which other work goes on. */
  loaded(): Promise<VectorScan> {
    this.loading ??= this.load().catch((error: unknown) => {
      this.loading = undefined; // the next search tries again
      this.scan = undefined;
      throw error;
    });
    return this.loading;
  }

  private async load(): Promise<VectorScan> {
    const scan = new VectorScan(this.dims);
    this.scan = scan;
    for (let after = 0; ; ) {
      if (this.isClosed) throw new Error('the index was closed');
      const rows = this.statements.loadVectors.all(after, loadBatch);
      for (const { id, n_chunks, packed } of rows) {
        this.put(scan, id as number, packed as Uint8Array, n_chunks as number);
      }
      if (rows.length < loadBatch) return scan;
      after = rows.at(-1)?.id as number;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private put(scan: VectorScan, fileId: number, blob: Uint8Array, nChunk: number): void {
    const rows = unpackRows(blob, nChunk, this.dims);
    scan.replace(
      fileId,
      rows.map(({ kind, packed }, place) => ({
        key: (fileId * maxChunksPerFile + place) * 8 + kind,
        packed,
      })),
    );
  }
}
