/** filterSql: a StoreFilter as a condition on `files f` and `chunks c`. */

import { globSource } from '../../engine/search/glob.ts';
import type { StoreFilter } from '../../engine/search/store.ts';

export interface FilterSql {
  /** '' where there is nothing to filter. */
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** `firstParameter` is the number of the first `$n` that it may use. */
export function filterSql(filter: StoreFilter | undefined, firstParameter: number): FilterSql {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const add = (condition: (parameter: string) => string, value: unknown) => {
    conditions.push(condition(`$${firstParameter + values.length}`));
    values.push(value);
  };
  const { languageIds, kinds, paths, changedSinceMs } = filter ?? {};
  if (languageIds) add((parameter) => `f.language_id = ANY(${parameter})`, languageIds);
  if (kinds) add((parameter) => `c.kind = ANY(${parameter})`, kinds);
  if (paths) add((parameter) => `f.path ~ ANY(${parameter})`, paths.map(globSource));
  if (changedSinceMs !== undefined) add((parameter) => `f.mtime_ms >= ${parameter}`, changedSinceMs);
  return { sql: conditions.join(' AND '), values };
}
