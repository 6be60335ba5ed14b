/** scanStore: finds chunks by phrases and regular expressions, reading one after the other. */

// Only words are indexed, so a regular expression reads all text that the index holds (some 50 MB/s). The
// expression is a person's, and JavaScript's engine can take forever on a bad one: the host's matcher
// has a time limit for each file, and the scan as a whole has one.

import type { Clock } from '../base/ports.ts';
import { fileFilter } from './file-filter.ts';
import type { TextPattern } from './query.ts';
import type { FileEntry, SearchStore, StoredChunk, StoreFilter } from './store.ts';

/**
 * For each text whether it holds all patterns; the host makes it real. Throws EngineError('query-invalid')
 * for a pattern that takes too long.
 */
export type TextMatcher = (patterns: readonly TextPattern[], texts: readonly string[]) => readonly boolean[];

export interface ScanOptions {
  readonly matcher: TextMatcher;
  readonly filter: StoreFilter | undefined;
  readonly nWanted: number;
  /** Chunks that were looked at before. */
  readonly isKnown: (key: number) => boolean;
  /** Read before all others. */
  readonly firstPaths: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ScanResult {
  readonly chunks: readonly StoredChunk[];
  /** Whether every file was read, or enough was found. */
  readonly isComplete: boolean;
}

/** What a person waits for at most; what was found until then is shown, with a note. */
const maxScanMs = 5_000;

/** Files between two looks at the clock and at messages that came in. */
const sliceFiles = 32;

/** Rejects with the signal's reason. */
export async function scanStore(
  store: SearchStore,
  patterns: readonly TextPattern[],
  { matcher, filter, nWanted, isKnown, firstPaths, clock, signal }: ScanOptions,
): Promise<ScanResult> {
  const accepts = fileFilter(filter);
  const files = await store.files();
  const paths = new Set([...firstPaths.filter((path) => files.has(path)), ...files.keys()]);
  const deadlineMs = clock.nowMs() + maxScanMs;
  const found: StoredChunk[] = [];
  let nRead = 0;
  for (const path of paths) {
    if (!accepts(files.get(path) as FileEntry)) continue;
    const chunks = (await store.chunksOf(path)).filter(
      ({ key, kind }) => !isKnown(key) && (!filter?.kinds || filter.kinds.includes(kind)),
    );
    const holds = matcher(
      patterns,
      chunks.map(({ text }) => text),
    );
    found.push(...chunks.filter((_, i) => holds[i]));
    if (found.length >= nWanted) break;
    // A slow expression may take a second for each file.
    if (++nRead % sliceFiles > 0 && clock.nowMs() <= deadlineMs) continue;
    await clock.yieldToHost();
    signal.throwIfAborted();
    if (clock.nowMs() > deadlineMs) return { chunks: found, isComplete: false };
  }
  return { chunks: found, isComplete: true };
}
