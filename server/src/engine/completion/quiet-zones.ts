/** quietZoneAt: places where suggestions while typing are not wanted: comments, strings, paths, files that say so. */

import { globSource } from '../search/glob.ts';
import type { Region } from '../syntax/brackets.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import type { CompletionSettings } from './request.ts';

/** What a quiet zone is, as the outcome of a request says it. */
export type QuietZone =
  | 'quiet-comment' // settings.inComments is false
  | 'quiet-string' // settings.inStrings is false
  | 'quiet-path' // settings.disabledPaths has it
  | 'quiet-marker'; // the file says `stet: off` above the cursor

/** In a comment or not: whoever writes it means it. `stet: on` ends it. */
const marker = /\bstet:[ \t]*(on|off)\b/g;

/** Text farther above the cursor (UTF-16 units) is not searched for markers. */
const maxMarkerChars = 200_000;

/** Why nothing is suggested at `offset` unless asked for; undefined where it is no quiet zone. `preceding`: earlier cells. */
export function quietZoneAt(
  { uri, text }: DocumentSnapshot,
  offset: number,
  region: Region | undefined,
  { inComments = true, inStrings = true, disabledPaths = [] }: CompletionSettings,
  preceding = '',
): QuietZone | undefined {
  if (disabledPaths.some((glob) => matches(glob, uri))) return 'quiet-path';
  const above = (preceding + text.slice(0, offset)).slice(-maxMarkerChars);
  if ([...above.matchAll(marker)].at(-1)?.[1] === 'off') return 'quiet-marker';
  if (region === 'comment' && !inComments) return 'quiet-comment';
  if (region === 'string' && !inStrings) return 'quiet-string';
  return undefined;
}

/** Expressions by glob: the setting is read on every key and hardly ever changes. */
const expressions = new Map<string, RegExp>();

/** Globs that are kept; a setting has fewer. */
const maxExpressions = 200;

function matches(glob: string, uri: string): boolean {
  let expression = expressions.get(glob);
  if (!expression) {
    if (expressions.size >= maxExpressions) expressions.clear();
    expression = new RegExp(globSource(glob));
    expressions.set(glob, expression);
  }
  return expression.test(pathOf(uri));
}

function pathOf(uri: string): string {
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:(\/\/[^/]*)?/i, '').replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a stray % in an untitled document's name
  }
}
