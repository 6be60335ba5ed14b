/** PackedFile: the chunks of one file, and their vectors, as the two blobs in which the store keeps them. */

// A blob a file, not a row a chunk: a fifth of the space, and an update writes two rows.

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

export function packChunks(chunks: readonly IndexedChunk[]): Uint8Array {
  const rows = chunks.map((c) => [
    c.id, c.start, c.endExclusive, chunkKinds.indexOf(c.kind), c.name, c.header, c.doc, c.startLine, c.endLine, c.text,
  ]); // biome-ignore format: as in unpackChunks
  return deflateRawSync(JSON.stringify(rows), { level: compressionLevel });
}

type ChunkRow = [string, number, number, number, string, string, string, number, number, string];

export function unpackChunks(blob: Uint8Array): IndexedChunk[] {
  const rows = JSON.parse(inflateRawSync(blob).toString('utf8')) as ChunkRow[];
  return rows.map(
    ([id, start, endExclusive, kind, name, header, doc, startLine, endLine, text]) => ({
      id, start, endExclusive, kind: chunkKinds[kind] ?? 'text', name, header, doc, startLine, endLine, text,
    }), // biome-ignore format: as in packChunks
  );
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
