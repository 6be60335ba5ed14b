/** trim: makes of what the model wrote what a person would want inserted; one pure function. */

// The peers' filters fail on two sides: they keep text that is already there, and they drop right
// lines for being similar to a neighbour. So here text is only ever compared for equality, never for
// likeness, and brackets decide what belongs to the code after the cursor. Indentation is never
// touched.

import { repeatedLine } from '../decoding/repetition.ts';
import { createStopper } from '../decoding/stopping.ts';
import { opensBlock, type Place, type Surroundings, surroundingsOf } from '../syntax/surroundings.ts';

export interface TrimInput extends Place {
  /** As the model wrote it. */
  readonly generated: string;
  /** True when the model was cut off (token limit), so that the end may be half a statement. */
  readonly isCutOff?: boolean;
  /** When the caller has them already. */
  readonly surroundings?: Surroundings;
}

export interface Trimmed {
  /** Never empty or mere white space; line breaks are the document's. */
  readonly text: string;
  /** UTF-16 units after the cursor, on its line, that `text` takes the place of. */
  readonly replaceAfter: number;
}

/** Rules may uncover work for each other; on real text two passes settle it. */
const maxPasses = 4;

/** Undefined when nothing is left worth showing. Trimming what was trimmed changes nothing. */
export function trim(input: TrimInput): Trimmed | undefined {
  const around = input.surroundings ?? surroundingsOf(input);
  const written = wholeCharacters(input.generated).replace(/\r\n?/g, '\n');
  let trimmed = trimOnce(input, around, written, input.isCutOff ?? false);
  for (let pass = 1; pass < maxPasses && trimmed; pass++) {
    const again = trimOnce(input, around, trimmed.text, false);
    const isStable = again?.text === trimmed.text && again.replaceAfter === trimmed.replaceAfter;
    trimmed = again;
    if (isStable) break;
  }
  if (!trimmed || around.eol === '\n') return trimmed;
  return { ...trimmed, text: trimmed.text.replaceAll('\n', around.eol) };
}

/** `written` has line feeds only, and so has the result. */
function trimOnce(
  place: Place,
  around: Surroundings,
  written: string,
  isCutOff: boolean,
): Trimmed | undefined {
  const { text: fitted, replaceAfter } = fitToRest(around, stopped(place, around, written));
  let text = fitted;
  if (replaceAfter === 0) text = withoutLinesBelow(around, text);
  text = withoutLoop(around, text);
  if (isCutOff) text = withoutHalfStatement(around, text);
  text = trimEnd(around, text);
  if (text.trim() === '' || repeatsLinesAbove(around, text)) return undefined;
  return { text, replaceAfter };
}

/** Up to the first byte that was no UTF-8: what follows cannot be right either. */
function wholeCharacters(text: string): string {
  const broken = text.indexOf('\uFFFD');
  return broken < 0 ? text : text.slice(0, broken);
}

/** The stop rules once more, for text that did not pass them, or passed them only in part. */
function stopped(place: Place, surroundings: Surroundings, text: string): string {
  const stopper = createStopper({ ...place, maxLines: Number.MAX_SAFE_INTEGER, surroundings });
  return text.slice(0, stopper.push(text).keep);
}

/** Only signs that editors and people put after a cursor: closers, quotes, separators. */
const onlyClosers = /^[\s)\]}>'"`;,]+$/;

/** Brings the text into line with the rest of the cursor's line. */
function fitToRest(around: Surroundings, text: string): Trimmed {
  const rest = around.lineRest.trim();
  if (rest === '') return { text, replaceAfter: 0 };
  for (const part of [text.trimEnd(), text.split('\n', 1)[0] as string]) {
    const fitted = part.slice(0, -rest.length);
    if (part.endsWith(rest) && isBalanced(around, fitted)) return { text: fitted, replaceAfter: 0 };
  }
  const closed = closesOnLine(around, text);
  if (closed !== undefined) {
    const tail = text.slice(closed).trimEnd();
    const isWritten = !rest.startsWith(tail) && onlyClosers.test(rest) && isSubsequence(rest, tail);
    if (isWritten) return { text, replaceAfter: around.lineRest.trimEnd().length };
    return { text: text.slice(0, closed), replaceAfter: 0 };
  }
  // Now it closes nothing: what it shares with the rest must be whole statements' ends.
  for (let length = Math.min(rest.length - 1, text.length); length > 0; length--) {
    const at = text.trimEnd().length - length;
    const isShared = at >= 0 && text.startsWith(rest.slice(0, length), at) && isWorthCutting(rest, length);
    if (isShared && isBalanced(around, text.slice(0, at)))
      return { text: text.slice(0, at), replaceAfter: 0 };
  }
  return { text, replaceAfter: 0 };
}

