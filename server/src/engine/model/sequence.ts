/** Sequence: the tokens that the model has seen in one arena, and the only judge of what can be reused. */

import { assert } from '../base/assert.ts';
import type { TokenId } from '../tokens/token.ts';
import type { KvArena } from './arena.ts';

/** What `align` decided: rows [0, nKept) stay, `run` must go through the model behind them. */
export interface Alignment {
  readonly nKept: number;
  readonly run: Int32Array;
}

/**
 * Row r of the arena holds the keys and values of `tokens[r]`, computed with rows [0, r) before it:
 * that is the invariant, and only `rewindTo` and `append` change it. A pass that was cancelled
 * before `append` leaves rows behind the end, which nothing believes.
 */
export class Sequence {
  private readonly seen: Int32Array;
  private nSeen = 0;

  constructor(readonly arena: KvArena) {
    this.seen = new Int32Array(arena.nRow);
  }

  get length(): number {
    return this.nSeen;
  }

  /** The tokens seen, in order. */
  get tokens(): Int32Array {
    return this.seen.subarray(0, this.nSeen);
  }

  /**
   * Makes the sequence a prefix of `prompt` (1 ≤ length ≤ the arena's rows) and says what is left
   * to run. The last token is always run, because a cache holds keys and values but no logits.
   */
  align(prompt: Int32Array): Alignment {
    assert(prompt.length > 0 && prompt.length <= this.seen.length, 'the prompt must fit the arena');
    const limit = Math.min(this.nSeen, prompt.length - 1);
    let nKept = 0;
    while (nKept < limit && this.seen[nKept] === prompt[nKept]) nKept++;
    this.rewindTo(nKept);
    return { nKept, run: prompt.subarray(nKept) };
  }

  /** Records that `tokens` went through the model behind the last row. */
  append(tokens: ArrayLike<TokenId>): void {
    assert(this.nSeen + tokens.length <= this.seen.length, 'the arena is full');
    this.seen.set(tokens, this.nSeen);
    this.nSeen += tokens.length;
  }

  /** Forgets all but the first `length` tokens. */
  rewindTo(length: number): void {
    assert(length >= 0 && length <= this.nSeen, 'can only rewind to what was seen');
    this.nSeen = length;
  }
}
