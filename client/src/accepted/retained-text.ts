/** RetainedText: what is left of an accepted text while its document is edited; pure, so that it can be tested anywhere. */

/** [rangeOffset, rangeOffset + rangeLength) was replaced by `text`; UTF-16 units, as VS Code tells it. */
export interface TextReplaced {
  readonly rangeOffset: number;
  readonly rangeLength: number;
  readonly text: string;
}

interface Piece {
  readonly start: number;
  readonly endExclusive: number;
}

/** A character that was replaced is gone, also where the same is written again. */
export class RetainedText {
  readonly nAccepted: number;
  /** Where characters of the accepted text stand, in order, none empty. */
  private pieces: Piece[];

  /** The accepted text stands at [start, endExclusive). */
  constructor(start: number, endExclusive: number) {
    this.nAccepted = endExclusive - start;
    this.pieces = endExclusive > start ? [{ start, endExclusive }] : [];
  }

  get nRetained(): number {
    return this.pieces.reduce((sum, { start, endExclusive }) => sum + endExclusive - start, 0);
  }

  edited({ rangeOffset, rangeLength, text }: TextReplaced): void {
    const end = rangeOffset + rangeLength;
    const shift = text.length - rangeLength;
    this.pieces = this.pieces
      .flatMap(({ start, endExclusive }) => [
        { start, endExclusive: Math.min(endExclusive, rangeOffset) },
        { start: Math.max(start, end) + shift, endExclusive: endExclusive + shift },
      ])
      .filter(({ start, endExclusive }) => start < endExclusive);
  }
}
