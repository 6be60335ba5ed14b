/** PackedFile: the chunks of one file, and their vectors, as the two blobs in which the store keeps them. */

// A blob a file, not a row a chunk: less space, and an update writes two rows. Within it chunks are
// compressed by groups, so that one of a long file is read without the others.

import { endianness } from 'node:os';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { assert } from '../../engine/base/assert.ts';
import type { IndexedChunk } from '../../engine/search/store.ts';
import type { ChunkKind } from '../../engine/syntax/chunk.ts';
import type { PackedVector } from './vector-scan.ts';
import { packVector } from './vector-scan.ts';

/** The order is part of the format: a kind is stored as its place in here. */
export const chunkKinds: readonly ChunkKind[] = [
  'function',
  'method',
  'class',
  'interface',
  'type',
  'enum',
  'module',
  'text',
];

/** Level 1 is three times as fast as the default and leaves a tenth more. */
const compressionLevel = 1;

/** Chunks that are compressed together: more take less space, fewer are read faster when one is asked for. */
export const chunksPerGroup = 8;

type ChunkRow = [string, number, number, number, string, string, string, number, number, string];

/** `u32 nGroup, [nGroup] u32 sizes`, then the groups: compressed JSON. */
export function packChunks(chunks: readonly IndexedChunk[]): Uint8Array {
  const groups: Buffer[] = [];
  for (let first = 0; first < chunks.length; first += chunksPerGroup) {
    const rows = chunks.slice(first, first + chunksPerGroup).map(toRow);
    groups.push(deflateRawSync(JSON.stringify(rows), { level: compressionLevel }));
  }
  const sizes = Uint32Array.from([groups.length, ...groups.map(({ length }) => length)]);
  return Buffer.concat([new Uint8Array(sizes.buffer), ...groups]);
}

/** The chunks of group `group`; none when there is no such group. Throws when the blob is damaged. */
export function unpackGroup(blob: Uint8Array, group: number): IndexedChunk[] {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const nGroup = view.getUint32(0, true);
  if (group >= nGroup) return [];
  let start = 4 * (nGroup + 1);
  for (let i = 0; i < group; i++) start += view.getUint32(4 * (i + 1), true);
  const bytes = blob.subarray(start, start + view.getUint32(4 * (group + 1), true));
  return (JSON.parse(inflateRawSync(bytes).toString('utf8')) as ChunkRow[]).map(fromRow);
}

export function unpackChunks(blob: Uint8Array, nChunk: number): IndexedChunk[] {
  const nGroup = Math.ceil(nChunk / chunksPerGroup);
  return Array.from({ length: nGroup }, (_, group) => unpackGroup(blob, group)).flat();
}

function toRow(c: IndexedChunk): ChunkRow {
  const kind = chunkKinds.indexOf(c.kind);
  return [c.id, c.start, c.endExclusive, kind, c.name, c.header, c.doc, c.startLine, c.endLine, c.text];
}

function fromRow(row: ChunkRow): IndexedChunk {
  const [id, start, endExclusive, kind, name, header, doc, startLine, endLine, text] = row;
  return {
    id,
    start,
    endExclusive,
    kind: chunkKinds[kind] ?? 'text',
    name,
    header,
    doc,
    startLine,
    endLine,
    text,
  };
}

/** What the vector scan holds of a chunk. */
export interface PackedRow {
  readonly kind: number;
  readonly packed: PackedVector;
}

assert(endianness() === 'LE', 'vectors are stored as little-endian machines hold them');

/** `[nChunk] f32 scales, [nChunk] u8 kinds, [nChunk × dims] int8`; the numbers are left out when no chunk has a vector. */
export function packRows(chunks: readonly IndexedChunk[], dims: number): Uint8Array {
  const rows = chunks.map(({ vector }) => {
    assert(vector === undefined || vector.length === dims, 'a vector has the wrong size');
    return packVector(vector ?? new Float32Array(0));
  });
  const hasVectors = rows.some(({ scale }) => scale > 0);
  const blob = new Uint8Array(chunks.length * (5 + (hasVectors ? dims : 0)));
  new Float32Array(blob.buffer, 0, chunks.length).set(rows.map(({ scale }) => scale));
  blob.set(
    chunks.map(({ kind }) => chunkKinds.indexOf(kind)),
    4 * chunks.length,
  );
  if (!hasVectors) return blob;
  const numbers = new Int8Array(blob.buffer, 5 * chunks.length);
  rows.forEach((row, i) => {
    if (row.scale > 0) numbers.set(row.numbers, i * dims);
  });
  return blob;
}

/** Throws when the blob has not the size that `nChunk` and `dims` give it. */
export function unpackRows(blob: Uint8Array, nChunk: number, dims: number): PackedRow[] {
  const hasVectors = blob.length !== 5 * nChunk;
  if (hasVectors && blob.length !== nChunk * (5 + dims)) {
    throw new Error('the index file is malformed: vectors of the wrong size');
  }
  const copy = blob.slice(); // its own buffer, so that floats are aligned
  const scales = new Float32Array(copy.buffer, 0, nChunk);
  const numbers = new Int8Array(copy.buffer, 5 * nChunk);
  return Array.from({ length: nChunk }, (_, i) => ({
    kind: copy[4 * nChunk + i] as number,
    packed: {
      scale: scales[i] as number,
      numbers: hasVectors ? numbers.subarray(i * dims, (i + 1) * dims) : new Int8Array(0),
    },
  }));
}
