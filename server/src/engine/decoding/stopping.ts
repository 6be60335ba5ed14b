/** Stopping: decides while a completion is being written where it must end. */

// Rules, in the order in which they usually strike: the line ends and it opened no block; the text
// runs into what stands after the cursor; the block that the cursor stands in is closed, by a dedent
// or by a bracket; the model goes round in circles; enough lines. Everything that needs the finished
// text (overlaps, duplicates) is left to `completion/trim.ts`.

import { indentOf } from '../syntax/brackets.ts';
import { opensBlock, type Place, type Surroundings, surroundingsOf } from '../syntax/surroundings.ts';
import { repeatedLine, repeatedPhrase } from './repetition.ts';

export type StopReason =
  | 'line-end' // a single line was wanted and is finished
  | 'line-limit'
  | 'suffix-reached' // what comes next stands after the cursor already
  | 'block-closed'
  | 'repetition';

/** After a chunk: why to stop (undefined: go on) and how much of all generated text to keep. */
export interface StopState {
  readonly stop: StopReason | undefined;
  /** UTF-16 units from the start of the generated text. */
  readonly keep: number;
}

export interface StopperOptions extends Place {
  /** ≥ 1. */
  readonly maxLines: number;
  /** When the caller has them already. */
  readonly surroundings?: Surroundings;
}

/** Fed with the generated text as it comes. After a stop it keeps its answer. */
export interface Stopper {
  push(chunk: string): StopState;
}

/** One per generation. */
export function createStopper(options: StopperOptions): Stopper {
  return new LineStopper(options, options.surroundings ?? surroundingsOf(options));
}

/** Letters and digits that a line must have for its mere equality to the next one to mean anything. */
const minSuffixWeight = 3;

/** This many blank lines in a row end any suggestion. */
const maxBlankLines = 3;

/** First words of a line that goes on with the statement above it; empty for a line that starts with a sign. */
const continuations = new Set(
  ' else elif elsif except catch finally rescue ensure when end fi done esac then do'.split(' '),
);

/** How many characters of a line may come between two looks for repeated phrases. */
const phraseInterval = 24;

class LineStopper implements Stopper {
  private text = '';
  private nScanned = 0;
  private state: StopState | undefined;
  private readonly scanner;
  private isMultiLine: boolean;
  private base: number | undefined; // lines indented less than this are not ours
  private readonly lines: string[] = []; // complete ones, the first with what stood before the cursor
  private lineStart = 0;
  private isLineBlank = true; // so far
  private nBlank = 0; // blank lines just before this one
  private hasNested = false; // some line was indented more than the base
  private closedAt: number | undefined; // the end of the line that closed a block; only closers may follow
  private isLastLine = false; // this line closes the block and nothing supplies its end
  private wordStart: number | undefined; // of a line that begins a new statement unless this word says no
  private isDedented = false; // this line stands left of the base
  private nextPhraseCheck = phraseInterval;
  private restAt: number | undefined; // where the rest of the cursor's line was reached

