/** chunk-lines: where text may be cut, and cutting of runs of small parts so that an edit moves few cuts. */

// A greedy cut would let one added line move every cut below it. So a run that is too long for one
// chunk is cut at parts chosen by their own content (content-defined chunking, Muthitacharoen et al.
// 2001, "A Low-bandwidth Network File System", section 3.1), as prompt windows are.

/** Sizes are counted in characters that are not white space, as in cAST (arXiv 2506.15655, section 3). */
export class Sizes {
  private readonly before: Uint32Array; // [length + 1] how many stand before each offset

  constructor(private readonly text: string) {
    this.before = new Uint32Array(text.length + 1);
    let n = 0;
    for (let i = 0; i < text.length; i++) {
      if (!isBlank(text.charCodeAt(i))) n++;
      this.before[i + 1] = n;
    }
  }

  of(start: number, endExclusive: number): number {
    return (this.before[endExclusive] as number) - (this.before[start] as number);
  }

  /** The furthest end ≤ `limit` such that [start, end) is no larger than `size`; never inside a surrogate pair. */
  endOf(start: number, size: number, limit: number): number {
    const target = (this.before[start] as number) + size;
    let low = start + 1;
    let high = limit;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.before[middle] as number) <= target) low = middle;
      else high = middle - 1;
    }
    const unit = this.text.charCodeAt(low - 1);
    return unit >= 0xd800 && unit < 0xdc00 && low < limit ? low - 1 || low + 1 : low;
  }
}

/** White space as `\s` has it. */
export function isBlank(unit: number): boolean {
  return unit <= 32
    ? unit === 32 || (unit >= 9 && unit <= 13)
    : unit === 0xa0 || unit === 0xfeff || (unit > 0x167f && /\s/.test(String.fromCharCode(unit)));
}

/** A piece of text that is not cut any further, unless it is too large. */
export interface Part {
  readonly start: number;
  readonly endExclusive: number;
}

/** Paragraphs of [start, endExclusive): each starts at a line after a blank line, or at a heading. */
export function paragraphs(text: string, start: number, endExclusive: number): Part[] {
  return cutAtLines(text, start, endExclusive, (line, previous) => !previous.trim() || /^#{1,6} /.test(line));
}

function lines(text: string, start: number, endExclusive: number): Part[] {
  return cutAtLines(text, start, endExclusive, () => true);
}

function cutAtLines(
  text: string,
  start: number,
  endExclusive: number,
  startsPart: (line: string, previous: string) => boolean,
): Part[] {
  const parts: Part[] = [];
  let partStart = start;
  let previous = '';
  for (let at = start; at < endExclusive; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? endExclusive : Math.min(newline + 1, endExclusive);
    const line = text.slice(at, Math.min(end, at + 200));
    if (at > partStart && line.trim() && startsPart(line, previous)) {
      parts.push({ start: partStart, endExclusive: at });
      partStart = at;
    }
    previous = line;
    at = end;
  }
  if (partStart < endExclusive) parts.push({ start: partStart, endExclusive });
  return parts;
}

/** One part in this many, of those past half of a chunk, starts a new one: larger fills chunks more. */
const partsPerCut = 4;

/** Of what each part starts with, what decides whether it is cut there. */
const hashedLength = 64;

/**
 * Groups neighbouring parts into runs of at most `maxSize`; a part that is larger is cut at lines,
 * a line that is larger where it must be.
 */
export function runsOf<P extends Part>(
  text: string,
  sizes: Sizes,
  parts: readonly P[],
  maxSize: number,
): (readonly (P | Part)[])[] {
  const first = parts[0];
  const last = parts.at(-1);
  if (!first || !last) return [];
  if (sizes.of(first.start, last.endExclusive) <= maxSize) return [parts];
  const runs: (P | Part)[][] = [];
  let run: (P | Part)[] = [];
  const flush = () => {
    if (run.length > 0) runs.push(run);
    run = [];
  };
  for (const part of parts.flatMap((part) => small(text, sizes, part, maxSize))) {
    const runStart = run[0]?.start ?? part.start;
    const size = sizes.of(runStart, part.start);
    const isFull = sizes.of(runStart, part.endExclusive) > maxSize;
    if (isFull || (size >= maxSize / 2 && isCut(text, part))) flush();
    run.push(part);
  }
  flush();
  return runs;
}

/** The part itself, or its lines, the first of which stands for it. */
function small<P extends Part>(text: string, sizes: Sizes, part: P, maxSize: number): (P | Part)[] {
  if (sizes.of(part.start, part.endExclusive) <= maxSize) return [part];
  const pieces: (P | Part)[] = [];
  for (const line of lines(text, part.start, part.endExclusive)) {
    for (let at = line.start; at < line.endExclusive; ) {
      const endExclusive = sizes.endOf(at, maxSize, line.endExclusive);
      pieces.push({ ...(at === part.start && part), start: at, endExclusive });
      at = endExclusive;
    }
  }
  return pieces;
}

/** FNV-1a over the part's start, without white space so that indentation does not matter. */
function isCut(text: string, { start, endExclusive }: Part): boolean {
  let hash = 0x811c9dc5;
  let left = hashedLength;
  for (let i = start; i < endExclusive && left > 0; i++) {
    const unit = text.charCodeAt(i);
    if (isBlank(unit)) continue;
    hash = Math.imul(hash ^ unit, 0x01000193);
    left--;
  }
  return (hash >>> 0) % partsPerCut === 0;
}
