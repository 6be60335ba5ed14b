/** BracketScanner: follows brackets, strings and comments through a text that may still be growing. */

// A completion is judged while it is written, and code around a cursor rarely parses: so stop rules
// stand on this scanner, which looks only backwards and costs well under a microsecond a character.
// It is not a lexer of any language: `'` in JSX text or an odd regular expression may mislead it
// until the end of the line, never further.

import type { Language } from './languages.ts';

/** An opening bracket: `offset` counts in the text that was scanned when it was met. */
export interface OpenBracket {
  readonly char: string;
  readonly offset: number;
  /** Width of the white space that starts its line. */
  readonly indent: number;
  /** It is the `${` of a template string, so its closer leads back into the string. */
  readonly isTemplate: boolean;
}

/** What a step did that a stop rule wants to know. */
export type BracketEvent =
  /** Closed a bracket that was open when the scanner was forked (`depth` 0: the innermost of them). */
  | { readonly kind: 'closed-outer'; readonly depth: number; readonly opener: OpenBracket }
  /** A closing bracket without an opening one. */
  | { readonly kind: 'stray-closer' }
  /** Ended the string or block comment in which the scanner was forked. */
  | { readonly kind: 'left-region' };

/** Where the scanner stands. */
export type Region = 'code' | 'string' | 'comment';

const closerOf: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** White-space width of a line's start, tabs to multiples of this: only comparisons matter. */
const tabWidth = 4;

/** Call `step` for each offset in turn. */
export class BracketScanner {
  private stack: OpenBracket[] = [];
  private nOuter = 0; // brackets [0, nOuter) of the stack were open at the fork and still are
  private nForked = 0;
  private closer = ''; // what ends the region; '\n' for a line comment
  private regionStart = -1;
  private current: Region | 'regex' = 'code';
  private isForkRegion = false;
  private isInClass = false; // […] in a regular expression
  private lastSolid = ''; // the last character of code that is no white space
  private indent = 0;
  private isLineStart = true;
  private emptyStringEnd = -1; // the offset after an empty string: a third quote makes it a long one

  private readonly triggers: string; // every character that may complete the start of a string or comment

  constructor(private readonly language: Language) {
    const { lineComments, blockComment, quotes, longQuotes, hasRegex } = language;
    const starts = [...lineComments, ...longQuotes, ...quotes, blockComment?.[0] ?? '', hasRegex ? '/' : ''];
    this.triggers = starts.map((start) => start.slice(-1)).join('');
  }

  /** A scanner that goes on from here in another text, and calls what is open now outer. */
  fork(): BracketScanner {
    const copy = new BracketScanner(this.language);
    Object.assign(copy, this);
    copy.stack = [...this.stack];
    copy.nOuter = copy.nForked = this.stack.length;
    copy.isForkRegion = this.current !== 'code';
    copy.regionStart = -1;
    copy.emptyStringEnd = -1;
    return copy;
  }

  /** As `fork`, but nothing is open: every closer of an outer bracket comes out as a stray one. */
  forkBare(): BracketScanner {
    const copy = this.fork();
    copy.stack = [];
    copy.nOuter = copy.nForked = 0;
    return copy;
  }

  /** Corrects what the scanner believes, by someone who parsed: only `code` can be put right. */
  assume(region: Region): this {
    if (region !== 'code' || this.current === 'code') return this;
    this.current = 'code';
    this.closer = '';
    this.lastSolid = '"';
    return this;
  }

  get region(): Region {
    return this.current === 'regex' ? 'string' : this.current;
  }

  /** What ends the present string or comment; empty in code. */
  get regionCloser(): string {
    return this.closer;
  }

  /** The open brackets, outermost first. */
  get open(): readonly OpenBracket[] {
    return this.stack;
  }

  /** How many brackets were opened since the fork and not closed. */
  get nOpenedHere(): number {
    return this.stack.length - this.nOuter;
  }

