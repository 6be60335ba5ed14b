/** fileFilter: the part of a search's filter that speaks of files, as a function. */

import { globSource } from './glob.ts';
import type { FileEntry, StoreFilter } from './store.ts';

/** Whether a file passes; `kinds` speaks of chunks and is not looked at. */
export function fileFilter(
  filter: StoreFilter | undefined,
): (file: Pick<FileEntry, 'path' | 'languageId' | 'mtimeMs'>) => boolean {
  const languages = filter?.languageIds && new Set(filter.languageIds);
  const paths = filter?.paths?.map((glob) => new RegExp(globSource(glob)));
  const since = filter?.changedSinceMs ?? Number.NEGATIVE_INFINITY;
  return ({ path, languageId, mtimeMs }) =>
    mtimeMs >= since &&
    (!languages || languages.has(languageId)) &&
    (!paths || paths.some((pattern) => pattern.test(path)));
}