  constructor(
    private readonly options: StopperOptions,
    private readonly around: Surroundings,
  ) {
    const { language, linePrefix, lineRest, scanner } = around;
    this.scanner = scanner.fork();
    const isOpen = opensBlock(language, linePrefix, scanner.region);
    const isLongRegion =
      scanner.region !== 'code' && (scanner.regionCloser.length > 1 || scanner.regionCloser === '`');
    this.isMultiLine =
      (linePrefix.trim() === '' || isOpen || isLongRegion) && /^[\s)\]}'"`;,]*$/.test(lineRest);
    if (linePrefix.trim() !== '') this.base = indentOf(linePrefix) + 1;
  }

  push(chunk: string): StopState {
    this.text += chunk;
    while (!this.state && this.nScanned < this.text.length) this.state = this.step(this.nScanned++);
    this.state ??= this.restReached();
    return this.state ?? { stop: undefined, keep: this.text.length };
  }

  private step(offset: number): StopState | undefined {
    const char = this.text.charAt(offset);
    if (this.wordStart !== undefined && !/\w/.test(char)) {
      const word = this.text.slice(this.wordStart, offset);
      const goesOn = this.isDedented ? this.isMissingEnd(word) : continuations.has(word);
      if (!goesOn) return this.stopBefore(this.lineStart, 'block-closed');
      if (this.isDedented) this.isLastLine = true;
      this.wordStart = undefined;
    }
    if (char === '\n') {
      this.scanner.step(this.text, offset); // ends a line comment and an unfinished string
      return this.endLine(offset, this.scanner.region !== 'code');
    }
    if (this.isLineBlank && char.trim() !== '') {
      this.isLineBlank = false;
      const stop = this.startContent(offset, char);
      if (stop) return stop;
    }
    const event = this.scanner.step(this.text, offset);
    if (event?.kind === 'closed-outer') return this.closeOuter(offset, event.depth);
    if (event?.kind === 'left-region') this.leaveRegion(offset);
    return offset >= this.nextPhraseCheck ? this.judgePhrase(offset + 1) : undefined;
  }

  /** The first character of a line that is no white space. */
  private startContent(offset: number, char: string): StopState | undefined {
    if (this.closedAt !== undefined && !')]}'.includes(char))
      return { stop: 'block-closed', keep: this.closedAt };
    this.closedAt = undefined;
    if (this.scanner.region !== 'code') return undefined;
    if (this.scanner.nOpenedHere > 0) {
      this.hasNested = true;
      return undefined;
    }
    const isFirst = this.lines.length === 0;
    const indent = indentOf(
      (isFirst ? this.around.linePrefix : '') + this.text.slice(this.lineStart, offset),
    );
    if (this.base === undefined) {
      this.base = indent;
      return undefined;
    }
    if (isFirst) return undefined;
    if (indent > this.base) this.hasNested = true;
    if (')]}'.includes(char)) return undefined; // the scanner knows what it closes
    this.isDedented = indent < this.base;
    if (this.isDedented && this.around.language.blockEnds.length > 0) this.wordStart = offset;
    else if (this.isDedented) return this.stopBefore(this.lineStart, 'block-closed');
    else if (indent === 0 && (this.hasNested || this.nBlank > 0)) this.wordStart = offset;
    return undefined;
  }

  /** True when `word` ends the block and the next line does not. */
  private isMissingEnd(word: string): boolean {
    const { language, linesBelow } = this.around;
    const line = this.text.slice(this.lineStart, this.wordStart) + word;
    return language.blockEnds.includes(word) && !linesBelow[0]?.startsWith(line);
  }

  private closeOuter(offset: number, depth: number): StopState | undefined {
    const supply = this.around.supplies[depth];
    if (supply === 'below') return this.stopBefore(offset, 'block-closed');
    if (supply === 'on-cursor-line') this.restAt ??= offset;
    else this.isLastLine = true;
    return undefined;
  }

  private leaveRegion(offset: number): void {
    const { scanner, lineRest } = this.around;
    if (scanner.region === 'comment') this.isLastLine = true;
    else if (lineRest.startsWith(scanner.regionCloser))
      this.restAt ??= offset - scanner.regionCloser.length + 1;
  }

  /**
   * Stops once everything after the cursor on its line has been written again, and no more: text that
   * goes on differently (`a).then(b)` before `)`) may still take the place of that rest.
   */
  private restReached(): StopState | undefined {
    if (this.restAt === undefined) return undefined;
    const isWhole = this.text.slice(this.restAt).trimEnd() === this.around.lineRest.trim();
    return isWhole ? { stop: 'suffix-reached', keep: this.text.length } : undefined;
  }

  private endLine(offset: number, isLongRegion: boolean): StopState | undefined {
    const end = this.text.charAt(offset - 1) === '\r' ? offset - 1 : offset;
    const line =
      (this.lines.length === 0 ? this.around.linePrefix : '') + this.text.slice(this.lineStart, end);
    this.lines.push(line);
    const stop = this.judgeLine(line, end, isLongRegion);
    this.nBlank = line.trim() === '' ? this.nBlank + 1 : 0;
    this.lineStart = offset + 1;
    this.isLineBlank = true;
    return stop;
  }

  private judgeLine(line: string, end: number, isLongRegion: boolean): StopState | undefined {
    const { language, linePrefix, linesBelow } = this.around;
    const isFirst = this.lines.length === 1;
    const isOurLine = !isFirst || linePrefix.trim() === '';
    if (this.restAt !== undefined) return { stop: 'suffix-reached', keep: end };
    if (isOurLine && line === linesBelow[0] && weightOf(line) >= minSuffixWeight) {
      return this.stopBefore(this.lineStart, 'suffix-reached');
    }
    const loop = this.judgePhrase(end);
    if (loop) return loop;
    const repeated = repeatedLine(this.lines);
    if (repeated !== undefined) return { stop: 'repetition', keep: this.endOfLine(repeated - 1) };
    if (this.lines.length >= this.options.maxLines) return { stop: 'line-limit', keep: end };
    if (isLongRegion) return undefined;
    if (this.isLastLine && this.scanner.nOpenedHere === 0) {
      this.isLastLine = false;
      const isMoreOpen = this.around.supplies.slice(this.scanner.nOuterClosed).includes('none');
      if (!isMoreOpen) return { stop: 'block-closed', keep: end };
      this.closedAt = end;
    }
    const isOpen = this.scanner.nOpenedHere > 0 || opensBlock(language, line);
    if (!this.isMultiLine && !isOpen) return { stop: 'line-end', keep: this.hasText(end) ? end : 0 };
    this.isMultiLine = true;
    if (line.trim() === '' && this.nBlank + 1 >= maxBlankLines)
      return this.stopBefore(this.lineStart, 'block-closed');
    return undefined;
  }

  /** Looks for a loop at the end of the line so far. */
  private judgePhrase(end: number): StopState | undefined {
    this.nextPhraseCheck = end + phraseInterval;
    const line = this.text.slice(this.lineStart, end);
    const phraseEnd = repeatedPhrase(line);
    return phraseEnd === undefined ? undefined : { stop: 'repetition', keep: this.lineStart + phraseEnd };
  }

  private hasText(end: number): boolean {
    return this.text.slice(0, end).trim() !== '';
  }

  private endOfLine(index: number): number {
    let end = -1;
    for (let i = 0; i <= index; i++) end = this.text.indexOf('\n', end + 1);
    return this.text.charAt(end - 1) === '\r' ? end - 1 : end;
  }

  /** Keeps what stands before `offset` without the white space at its end. */
  private stopBefore(offset: number, stop: StopReason): StopState {
    return { stop, keep: this.text.slice(0, offset).trimEnd().length };
  }
}

function weightOf(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
}
