/** Drafting: all drafters of one generation behind one face: the best guess, and what became of it. */

import type { TokenId } from '../../tokens/token.ts';
import { type DraftPolicy, maxRows, type Offer } from './draft-policy.ts';
import type { Drafter } from './drafter.ts';

/** What guessing did in one generation. */
export interface DraftCounts {
  /** Passes through the model, guessed tokens, and those of them that were right. */
  readonly nPasses: number;
  readonly nGuessed: number;
  readonly nRight: number;
}

export class Drafting {
  private chosen: Offer | undefined;
  private nPasses = 0;
  private nGuessed = 0;
  private nRight = 0;

  constructor(
    private readonly drafters: readonly Drafter[],
    private readonly policy: DraftPolicy,
  ) {}

  get counts(): DraftCounts {
    return { nPasses: this.nPasses, nGuessed: this.nGuessed, nRight: this.nRight };
  }

  /** At most `limit` tokens that may follow the last emitted one; none where no guess pays. */
  draft(limit: number): readonly TokenId[] {
    this.nPasses++;
    this.chosen = undefined;
    const most = Math.min(limit, maxRows - 1);
    if (most <= 0) return [];
    const offers = this.drafters.flatMap((drafter) => {
      const draft = drafter.draft(most);
      return draft && draft.tokens.length > 0 ? [{ drafter, draft }] : [];
    });
    this.chosen = this.policy.choose(offers);
    const tokens = this.chosen?.draft.tokens ?? [];
    this.nGuessed += tokens.length;
    return tokens;
  }

  /** The last draft's first `nRight` tokens were right; the next one was wrong where `isRefuted`. */
  judged(nRight: number, isRefuted: boolean): void {
    if (!this.chosen) return;
    this.policy.judged(this.chosen, nRight, isRefuted);
    this.nRight += nRight;
    this.chosen = undefined;
  }

  accept(token: TokenId): void {
    for (const drafter of this.drafters) drafter.accept(token);
  }
}
