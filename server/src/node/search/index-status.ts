/** IndexStatus in words: what people read of how the index is. */

import type { IndexStatus } from '../../engine/search/code-search.ts';
import type { IndexProgress } from '../../engine/search/indexer.ts';
import type { StoreStats } from '../../engine/search/store.ts';

export function emptyStatus(state: IndexStatus['state'], detail: string): IndexStatus {
  return { state, nFiles: 0, nFilesDone: 0, nChunks: 0, sizeBytes: 0, detail };
}

export function offStatus(isEnabled: boolean): IndexStatus {
  return emptyStatus(
    'off',
    isEnabled ? 'No folder is open.' : 'Search is turned off; the setting stet.search.enable turns it on.',
  );
}

/** `stats` undefined: the store does not answer. */
export function statusOf(progress: IndexProgress, stats: StoreStats | undefined): IndexStatus {
  const { nFiles: nStored = 0, nChunks = 0, sizeBytes = 0 } = stats ?? {};
  const waiting = progress.nFiles - progress.nDone;
  const nFiles = Math.max(nStored, nStored + waiting);
  const counts = { nFiles, nFilesDone: nFiles - waiting, nChunks, sizeBytes };
  const percent = nFiles > 0 ? Math.floor((100 * counts.nFilesDone) / nFiles) : 0;
  const tail = progress.isTruncated ? ' Further files are left out: stet.search.maxFiles.' : '';
  switch (progress.state) {
    case 'listing':
      return { ...counts, state: 'indexing', detail: 'Looking for files…' };
    case 'indexing':
      return { ...counts, state: 'indexing', detail: `Indexing, ${percent} % of ${nFiles} files.${tail}` };
    case 'paused':
      return {
        ...counts,
        state: 'paused',
        detail:
          waiting > 0
            ? `Indexing is paused at ${percent} % of ${nFiles} files.`
            : `Indexing is paused: ${nStored} files are indexed, and changes are not followed.`,
      };
    case 'error':
      return { ...counts, state: 'error', detail: progress.error?.message ?? 'Indexing stopped.' };
    case 'ready':
      return { ...counts, state: 'ready', detail: `${nStored} files are indexed.${tail}` };
  }
}
