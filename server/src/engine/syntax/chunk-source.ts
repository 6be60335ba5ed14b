/** chunkSource: chunks of a text that is not open: parses it once, within limits, and deletes the tree. */

import type { Clock } from '../base/ports.ts';
import type { Chunk } from './chunk.ts';
import { chunkText, maxTreeLength } from './chunker.ts';
import type { Parsers } from './parsers.ts';

/** A parse that takes longer is given up, and the text is cut by lines: 200 kB take about 80 ms. */
const maxParseMs = 2000;

/** Waits only for a grammar that is not loaded yet. `parsers` is absent where tree-sitter is not to be had. */
export async function chunkSource(
  text: string,
  languageId: string,
  parsers: Parsers | undefined,
  clock: Clock,
): Promise<Chunk[]> {
  const parser = text.length > maxTreeLength ? undefined : await parsers?.of(languageId);
  if (!parser) return chunkText(text, languageId, undefined);
  const deadlineMs = clock.nowMs() + maxParseMs;
  const tree = parser.parse(text, undefined, { progressCallback: () => clock.nowMs() > deadlineMs });
  if (!tree) parser.reset(); // else the next parse would go on with this text
  try {
    return chunkText(text, languageId, tree ?? undefined);
  } finally {
    tree?.delete();
  }
}
