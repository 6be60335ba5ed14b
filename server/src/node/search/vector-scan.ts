/** VectorScan: every vector of an index in memory as int8, and the exact nearest of them to a query. */

// Exact, because it can be: a million rows of 256 take some 20 ms, while graph indexes (HNSW) cost
// minutes to build and lose recall on queries that are no code. Only rows are rounded to 8 bits, each
// with its own scale; the query is rounded to 15, so that no second pass over float vectors is needed
// (int8 queries lose 1 to 2 % of recall@10 and need one).

import { assert } from '../../engine/base/assert.ts';
import { type VectorKernel, vectorKernel } from './vector-kernel.ts';

export interface ScanHit {
  readonly key: number;
  /** Cosine. */
  readonly score: number;
}

/** A vector as it is stored: number = int8 × scale. A scale of 0 is a chunk without a vector. */
export interface PackedVector {
  readonly scale: number;
  readonly numbers: Int8Array;
}

export function packVector(vector: Float32Array): PackedVector {
  let largest = 0;
  for (const number of vector) largest = Math.max(largest, Math.abs(number));
  const numbers = new Int8Array(vector.length);
  if (!(largest > 0) || !Number.isFinite(largest)) return { scale: 0, numbers };
  for (let i = 0; i < vector.length; i++) numbers[i] = Math.round(((vector[i] as number) / largest) * 127);
  return { scale: largest / 127, numbers };
}

export function unpackVector({ scale, numbers }: PackedVector): Float32Array {
  const vector = new Float32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) vector[i] = (numbers[i] as number) * scale;
  return vector;
}

/** Rows are kept in blocks of this many: a block's scores are picked over before the next is scanned. */
const rowsPerBlock = 4096;
/** int16 query: 127 × 32767 × dims / 4 must stay below 2³¹ in each of the four lanes. */
const maxDims = 2048;
const largestQuery = 32767;
const pageBytes = 65_536;

export class VectorScan {
  private readonly memory: WebAssembly.Memory;
  private readonly kernel: VectorKernel | undefined;
  private readonly blockBytes: number;
  /** Where blocks begin; before it lie the query and one block's scores. */
  private readonly firstBlock: number;
  private readonly scoresAt: number;
  /** Of each row; -1 where it was removed or has no vector. */
  private keys = new Float64Array(rowsPerBlock);
  private nRow = 0;
  private nDead = 0;
  /** By group (a file): its first row and their number, in one number: groups × rows fit 53 bits. */
  private readonly groups = new Map<number, number>();

  /** Numbers that a row takes: what is missing to a multiple of 16 is 0. */
  private readonly width: number;

  /** `usesKernel` off is the slow path, for tests and old runtimes. */
  constructor(
    readonly dims: number,
    usesKernel = true,
  ) {
    assert(dims > 0 && dims <= maxDims, `vectors of ${dims} numbers cannot be scanned`);
    this.width = alignUp(dims, 16);
    this.scoresAt = 2 * this.width;
    this.firstBlock = alignUp(this.scoresAt + 4 * rowsPerBlock, 16);
    this.blockBytes = rowsPerBlock * (this.width + 4);
    this.memory = new WebAssembly.Memory({
      initial: Math.ceil(this.firstBlock / pageBytes),
      maximum: 65_536,
    });
    this.kernel = usesKernel ? vectorKernel(this.memory) : undefined;
  }

  /** Rows of all groups; those without a vector count too. */
  get size(): number {
    return this.nRow - this.nDead;
  }

  /** Puts the rows of one group in place of its earlier ones; `vectors` may be empty. */
  replace(group: number, rows: readonly { readonly key: number; readonly packed: PackedVector }[]): void {
    this.remove(group);
    if (rows.length === 0) return;
    assert(rows.length < groupRadix, 'a group has too many rows');
    const first = this.nRow;
    this.grow(first + rows.length);
    for (const { key, packed } of rows) this.write(this.nRow++, key, packed);
    this.groups.set(group, first * groupRadix + rows.length);
  }

  remove(group: number): void {
    const packed = this.groups.get(group);
    if (packed === undefined) return;
    this.groups.delete(group);
    const first = Math.floor(packed / groupRadix);
    const count = packed % groupRadix;
    const scales = this.floats();
    for (let row = first; row < first + count; row++) {
      this.keys[row] = -1;
      scales[this.scaleAt(row) / 4] = 0;
    }
    this.nDead += count;
    if (this.nDead > 2 * rowsPerBlock && this.nDead > this.nRow / 4) this.compact();
  }

  clear(): void {
    this.groups.clear();
    this.nRow = 0;
    this.nDead = 0;
  }

  /** The best `limit` rows that `accepts` lets through, best first; ties go to the smaller key. */
  nearest(vector: Float32Array, limit: number, accepts: (key: number) => boolean = () => true): ScanHit[] {
    assert(vector.length === this.dims, `a query of ${vector.length} numbers for rows of ${this.dims}`);
    const queryScale = this.writeQuery(vector);
    const best = new BestRows(limit);
    if (queryScale === 0 || limit < 1) return [];
    const scores = new Float32Array(this.memory.buffer, this.scoresAt, rowsPerBlock);
    for (let start = 0; start < this.nRow; start += rowsPerBlock) {
      const count = Math.min(rowsPerBlock, this.nRow - start);
      this.scanBlock(start, count);
      for (let i = 0; i < count; i++) {
        const score = scores[i] as number;
        if (score < best.floor) continue;
        const key = this.keys[start + i] as number;
        if (key >= 0 && accepts(key)) best.offer(key, score);
      }
    }
    return best.hits(queryScale);
  }

