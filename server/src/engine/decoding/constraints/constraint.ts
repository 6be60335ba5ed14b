/** Constraint: the only way anything steers decoding; it says what a token costs at the place reached. */

// A constraint hears only of tokens truly emitted, so it never rewinds: a verifier of drafts walks its
// rows in order (prepare, pick, accept) and stops at the first row that disagrees.

import type { TokenId } from '../../tokens/token.ts';

export interface Constraint {
  /**
   * Called before each pick. Undefined, mostly: nothing to wait for. Else a promise that resolves when
   * whoever knows has answered or the constraint's own deadline passed; then nothing is forbidden
   * (fail open). Rejects only with the signal's reason.
   */
  prepare(signal: AbortSignal): Promise<void> | undefined;
  /** Added to the token's logit, ≤ 0: 0 leaves it alone, -Infinity forbids it. Pure, and fast (under 100 ns). */
  bias(token: TokenId): number;
  /** `token` was emitted. */
  accept(token: TokenId): void;
}
