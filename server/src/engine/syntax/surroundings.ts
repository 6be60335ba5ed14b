/** Surroundings: what stop rules and trimming need to know of the place where a text will be inserted. */

// It is made of the text alone, without a tree: around a cursor the code is unfinished, and a parser's
// guess at how it might go on is worth less than brackets and indentation. It costs one scan of the
// text around the cursor, about 1 ms per 40,000 characters.

import { BracketScanner, closingBracket, indentOf, type OpenBracket, type Region } from './brackets.ts';
import { type Language, languageOf } from './languages.ts';

/** A cursor: the whole text around it. */
export interface Place {
  readonly textBefore: string;
  readonly textAfter: string;
  /** Where the document begins in `textBefore`: before it stand earlier cells of its notebook; 0 when absent. */
  readonly documentStart?: number;
  /** VS Code language id. */
  readonly languageId: string;
  /** What a syntax tree says the cursor is in (`scopes.ts`), when it is sure. */
  readonly region?: Region | undefined;
}

/** A closing bracket that stands after the cursor and closes one that was opened before it. */
export type Supply = 'none' | 'on-cursor-line' | 'below';

export interface Surroundings {
  readonly language: Language;
  /** The document's line break. */
  readonly eol: '\n' | '\r\n';
  /** The cursor's line before and after the cursor, without line break. */
  readonly linePrefix: string;
  readonly lineRest: string;
  /** The nearest non-blank lines above the cursor's line, in the document's order. */
  readonly linesAbove: readonly string[];
  /** The nearest non-blank lines below it. */
  readonly linesBelow: readonly string[];
  /** Where the cursor stands; fork it, never step it. */
  readonly scanner: BracketScanner;
  /** For each open bracket, innermost first, whether the text after the cursor closes it. */
  readonly supplies: readonly Supply[];
}

/** Text farther from the cursor (UTF-16 units) is not looked at: far more than any one block. */
const maxScanBefore = 60_000;
const maxScanAfter = 20_000;

/** Lines that a suggestion may repeat: more than it can have. */
const nLinesKept = 60;

export function surroundingsOf(place: Place): Surroundings {
  const { textBefore, textAfter, languageId, documentStart = 0 } = place;
  const language = languageOf(languageId);
  const lineStart = Math.max(documentStart, textBefore.lastIndexOf('\n') + 1);
  const lineEnd = textAfter.indexOf('\n');
  const firstAfter = lineEnd < 0 ? textAfter : textAfter.slice(0, lineEnd);
  const near = textBefore.length - maxScanBefore;
  // A bracket or string that an earlier cell leaves open ends with it.
  const scanStart = near <= documentStart ? documentStart : textBefore.indexOf('\n', near) + 1;
  const scanner = new BracketScanner(language).run(textBefore, scanStart);
  if (place.region) scanner.assume(place.region);
  return {
    language,
    eol: eolOf(textBefore.slice(documentStart), textAfter),
    linePrefix: textBefore.slice(lineStart),
    lineRest: firstAfter.replace(/\r$/, ''),
    linesAbove: linesOf(textBefore.slice(Math.max(documentStart, lineStart - maxScanAfter), lineStart)).slice(
      -nLinesKept,
    ),
    linesBelow: lineEnd < 0 ? [] : linesOf(textAfter.slice(lineEnd + 1, maxScanAfter)).slice(0, nLinesKept),
    scanner,
    supplies: suppliesOf(scanner, textAfter.slice(0, maxScanAfter), firstAfter.length),
  };
}

/** True when `line` (code up to a line break) opens a block, so that more lines belong to it. */
export function opensBlock(language: Language, line: string, region: Region = 'code'): boolean {
  if (region === 'string') return false;
  const code = withoutComment(language, line).trim();
  return /[{([]$/.test(code) || language.blockStart.test(code);
}

function withoutComment({ lineComments }: Language, line: string): string {
  for (const open of lineComments) {
    const start = line.search(open === '#' ? /(?:^|\s)#/ : `(?:^|\\s)${open.replace(/[^\w]/g, '\\$&')}`);
    if (start >= 0) return line.slice(0, start);
  }
  return line;
}

function eolOf(before: string, after: string): '\n' | '\r\n' {
  const nearest = before.lastIndexOf('\n');
  if (nearest >= 0) return before.charAt(nearest - 1) === '\r' ? '\r\n' : '\n';
  return after.charAt(after.indexOf('\n') - 1) === '\r' ? '\r\n' : '\n';
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

interface Closer {
  readonly char: string;
  readonly isOnCursorLine: boolean;
  /** Of its line when it is the first on it, else undefined. */
  readonly indent: number | undefined;
}

/**
 * Pairs the brackets that are open with the surplus closers that follow, from the inside out. Where
 * indentation contradicts (a `}` to the left of the line that opened the block) it closes an outer
 * one, and the inner one is what the user is just writing.
 */
function suppliesOf(scanner: BracketScanner, after: string, lineLength: number): Supply[] {
  const openers = [...scanner.open].reverse();
  const closers = surplusClosers(scanner, after, lineLength, openers.length);
  let next = 0;
  return openers.map((opener) => {
    const closer = closers[next];
    if (!closer || !isPair(opener, closer)) return 'none';
    next++;
    return closer.isOnCursorLine ? 'on-cursor-line' : 'below';
  });
}

function isPair(opener: OpenBracket, closer: Closer): boolean {
  if (closingBracket(opener.char) !== closer.char) return false;
  return closer.isOnCursorLine || closer.indent === undefined || closer.indent >= opener.indent;
}

function surplusClosers(scanner: BracketScanner, after: string, lineLength: number, max: number): Closer[] {
  const bare = scanner.forkBare();
  const closers: Closer[] = [];
  for (let offset = 0; offset < after.length && closers.length < max; offset++) {
    if (bare.step(after, offset)?.kind !== 'stray-closer') continue;
    const line = after.slice(after.lastIndexOf('\n', offset) + 1, offset);
    const isFirst = offset > lineLength && line.trim() === '';
    closers.push({
      char: after.charAt(offset),
      isOnCursorLine: offset < lineLength,
      indent: isFirst ? indentOf(line) : undefined,
    });
  }
  return closers;
}
