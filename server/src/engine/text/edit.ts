/** StringEdit: one replacement of a range by a text; the only way a document changes. */

import { assert } from '../base/assert.ts';
import { OffsetRange } from './range.ts';

/** Replaces `range` of the old text by `text`. */
export class StringEdit {
  constructor(
    readonly range: OffsetRange,
    readonly text: string,
  ) {}

  /** The whole-text replacement. */
  static whole(oldText: string, newText: string): StringEdit {
    return new StringEdit(new OffsetRange(0, oldText.length), newText);
  }

  /** The smallest single replacement that turns `oldText` into `newText`; undefined when equal. */
  static between(oldText: string, newText: string): StringEdit | undefined {
    if (oldText === newText) return undefined;
    const shorter = Math.min(oldText.length, newText.length);
    let prefix = 0;
    while (prefix < shorter && oldText.charCodeAt(prefix) === newText.charCodeAt(prefix)) prefix++;
    let suffix = 0;
    while (
      suffix < shorter - prefix &&
      oldText.charCodeAt(oldText.length - 1 - suffix) === newText.charCodeAt(newText.length - 1 - suffix)
    )
      suffix++;
    return new StringEdit(
      new OffsetRange(prefix, oldText.length - suffix),
      newText.slice(prefix, newText.length - suffix),
    );
  }

  /** The new text. */
  apply(oldText: string): string {
    assert(this.range.endExclusive <= oldText.length, 'edit past the end of its text');
    return oldText.slice(0, this.range.start) + this.text + oldText.slice(this.range.endExclusive);
  }
}
