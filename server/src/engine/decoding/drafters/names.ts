/** NameDrafter: guesses the rest of a name where static analysis leaves only one way to go on. */

// The network would be run once for each token of a name that is settled by its first letters. It is
// run all the same, but once for all of them; and it may still end the name elsewhere than we cut it.

import type { TokenId } from '../../tokens/token.ts';
import type { Draft, Drafter } from './drafter.ts';

export interface BegunName {
  /** What every legal name goes on with; undefined where none is being written or other names are legal. */
  rest(): string | undefined;
}

export class NameDrafter implements Drafter {
  readonly name = 'names';
  readonly priors = [0.85]; // wrong where the model cuts the rest into other tokens, or the name ends sooner

  constructor(
    private readonly begun: BegunName,
    private readonly encode: (text: string) => Int32Array,
  ) {}

  draft(limit: number): Draft | undefined {
    const rest = this.begun.rest();
    if (rest === undefined) return undefined;
    return { tokens: [...this.encode(rest).subarray(0, limit)], trust: 0 };
  }

  accept(_: TokenId): void {
    // Whoever watches the name hears of the token before us.
  }
}
