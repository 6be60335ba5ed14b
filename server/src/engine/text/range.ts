/** OffsetRange: a half-open span of UTF-16 code units, [start, endExclusive). */

import { assert } from '../base/assert.ts';

/** An immutable span; `start` ≤ `endExclusive`, both counted in UTF-16 code units from 0. */
export class OffsetRange {
  constructor(
    readonly start: number,
    readonly endExclusive: number,
  ) {
    assert(start >= 0 && start <= endExclusive, `bad range [${start}, ${endExclusive})`);
  }

  /** The empty range at `offset`. */
  static at(offset: number): OffsetRange {
    return new OffsetRange(offset, offset);
  }

  get length(): number {
    return this.endExclusive - this.start;
  }

  get isEmpty(): boolean {
    return this.start === this.endExclusive;
  }

  substring(text: string): string {
    return text.slice(this.start, this.endExclusive);
  }
}
