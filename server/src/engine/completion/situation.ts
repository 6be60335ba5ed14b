/** Situation: where a request wants a text, and why it may get none at all. */

import type { Region } from '../syntax/brackets.ts';
import { type Place, type Surroundings, surroundingsOf } from '../syntax/surroundings.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import type { CompletionOutcome, CompletionRequest } from './request.ts';
import { isSecretFile } from './secrets.ts';

/** The place to complete at, as if the editor's selected completion were already typed. */
export interface Situation {
  readonly place: Place & { readonly surroundings: Surroundings };
  /** What a suggestion replaces, before `replaceAfter` is added. */
  readonly start: number;
  readonly end: number;
  /** The selected completion, with which the suggestion begins. */
  readonly typed: string;
}

/** `preceding` is read as if it stood before the document: earlier cells of its notebook. */
export function situationOf(
  { text, languageId }: DocumentSnapshot,
  { offset, selected }: Pick<CompletionRequest, 'offset' | 'selected'>,
  region: Region | undefined,
  preceding: string,
): Situation {
  const start = selected?.start ?? offset;
  const end = Math.max(selected?.endExclusive ?? offset, offset);
  const typed = selected?.text ?? '';
  const textBefore = preceding + text.slice(0, start) + typed;
  const textAfter = text.slice(end);
  const documentStart = preceding.length;
  const place = { textBefore, textAfter, documentStart, languageId, ...(region && { region }) };
  return { start, end, typed, place: { ...place, surroundings: surroundingsOf(place) } };
}

/** Why no suggestion can be made here at all, if so. */
export function refuse(
  snapshot: DocumentSnapshot,
  request: CompletionRequest,
): CompletionOutcome | undefined {
  const { uri, text, version } = snapshot;
  const { offset, settings, trigger } = request;
  if (request.version !== version) return 'stale';
  if (isSecretFile(uri)) return 'secret';
  if (text.length > settings.maxFileSizeKb * 1024) return 'too-large';
  if (text.includes('\0')) return 'binary';
  if (offset < 0 || offset > text.length || isInsideSurrogatePair(text, offset)) return 'bad-position';
  if (trigger === 'automatic' && isInsideWord(text, offset)) return 'mid-word';
  return undefined;
}

function isInsideSurrogatePair(text: string, offset: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, offset - 1), offset + 1));
}

function isInsideWord(text: string, offset: number): boolean {
  return offset > 0 && /^[\p{L}\p{N}_$]{2}$/u.test(text.slice(offset - 1, offset + 1));
}
