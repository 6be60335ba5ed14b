/** Constraint: the only way anything steers decoding; it says what a token costs at the place reached. */

// A constraint hears only of tokens truly emitted, so it never rewinds: a verifier of drafts walks its
// rows in order (`pickWith`, accept) and stops at the first row that disagrees.

import type { TokenId } from '../../tokens/token.ts';

export interface Constraint {
  /**
   * Called with the token that would be picked by what is known so far, as asking is dear: only what
   * the model really wants to write is asked about. Undefined, mostly: the token may stand. Else a
   * promise that resolves when `bias` knows more, or when the constraint gave up waiting (it fails
   * open); then the pick is made again. Such rounds are few: the constraint sees to it. Rejects only
   * with the signal's reason.
   */
  prepare(likely: TokenId, signal: AbortSignal): Promise<void> | undefined;
  /** Added to the token's logit, ≤ 0: 0 leaves it alone, -Infinity forbids it. Fast (under 100 ns, mostly). */
  bias(token: TokenId): number;
  /** `token` was emitted. */
  accept(token: TokenId): void;
}

/**
 * The token that `pick` chooses once `constraint` has learned what it needs to know about it. `pick`
 * is called again after each thing learned, so it must not remember anything.
 */
export async function pickWith(
  constraint: Constraint,
  pick: () => TokenId,
  signal: AbortSignal,
): Promise<TokenId> {
  let token = pick();
  for (let more = constraint.prepare(token, signal); more; more = constraint.prepare(token, signal)) {
    await more;
    token = pick();
  }
  return token;
}
