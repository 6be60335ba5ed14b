/** CopyDrafter: guesses that the text goes on as it did where its end stood before, in the open files. */

// Prompt lookup (https://github.com/apoorvumang/prompt-lookup-decoding) and CopySpec (arXiv 2502.08923)
// take the first match of three tokens; here it is the longest match of any length, and of these the
// nearest, with the token that most matches agree on. The cache model has looked all of that up anyway.

import type { TokenId } from '../../tokens/token.ts';
import type { CursorCache } from '../cursor-cache.ts';
import { type Draft, type Drafter, matchPriors, matchTrust } from './drafter.ts';

export class CopyDrafter implements Drafter {
  readonly name = 'copy';
  readonly priors = matchPriors;

  /** `isFollowed`: nobody else tells `cursor` of the tokens that are emitted. */
  constructor(
    private readonly cursor: CursorCache,
    private readonly isFollowed: boolean,
  ) {}

  draft(limit: number): Draft | undefined {
    const prediction = this.cursor.predict();
    const tokens = this.cursor.following(limit);
    if (!prediction || tokens.length === 0) return undefined;
    return { tokens: [...tokens], trust: matchTrust(prediction.matchTokens) };
  }

  accept(token: TokenId): void {
    if (this.isFollowed) this.cursor.accept(token);
  }
}
