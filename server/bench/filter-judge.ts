/** judgeEdit: what a filter made of a model's output, seen by whoever accepts it. */

import type { FilterCase } from '../src/engine/testing/filter-cases.ts';
import { parseMarked } from '../src/engine/testing/marked-text.ts';

/**
 * `right`: just what is wanted. `shorter`: its first lines. `nothing`: something right was dropped.
 * `wrong`: the document would hold what nobody wants there.
 */
export const verdicts = ['right', 'shorter', 'nothing', 'wrong'] as const;
export type Verdict = (typeof verdicts)[number];

/** A cursor in a document, what a model wrote there, and the document that a person wants. */
export interface FilterQuestion {
  readonly languageId: string;
  readonly textBefore: string;
  readonly textAfter: string;
  readonly generated: string;
  /** Between what stands before the cursor and what stands behind it; '' for nothing. */
  readonly wanted: string;
}

/** What a filter would insert, and how much behind the cursor it replaces; undefined: nothing is shown. */
export type Edit = { readonly text: string; readonly replaceAfter: number } | undefined;

export function judgeEdit({ textBefore, textAfter, wanted }: FilterQuestion, edit: Edit): Verdict {
  const whole = (text: string, replaceAfter = 0) => textBefore + text + textAfter.slice(replaceAfter);
  const result = edit ? whole(edit.text, edit.replaceAfter) : whole('');
  if (result === whole(wanted)) return 'right';
  if (result === whole('')) return 'nothing';
  const lines = wanted.split('\n');
  for (let n = lines.length - 1; n > 0; n--) {
    const begun = lines.slice(0, n).join('\n').trimEnd();
    if (begun !== '' && result === whole(begun)) return 'shorter';
  }
  return 'wrong';
}

/** What a case of marked text asks. */
export function questionOf({ before, after, generated, languageId }: FilterCase): FilterQuestion {
  const { text, before: textBefore, after: textAfter } = parseMarked(before);
  const wantedDocument = after?.replace(/[[\]]/g, '') ?? text; // no case has brackets of its own
  const wanted = wantedDocument.slice(textBefore.length, wantedDocument.length - textAfter.length);
  return { languageId, textBefore, textAfter, generated, wanted };
}
