/** Marked text: tests write the cursor as █ and ghost text in brackets, `foo[bar]`. */

import { assert } from '../base/assert.ts';

export interface MarkedText {
  readonly text: string;
  /** Of the cursor. */
  readonly offset: number;
  readonly before: string;
  readonly after: string;
}

/** `foo█bar` → the text without the mark, and where the mark stood. */
export function parseMarked(marked: string): MarkedText {
  const offset = marked.indexOf('█');
  assert(offset >= 0 && offset === marked.lastIndexOf('█'), 'marked text needs exactly one █');
  const before = marked.slice(0, offset);
  const after = marked.slice(offset + 1);
  return { text: before + after, offset, before, after };
}

/** A suggestion that replaces [start, endExclusive) of a text. */
export interface Insertion {
  readonly text: string;
  readonly start: number;
  readonly endExclusive: number;
}

/**
 * How the editor shows it: what is new in brackets, what stays outside of them (`f([a]);`). Replaced
 * text that does not occur in the new one, in order, could not be shown at all: it comes as `{-x-}`.
 */
export function renderGhost(text: string, { text: inserted, start, endExclusive }: Insertion): string {
  const replaced = text.slice(start, endExclusive);
  let ghost = '';
  let isOpen = false;
  let kept = 0;
  for (const char of inserted) {
    const isKept = kept < replaced.length && replaced.startsWith(char, kept);
    if (isKept) kept += char.length;
    if (isKept === isOpen) ghost += isOpen ? ']' : '[';
    isOpen = !isKept;
    ghost += char;
  }
  if (isOpen) ghost += ']';
  if (kept < replaced.length) ghost += `{-${replaced.slice(kept)}-}`;
  return text.slice(0, start) + ghost + text.slice(endExclusive);
}
