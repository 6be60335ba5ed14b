/** ShownSuggestions: answers from the suggestion on screen while the user types along it, without the model. */

import { Lru } from '../base/lru.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import type { Suggestion } from './request.ts';

interface Shown {
  readonly suggestion: Suggestion;
  /** The document's: an editor in which it is changed opens the document anew. */
  readonly languageId: string;
  /** The document around the range that the suggestion replaces. */
  readonly before: string;
  readonly after: string;
  /** What was read before the document: earlier cells of its notebook. */
  readonly preceding: string;
  /** Cursor and the text between it and the range's end when it was made. */
  readonly offset: number;
  readonly rest: string;
}

/** Documents in which a suggestion is remembered at the same time: more than anyone types in at once. */
const nDocuments = 8;

/** What an editor puts after the cursor by itself while one types: closers, quotes, a line break. */
const autoClosed = /^[)\]}>'"`\s]*$/;

/**
 * Owner of the suggestion on screen, one per document. It fits as long as the document is the old
 * one with a beginning of the suggestion typed into it; what was typed may also be deleted again.
 * A suggestion that does not fit now may fit after the next undo, so only a newer one replaces it.
 */
export class ShownSuggestions {
  private readonly shown = new Lru<string, Shown>(nDocuments);

  /** `offset`: the cursor in `snapshot` for which the suggestion was made. */
  remember(suggestion: Suggestion, snapshot: DocumentSnapshot, offset: number, preceding = ''): void {
    const { uri, languageId, text } = snapshot;
    this.shown.set(uri, {
      suggestion,
      languageId,
      before: text.slice(0, suggestion.start),
      after: text.slice(suggestion.endExclusive),
      preceding,
      offset,
      rest: text.slice(offset, suggestion.endExclusive),
    });
  }

  /** What remains of the suggestion at `offset`; undefined when it does not fit or all of it is typed. */
  match(snapshot: DocumentSnapshot, offset: number, preceding = ''): Suggestion | undefined {
    const { uri, languageId, text } = snapshot;
    const shown = this.shown.get(uri);
    if (shown?.languageId !== languageId || shown.preceding !== preceding) return undefined;
    const { suggestion, before, after } = shown;
    const { start } = suggestion;
    const endExclusive = text.length - after.length;
    if (offset < shown.offset || offset > endExclusive) return undefined;
    const typed = text.slice(start, offset);
    const remaining = suggestion.text.slice(typed.length);
    if (remaining.trim() === '' || !suggestion.text.startsWith(typed)) return undefined;
    const found = text.slice(offset, endExclusive);
    if (!fitsRest(found, shown.rest, remaining)) return undefined;
    if (!text.startsWith(before) || !text.endsWith(after)) return undefined;
    const { id } = suggestion;
    if (!found.includes('\n')) return { id, text: remaining, start: offset, endExclusive };
    // Enter put the closers on a line of their own. Editors draw nothing that replaces beyond its line, so they stay.
    const kept = remaining.endsWith(found) ? remaining.slice(0, -found.length) : '';
    return kept.trim() === '' ? undefined : { id, text: kept, start: offset, endExclusive: offset };
  }

  /** Forgets the suggestion of one document, or of all. */
  clear(uri?: string): void {
    if (uri === undefined) this.shown.clear();
    else this.shown.delete(uri);
  }
}

/** What stands between cursor and range end must be what stood there, or closers that will be written. */
function fitsRest(found: string, rest: string, remaining: string): boolean {
  if (found === rest) return true;
  if (!autoClosed.test(found)) return false;
  let at = 0;
  for (const char of found) {
    at = remaining.indexOf(char, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