/** A shared part says something when it is a separator, or two characters and more with a sign among them. */
function isWorthCutting(rest: string, length: number): boolean {
  const shared = rest.slice(0, length);
  if (/^[;,]$/.test(shared)) return true;
  const isWordCut = /\w$/.test(shared) && /^\w/.test(rest.slice(length));
  return length >= 2 && !isWordCut && /[^\w\s]/.test(shared);
}

/** Where the text closes a bracket or string that the rest of the line closes as well. */
function closesOnLine(around: Surroundings, text: string): number | undefined {
  const scanner = around.scanner.fork();
  const { regionCloser } = around.scanner;
  for (let offset = 0; offset < text.length; offset++) {
    const event = scanner.step(text, offset);
    if (event?.kind === 'closed-outer' && around.supplies[event.depth] === 'on-cursor-line') return offset;
    if (event?.kind === 'left-region' && around.lineRest.trimStart().startsWith(regionCloser)) {
      return offset - regionCloser.length + 1;
    }
  }
  return undefined;
}

/** True when the text leaves no bracket or string of its own open. */
function isBalanced(around: Surroundings, text: string): boolean {
  const scanner = around.scanner.fork().run(text);
  return scanner.nOpenedHere === 0 && scanner.region === around.scanner.region;
}

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const char of part) {
    if (char.trim() === '') continue;
    at = whole.indexOf(char, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** Cuts where the text begins to repeat the lines below the cursor, whatever their indentation. */
function withoutLinesBelow({ linePrefix, lineRest, linesBelow }: Surroundings, text: string): string {
  const lines = text.split('\n');
  // A line that the user began may be meant to repeat the one below; several such lines hardly are.
  const first = lineRest.trim() !== '' ? 1 : 0;
  const isBegun = linePrefix.trim() !== '';
  for (let i = first; i < lines.length; i++) {
    const tail = lines.slice(i).filter((line) => line.trim() !== '');
    if (tail.length === 0) break;
    if ((lines[i] as string).trim() === '') continue;
    if (i === 0 && isBegun && tail.length < 2) continue;
    const whole = i === 0 ? [linePrefix + tail[0], ...tail.slice(1)] : tail;
    if (isStartOf(whole, linesBelow)) return lines.slice(0, i).join('\n');
  }
  return text;
}

/** True when each line equals its neighbour below; lines of signs alone must be indented alike. */
function isStartOf(lines: readonly string[], below: readonly string[]): boolean {
  return (
    lines.length <= below.length &&
    lines.every((line, i) => {
      const other = below[i] as string;
      const isTelling = (line.match(/[\p{L}\p{N}]/gu)?.length ?? 0) >= 3;
      return isTelling ? line.trim() === other.trim() : line.trimEnd() === other.trimEnd();
    })
  );
}

/** Cuts the second turn of a loop; `decoding/stopping.ts` cannot see the last, unfinished line. */
function withoutLoop({ linePrefix }: Surroundings, text: string): string {
  const lines = text.split('\n');
  const second = repeatedLine([linePrefix + lines[0], ...lines.slice(1)]);
  return second === undefined ? text : lines.slice(0, second).join('\n');
}

/** Back to the last line end at which nothing is open; a single line stays as it is. */
function withoutHalfStatement(around: Surroundings, text: string): string {
  const lines = text.split('\n');
  for (let n = lines.length - 1; n > 0; n--) {
    const part = lines.slice(0, n).join('\n');
    const isWhole = !opensBlock(around.language, lines[n - 1] as string) && isBalanced(around, part);
    if (isWhole && part.trim() !== '') return part;
  }
  return text;
}

/** White space at the end goes; a closer that waits behind the cursor gets a line of its own after new lines. */
function trimEnd({ lineRest, linePrefix, supplies }: Surroundings, text: string): string {
  const trimmed = text.trimEnd();
  const isBlock =
    supplies[0] === 'on-cursor-line' && /[{([]\s*$/.test(linePrefix) && /^\s*[)\]}]/.test(lineRest);
  if (!isBlock || trimmed === '' || !/^[ \t]*\n/.test(text)) return trimmed;
  return `${trimmed}\n${/^[ \t]*/.exec(linePrefix)?.[0] ?? ''}`;
}

/** True when all it says is what the lines above the cursor say, word for word. */
function repeatsLinesAbove({ linePrefix, linesAbove }: Surroundings, text: string): boolean {
  if (linePrefix.trim() !== '') return false; // the user began the line, maybe just to repeat it
  const lines = (linePrefix + text).split('\n').filter((line) => line.trim() !== '');
  const above = linesAbove.slice(-lines.length);
  const isTelling = /[\p{L}\p{N}]{2}/u.test(text);
  return (
    isTelling &&
    above.length === lines.length &&
    lines.every((line, i) => line.trimEnd() === above[i]?.trimEnd())
  );
}
