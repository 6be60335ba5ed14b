/** Drafter: guesses the tokens that come next; a wrong guess costs time and never changes a text. */

import type { TokenId } from '../../tokens/token.ts';

/** A guess, the nearest token first. */
export interface Draft {
  readonly tokens: readonly TokenId[];
  /** How much this kind of guess is to be believed, an index into the drafter's `priors`. */
  readonly trust: number;
}

/**
 * One per generation. It hears of every token that is emitted and of nothing else, so it never has to
 * take anything back.
 */
export interface Drafter {
  /** Names its acceptance rates, for the life of the engine. */
  readonly name: string;
  /** By trust: the share of guessed tokens that is right, as long as nothing was counted yet. */
  readonly priors: readonly number[];
  /** At most `limit` tokens; undefined when it has no idea. */
  draft(limit: number): Draft | undefined;
  /** `token` was emitted. */
  accept(token: TokenId): void;
}

/** Lower ends of the match lengths, in tokens, that share an acceptance rate. */
const matchBounds = [1, 2, 3, 5, 9] as const;

/** What is typical of them; measured on typing sessions (`npm run bench -- decoding`). */
export const matchPriors: readonly number[] = [0.4, 0.5, 0.6, 0.75, 0.85];

/** The trust in a copy behind a match of `matchTokens` ≥ 1. */
export function matchTrust(matchTokens: number): number {
  let trust = matchBounds.length - 1;
  while (trust > 0 && (matchBounds[trust] as number) > matchTokens) trust--;
  return trust;
}