  /** How many brackets that were open at the fork have been closed since. */
  get nOuterClosed(): number {
    return this.nForked - this.nOuter;
  }

  /** Scans the character at `offset` of `text`; offsets must come in order, none left out. */
  step(text: string, offset: number): BracketEvent | undefined {
    const char = text.charAt(offset);
    if (char === '\n') this.startLine();
    else if (this.isLineStart) this.measureIndent(char);
    if (this.current === 'code') return this.stepCode(text, offset, char);
    return this.stepRegion(text, offset, char);
  }

  /** Scans `text` from `start` to its end. */
  run(text: string, start = 0): this {
    for (let offset = start; offset < text.length; offset++) this.step(text, offset);
    return this;
  }

  private startLine(): void {
    this.indent = 0;
    this.isLineStart = true;
  }

  private measureIndent(char: string): void {
    if (char === ' ') this.indent++;
    else if (char === '\t') this.indent += tabWidth - (this.indent % tabWidth);
    else if (char !== '\r') this.isLineStart = false;
  }

  private stepRegion(text: string, offset: number, char: string): BracketEvent | undefined {
    const { closer } = this;
    const isEscaped = this.hasEscapes() && isEscapedAt(text, offset, this.regionStart);
    if (isEscaped) return undefined;
    if (char === '\n' && closer.length === 1 && closer !== '`') return this.leave(false); // not closed, or a line comment
    if (this.current === 'comment' && closer === '\n') {
      this.becomeLongComment(text, offset);
      return undefined;
    }
    if (this.current === 'regex') {
      if (offset === this.regionStart + 1 && (char === '/' || char === '*')) return this.commentInstead(char);
      if (char === '[') this.isInClass = true;
      else if (char === ']') this.isInClass = false;
      if (this.isInClass) return undefined;
    }
    if (closer === '`' && this.language.hasTemplates && char === '{' && text.charAt(offset - 1) === '$') {
      this.push('{', offset, true);
      this.current = 'code';
      this.closer = '';
      this.lastSolid = '{';
      return undefined;
    }
    if (!endsAt(text, offset, closer, this.regionStart)) return undefined;
    if (closer.length === 1 && offset === this.regionStart + 1) this.emptyStringEnd = offset + 1;
    return this.leave(true);
  }

  private hasEscapes(): boolean {
    return this.current !== 'comment' && (this.closer !== '`' || this.language.hasTemplates);
  }

  /** Lua's `--[[` begins like its `--`. */
  private becomeLongComment(text: string, offset: number): void {
    const [open, close] = this.language.blockComment ?? ['', ''];
    if (offset - this.regionStart >= open.length || !endsAt(text, offset, open, -1)) return;
    if (this.language.lineComments.some((line) => open.startsWith(line))) this.closer = close;
  }

  /** What began like a regular expression is a comment. */
  private commentInstead(char: string): undefined {
    const [open, close] = this.language.blockComment ?? ['', ''];
    this.current = 'comment';
    this.closer = char === '*' && open === '/*' ? close : '\n';
    this.regionStart++; // so that the star of /* is not taken for that of */
  }

  private leave(isClosed: boolean): BracketEvent | undefined {
    const isEvent = this.isForkRegion && isClosed;
    this.isForkRegion = false;
    if (this.current !== 'comment') this.lastSolid = '"';
    this.current = 'code';
    this.closer = '';
    return isEvent ? { kind: 'left-region' } : undefined;
  }

  private stepCode(text: string, offset: number, char: string): BracketEvent | undefined {
    if (isWordCode(char.charCodeAt(0))) {
      this.lastSolid = char;
      return undefined;
    }
    if (char <= ' ') return undefined;
    if (this.triggers.includes(char) && this.opensRegion(text, offset, char)) return undefined;
    const isCharLiteral =
      this.language.hasLifetimes && text.charAt(offset - 1) === "'" && text.charAt(offset + 1) === "'";
    if (isCharLiteral) return undefined;
    this.lastSolid = char;
    if (char === '(' || char === '[' || char === '{') this.push(char, offset, false);
    else if (char === ')' || char === ']' || char === '}') return this.pop(char);
    return undefined;
  }

