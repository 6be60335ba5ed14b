/** Sequence: the tokens that the model has seen in one arena, and the only judge of what can be reused. */

import { assert } from '../base/assert.ts';
import type { TokenId } from '../tokens/token.ts';
import type { KvArena } from './arena.ts';
import { moveRows } from './move-rows.ts';
import { planReuse, type ReuseOptions, type ReusePlan, type Run } from './reuse.ts';

/** What `align` decided, in rows. `runs` must go through the model in order, then `record`. */
export interface Alignment {
  /** Rows that stayed where they were. */
  readonly nKept: number;
  /** Rows that were moved or borrowed, their keys rotated to the new positions. */
  readonly nShifted: number;
  /** Rows to compute, `nRepaired` of them only to be true again. */
  readonly nNew: number;
  readonly nRepaired: number;
  readonly runs: readonly Run[];
}

/** What the product does; the repaired rows share passes that are run anyway (docs/benchmarks.md). */
const defaultReuse: ReuseOptions = { method: 'edit', nRepairHead: 16, nRepairTail: 16 };

/** Marks a row that holds nothing true: reserved for a run that has not been recorded yet. */
const unknown = -1;

/**
 * What a pass costs beside its tokens, in tokens: the time of a pass of one token over the time per
 * token of a long one. 11 to 14 for shapes from 30M to 500M parameters on two cores (docs/benchmarks.md),
 * so it is a constant: a measured one would make the same edit take different paths.
 */
const passOverheadTokens = 12;

/** Tokens per pass, as `CausalLm` cuts them. */
export const passTokens = 64;

/** Moving rows makes them approximate: it must save this factor over exact prefix reuse. */
const worthwhile = 1.5;

/**
 * Row r of the arena holds the keys and values of token r at position r. Rows [0, nExact) were
 * computed with exactly the tokens before them; later ones may have been computed in a context that
 * has been edited since, which is what edit reuse trades for speed and `CausalLm.heal` puts right.
 * A pass that was cancelled before `record` leaves rows marked unknown, which nothing believes.
 */
export class Sequence {
  private readonly seen: Int32Array; // [nRow] token ids, or `unknown`
  readonly shifts: Int32Array; // [nRow] positions that the row's key was rotated by since it was computed
  private nSeen = 0;
  private exact = 0;

  constructor(readonly arena: KvArena) {
    this.seen = new Int32Array(arena.nRow);
    this.shifts = new Int32Array(arena.nRow);
  }

  get length(): number {
    return this.nSeen;
  }

  /** The tokens seen, in order. */
  get tokens(): Int32Array {
    return this.seen.subarray(0, this.nSeen);
  }

  /** Rows [0, nExact) equal a fresh prefill's; all of them do when it equals `length`. */
  get nExact(): number {
    return this.exact;
  }

  /**
   * Makes room for `prompt` (1 ≤ length ≤ the arena's rows) in the arena, keeping and moving what
   * `reuse` allows, borrowing from `lenders` (sequences of the same model), and says what is left to
   * run. The last token is always run, because a cache holds keys and values but no logits.
   */
  align(prompt: Int32Array, reuse = defaultReuse, lenders: readonly Sequence[] = []): Alignment {
    assert(prompt.length > 0 && prompt.length <= this.seen.length, 'the prompt must fit the arena');
    const plan = this.choose(prompt, reuse, lenders);
    moveRows(this, plan.keeps, lenders);

    const shifts = new Int32Array(prompt.length);
    this.seen.fill(unknown, plan.keeps[0]?.length ?? 0);
    let nShifted = 0;
    let nKept = 0;
    for (const { oldStart, newStart, length, lender } of plan.keeps) {
      const delta = newStart - oldStart;
      const source = lender === undefined ? this : (lenders[lender] as Sequence);
      for (let i = 0; i < length; i++) shifts[newStart + i] = (source.shifts[oldStart + i] as number) + delta;
      this.seen.set(prompt.subarray(newStart, newStart + length), newStart);
      if (delta === 0 && source === this) nKept += length;
      else nShifted += length;
    }
    this.shifts.set(shifts);
    this.nSeen = prompt.length;
    this.exact = Math.min(this.exact, plan.keeps[0]?.length ?? 0);
    const { runs, nRepaired } = plan;
    return { nKept, nShifted, nNew: prompt.length - nKept - nShifted, nRepaired, runs };
  }

  /** Records that `tokens` went through the model at rows [start, start + tokens.length). */
  record(start: number, tokens: ArrayLike<TokenId>): void {
    const end = start + tokens.length;
    assert(start <= this.nSeen && end <= this.seen.length, 'rows are recorded without gaps');
    this.seen.set(tokens, start);
    this.shifts.fill(0, start, end);
    this.nSeen = Math.max(this.nSeen, end);
    if (start <= this.exact) this.exact = Math.max(this.exact, end);
  }

  /** Takes back what stands behind the first `length` tokens: drafts that turned out wrong. */
  truncate(length: number): void {
    this.nSeen = Math.min(this.nSeen, length);
    this.exact = Math.min(this.exact, length);
  }

  /** Forgets everything: after a failed pass nobody knows what the rows hold. */
  clear(): void {
    this.nSeen = 0;
    this.exact = 0;
  }

  /** The first rows that are not exact, at most `limit` of them; undefined when there are none. */
  stale(limit: number): Run | undefined {
    const endExclusive = Math.min(this.nSeen, this.exact + limit);
    if (this.exact >= endExclusive) return undefined;
    if (this.seen.subarray(this.exact, endExclusive).includes(unknown)) return undefined; // cancelled: align first
    return { start: this.exact, endExclusive };
  }

  private choose(prompt: Int32Array, reuse: ReuseOptions, lenders: readonly Sequence[]): ReusePlan {
    const lent = lenders.map(({ tokens }) => tokens);
    const plan = planReuse(this.tokens, prompt, reuse, lent);
    if (reuse.method !== 'edit' || plan.keeps.length === 1) return plan;
    const exactPlan = planReuse(this.tokens, prompt, { ...reuse, method: 'prefix' });
    return cost(plan) * worthwhile < cost(exactPlan) ? plan : exactPlan;
  }
}

/** What running a plan costs, in tokens. */
function cost({ runs }: ReusePlan): number {
  return runs.reduce((sum, { start, endExclusive }) => {
    const nToken = endExclusive - start;
    return sum + nToken + passOverheadTokens * Math.ceil(nToken / passTokens);
  }, 0);
}
