/** SegmentTokenizer: tokenises a text by line segments and remembers each, so that an edit costs one segment. */

// BPE never merges across the pieces of its pre-tokenizer, so a text may be cut wherever two pieces
// always meet. Where that is depends on the tokenizer: GPT-2's pattern ties a newline to the
// indentation after it, cl100k's and Qwen's tie it to the punctuation before it. So the rule is found
// by a probe when the model is loaded; a tokenizer that fits none is never cut, slower but right.

import { Lru } from '../base/lru.ts';
import { type Tokenizer, wellFormed } from './tokenizer.ts';

/** The ids of a text and where each token ends in it. */
export interface TokenSpans {
  readonly ids: Int32Array;
  /**
   * For each token the offset (UTF-16) in the text at which it ends, exact; a token that ends inside
   * a character has the start of that character. Ascending; the last one is the text's length.
   */
  readonly ends: Int32Array;
}

/** Where a text may be cut: before a newline run with the blanks before it, after it, or nowhere. */
export type CutRule = 'before-newlines' | 'after-newlines' | 'none';

/** Segments kept: some 20 files of 1000 lines; about 200 bytes each. More helps only huge projects. */
const nSegmentsKept = 20_000;

/** The segments of a text that the rule never cuts are as long as the text: too big to keep many. */
const maxKeptLength = 2_000;

interface Segment {
  readonly ids: Int32Array;
  ends: Int32Array | undefined; // relative to the segment's start; worked out when first asked for
}

/** Owner of the segment cache of one tokenizer. */
export class SegmentTokenizer {
  readonly rule: CutRule;
  private readonly segments = new Lru<string, Segment>(nSegmentsKept);

  constructor(readonly tokenizer: Tokenizer) {
    this.rule = findRule(tokenizer);
  }

  /** Equal to `tokenizer.encode(text)`, always. */
  encode(text: string): Int32Array {
    const parts = cut(text, this.rule).map((segment) => this.segment(segment).ids);
    return concat(parts);
  }

  /** The ids as `encode`, with the offsets at which they end. */
  spans(text: string): TokenSpans {
    const ids: Int32Array[] = [];
    const ends: Int32Array[] = [];
    let start = 0;
    for (const segmentText of cut(text, this.rule)) {
      const segment = this.segment(segmentText);
      segment.ends ??= endsOf(this.tokenizer, segmentText, segment.ids);
      const offset = start;
      ids.push(segment.ids);
      ends.push(segment.ends.map((end) => end + offset));
      start += segmentText.length;
    }
    return { ids: concat(ids), ends: concat(ends) };
  }

  private segment(text: string): Segment {
    const known = this.segments.get(text);
    if (known) return known;
    const segment: Segment = { ids: this.tokenizer.encode(text), ends: undefined };
    if (text.length <= maxKeptLength) this.segments.set(text, segment);
    return segment;
  }
}

/** `text` in segments that join to it again; none of them empty. */
export function cut(text: string, rule: CutRule): string[] {
  if (text.length === 0) return [];
  if (rule === 'none') return [text];
  const segments: string[] = [];
  let start = 0;
  for (let newline = text.indexOf('\n'); newline >= 0; ) {
    // The whole run of blanks around this newline, with any further newlines.
    let first = newline;
    while (first > start && isBlank(text.charCodeAt(first - 1))) first--;
    let last = newline;
    let end = newline + 1;
    for (; end < text.length && isBlank(text.charCodeAt(end)); end++) {
      if (text.charCodeAt(end) === 10) last = end;
    }
    const at = rule === 'before-newlines' ? first : last + 1;
    // Odd spaces (form feed, U+00A0, …) may tie the run to themselves: then it is not cut.
    const isPlainRun = isSolid(text, first - 1) && (end === text.length || isSolid(text, end));
    if (isPlainRun && at > start && at < text.length) {
      segments.push(text.slice(start, at));
      start = at;
    }
    newline = text.indexOf('\n', end);
  }
  segments.push(text.slice(start));
  return segments;
}

/** Space, tab, line feed, carriage return. */
function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 9 || code === 13;
}

/** True for a character that is no white space of any kind; false before the text's start. */
function isSolid(text: string, offset: number): boolean {
  const code = text.charCodeAt(offset);
  if (code > 32 && code < 127) return true;
  return offset >= 0 && !/[\s\u0000-\u0020\u007f-\u00a0\u180e\u200b\ufeff]/.test(text.charAt(offset));
}

function concat(parts: readonly Int32Array[]): Int32Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Int32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function endsOf(tokenizer: Tokenizer, text: string, ids: Int32Array): Int32Array {
  const ends = new Int32Array(ids.length);
  let offset = 0; // UTF-16, always at a character's start
  let sizeBytes = 0; // of the text before `offset`
  let wantedBytes = 0;
  for (let i = 0; i < ids.length; i++) {
    wantedBytes += tokenizer.bytesOf(ids[i] as number).length;
    while (offset < text.length) {
      const code = text.codePointAt(offset) as number;
      const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      if (sizeBytes + size > wantedBytes) break;
      sizeBytes += size;
      offset += size === 4 ? 2 : 1;
    }
    ends[i] = offset;
  }
  return ends;
}

/** The first rule under which cutting never changed the pieces or the ids of any probe. */
function findRule(tokenizer: Tokenizer): CutRule {
  const texts = probes();
  for (const rule of ['before-newlines', 'after-newlines'] as const) {
    const isExact = texts.every((text) => {
      const segments = cut(text, rule);
      const pieces = segments.flatMap((segment) => [...tokenizer.pieces(segment)]);
      if (!isEqual(pieces, tokenizer.pieces(text))) return false;
      return isEqual(concat(segments.map((segment) => tokenizer.encode(segment))), tokenizer.encode(text));
    });
    if (isExact) return rule;
  }
  return 'none';
}

/** Every kind of line break between every kind of neighbour: about 6000 characters in all. */
function probes(): string[] {
  const solids = [
    'foo',
    'x1',
    '{',
    ');',
    '"',
    "'s",
    'é',
    '日本',
    '🙂',
    '_',
    '12345',
    '//',
    '*/',
    '\\',
    '#',
    ',',
    '=>',
  ];
  const runs = [
    '\n',
    '\r\n',
    '\n\n',
    '\n    ',
    '\n\t',
    '  \n  ',
    '\r\n\r\n    ',
    '\n \n',
    '\t\r\n\t\t',
    '\n\n\n\n\n        ',
    ' \n ',
  ];
  return runs.map((run, shift) => {
    const before = solids.map((solid, i) => `${solid}${run}${solids[(i * 5 + shift) % solids.length]}`);
    return wellFormed(before.join(' '));
  });
}

function isEqual<T>(a: ArrayLike<T>, b: ArrayLike<T>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