  private opensRegion(text: string, offset: number, char: string): boolean {
    const { lineComments, blockComment, quotes, longQuotes, hasRegex } = this.language;
    if (blockComment && endsAt(text, offset, blockComment[0], -1)) {
      return this.enter('comment', blockComment[1], offset);
    }
    for (const open of lineComments) {
      if (!endsAt(text, offset, open, -1)) continue;
      const isWord = open === '#' && /\S/.test(text.charAt(offset - 1)); // $#, a#b
      if (!isWord) return this.enter('comment', '\n', offset);
    }
    for (const long of longQuotes) {
      const isLong =
        long.length === 1 ? char === long : this.emptyStringEnd === offset && endsAt(text, offset, long, -1);
      if (isLong) return this.enter('string', long, offset);
    }
    if (quotes.includes(char)) return this.enter('string', char, offset);
    if (hasRegex && char === '/' && startsValue(this.lastSolid, text, offset)) {
      this.isInClass = false;
      return this.enter('regex', '/', offset);
    }
    return false;
  }

  private enter(region: Region | 'regex', closer: string, offset: number): true {
    this.current = region;
    this.closer = closer;
    this.regionStart = offset;
    return true;
  }

  private push(char: string, offset: number, isTemplate: boolean): void {
    this.stack.push({ char, offset, indent: this.indent, isTemplate });
  }

  private pop(char: string): BracketEvent | undefined {
    let at = this.stack.length - 1;
    if (closerOf[this.stack[at]?.char ?? ''] !== char) {
      at = this.stack.findLastIndex((open) => closerOf[open.char] === char);
      // A closer of an outer kind while inner brackets are open: only what was opened here is given up.
      if (at < 0 || (at < this.nOuter && this.stack.length > this.nOuter)) return { kind: 'stray-closer' };
    }
    const opener = this.stack[at] as OpenBracket;
    this.stack.length = at;
    if (opener.isTemplate) {
      this.current = 'string';
      this.closer = '`';
      this.regionStart = -1;
    }
    if (at >= this.nOuter) return undefined;
    this.nOuter = at;
    return { kind: 'closed-outer', depth: this.nForked - 1 - at, opener };
  }
}

/** Width of the white space at the start of `line`. */
export function indentOf(line: string): number {
  let width = 0;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === ' ') width++;
    else if (char === '\t') width += tabWidth - (width % tabWidth);
    else break;
  }
  return width;
}

/** The closing bracket of an opening one. */
export function closingBracket(char: string): string | undefined {
  return closerOf[char];
}

/** True when `word` lies in `text` just up to and including `offset`, not reaching back past `after`. */
function endsAt(text: string, offset: number, word: string, after: number): boolean {
  const start = offset - word.length + 1;
  return start > after && start >= 0 && text.startsWith(word, start);
}

/** True when an odd number of backslashes precedes `offset`. */
function isEscapedAt(text: string, offset: number, after: number): boolean {
  let n = 0;
  while (offset - 1 - n > after && text.charCodeAt(offset - 1 - n) === 92) n++;
  return n % 2 === 1;
}

/** ASCII letters, digits, underscore, and everything beyond ASCII. */
function isWordCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code > 127
  );
}

/** A slash at `offset` cannot be a division. */
function startsValue(lastSolid: string, text: string, offset: number): boolean {
  if (lastSolid === '' || '(,=:[!&|?{};+-*%<>~^'.includes(lastSolid)) return true;
  const before = text.slice(Math.max(0, offset - 12), offset);
  return /\b(?:return|typeof|case|in|of|do|else|await|yield|void|delete|throw)\s*$/.test(before);
}
