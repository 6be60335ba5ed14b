/** RecentDrafter: guesses from texts that are not in the document: what was suggested last, what was just deleted. */

// Whoever types something else than was suggested often comes back to it a few characters on; whoever
// deletes a block often writes most of it again. The cache model must not know these texts, or it
// would propose what a person has just refused; as a guess they cost nothing but time.

import type { TokenId } from '../../tokens/token.ts';
import { type Draft, type Drafter, matchPriors, matchTrust } from './drafter.ts';

/** Longer matches say nothing more. */
const maxMatchTokens = 16;

export class RecentDrafter implements Drafter {
  readonly priors = matchPriors;
  private readonly tail: TokenId[];

  /** `texts`: the most relevant first. `context`: the last tokens before the cursor. */
  constructor(
    readonly name: string,
    private readonly texts: readonly Int32Array[],
    context: Int32Array,
  ) {
    this.tail = [...context.subarray(-maxMatchTokens)];
  }

  draft(limit: number): Draft | undefined {
    let best: { matchTokens: number; tokens: readonly TokenId[] } | undefined;
    for (const text of this.texts) {
      for (let at = text.length - 2; at >= 0; at--) {
        const matchTokens = this.matchAt(text, at);
        if (matchTokens <= (best?.matchTokens ?? 0)) continue;
        best = { matchTokens, tokens: [...text.subarray(at + 1, at + 1 + limit)] };
      }
    }
    return best && { tokens: best.tokens, trust: matchTrust(best.matchTokens) };
  }

  accept(token: TokenId): void {
    this.tail.push(token);
    if (this.tail.length > maxMatchTokens) this.tail.shift();
  }

  /** How many tokens up to index `at` are the last ones of the text that is written. */
  private matchAt(text: Int32Array, at: number): number {
    const { tail } = this;
    let n = 0;
    while (n < tail.length && n <= at && text[at - n] === tail[tail.length - 1 - n]) n++;
    return n;
  }
}
