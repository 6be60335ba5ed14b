/** embedChunk: the vector that an index holds of a chunk. */

import type { Chunk } from '../syntax/chunk.ts';
import type { Encoder } from './encoder.ts';

/**
 * [dims], of unit length, or zero where no word is known. `relativePath` starts at the workspace folder:
 * the folders above it are the same for every chunk and say nothing.
 */
export function embedChunk(
  encoder: Encoder,
  chunk: Pick<Chunk, 'name'> & { readonly text: string },
  relativePath: string,
): Float32Array {
  return encoder.embedDocument({ name: chunk.name, path: relativePath, code: chunk.text });
}