  private scanBlock(start: number, count: number): void {
    const rows = this.rowAt(start);
    const scales = this.scaleAt(start);
    if (this.kernel) this.kernel.scan(rows, scales, count, 0, this.width, this.scoresAt);
    else this.scanSlowly(rows, scales, count);
  }

  private scanSlowly(rows: number, scales: number, count: number): void {
    const query = new Int16Array(this.memory.buffer, 0, this.dims);
    const bytes = new Int8Array(this.memory.buffer);
    const floats = this.floats();
    for (let row = 0; row < count; row++) {
      const at = rows + row * this.width;
      let sum = 0;
      for (let i = 0; i < this.dims; i++) sum += (bytes[at + i] as number) * (query[i] as number);
      floats[this.scoresAt / 4 + row] = Math.fround(sum) * (floats[scales / 4 + row] as number);
    }
  }

  /** The scale that undoes the query's rounding; 0 for a query of zeros. */
  private writeQuery(vector: Float32Array): number {
    let largest = 0;
    for (const number of vector) largest = Math.max(largest, Math.abs(number));
    if (!(largest > 0) || !Number.isFinite(largest)) return 0;
    const query = new Int16Array(this.memory.buffer, 0, this.dims);
    for (let i = 0; i < this.dims; i++)
      query[i] = Math.round(((vector[i] as number) / largest) * largestQuery);
    return largest / largestQuery;
  }

  private write(row: number, key: number, { scale, numbers }: PackedVector): void {
    assert(numbers.length === this.dims || scale === 0, 'a vector has the wrong size');
    this.keys[row] = scale === 0 ? -1 : key;
    this.floats()[this.scaleAt(row) / 4] = scale;
    if (scale !== 0) new Int8Array(this.memory.buffer, this.rowAt(row), this.dims).set(numbers);
    else new Int8Array(this.memory.buffer, this.rowAt(row), this.dims).fill(0); // the row may be a used one
  }

  /** Closes the gaps that removed rows left, in order, so that groups stay in one piece. */
  private compact(): void {
    const bytes = new Uint8Array(this.memory.buffer);
    const scales = this.floats();
    const inOrder = [...this.groups].sort((a, b) => a[1] - b[1]);
    let to = 0;
    for (const [group, packed] of inOrder) {
      const first = Math.floor(packed / groupRadix);
      const count = packed % groupRadix;
      this.groups.set(group, to * groupRadix + count);
      for (let row = first; row < first + count; row++, to++) {
        this.keys[to] = this.keys[row] as number;
        scales[this.scaleAt(to) / 4] = scales[this.scaleAt(row) / 4] as number;
        bytes.copyWithin(this.rowAt(to), this.rowAt(row), this.rowAt(row) + this.width);
      }
    }
    this.nRow = to;
    this.nDead = 0;
  }

  private grow(nRow: number): void {
    const nBlock = Math.ceil(nRow / rowsPerBlock);
    const missing = this.firstBlock + nBlock * this.blockBytes - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / pageBytes));
    if (nRow <= this.keys.length) return;
    const keys = new Float64Array(Math.max(nBlock * rowsPerBlock, Math.ceil(this.keys.length * 1.25)));
    keys.set(this.keys);
    this.keys = keys;
  }

  private rowAt(row: number): number {
    return this.blockAt(row) + 4 * rowsPerBlock + (row % rowsPerBlock) * this.width;
  }

  private scaleAt(row: number): number {
    return this.blockAt(row) + 4 * (row % rowsPerBlock);
  }

  private blockAt(row: number): number {
    return this.firstBlock + Math.floor(row / rowsPerBlock) * this.blockBytes;
  }

  private floats(): Float32Array {
    return new Float32Array(this.memory.buffer);
  }
}

/** Rows of a group are fewer than this; 2³³ rows times it are exact in a double. */
const groupRadix = 1 << 20;

const alignUp = (bytes: number, to: number) => Math.ceil(bytes / to) * to;

/** The best few of many, as a heap whose root is the worst of them. */
class BestRows {
  private readonly heap: { key: number; score: number }[] = [];
  /** Scores below it cannot get in. */
  floor = Number.NEGATIVE_INFINITY;

  constructor(private readonly limit: number) {}

  offer(key: number, score: number): void {
    const { heap, limit } = this;
    if (heap.length < limit) heap.push({ key, score });
    else if (isWorse(heap[0] as ScanHit, { key, score })) heap[0] = { key, score };
    else return;
    if (heap.length < limit) return; // in order when it is full
    if (this.floor === Number.NEGATIVE_INFINITY) heap.sort((a, b) => (isWorse(a, b) ? -1 : 1));
    else this.sink();
    this.floor = (heap[0] as ScanHit).score;
  }

  hits(queryScale: number): ScanHit[] {
    const inOrder = this.heap.sort((a, b) => (isWorse(a, b) ? 1 : -1));
    return inOrder.map(({ key, score }) => ({ key, score: score * queryScale }));
  }

  private sink(): void {
    const { heap } = this;
    for (let at = 0; ; ) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isWorse(heap[child] as ScanHit, heap[worst] as ScanHit)) worst = child;
      }
      if (worst === at) return;
      [heap[at], heap[worst]] = [heap[worst] as ScanHit, heap[at] as ScanHit];
      at = worst;
    }
  }
}

function isWorse(a: ScanHit, b: ScanHit): boolean {
  return a.score < b.score || (a.score === b.score && a.key > b.key);
}
