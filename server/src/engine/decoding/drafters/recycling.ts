/** RecyclingDrafter: guesses that a token is followed by what the model had follow it last time. */

// After Token Recycling (Luo et al. 2025, section 3, https://arxiv.org/abs/2408.08696), which keeps the
// eight likeliest successors of every token and verifies a tree of 80 nodes. On two cores 80 rows cost
// more than they bring, so our draft is one line, and pairs of tokens are looked up before single ones.

import type { TokenId } from '../../tokens/token.ts';
import type { Draft, Drafter } from './drafter.ts';

/** Pairs that are remembered; later ones take the places of earlier ones. 1 MB together. */
const nPairSlots = 1 << 16;

const none = -1;

/** What followed what, in all that one model wrote. Owned by the engine, which outlives generations. */
export class Successors {
  private readonly ofToken: Int32Array; // [nVocab]
  private readonly ofPair = new Int32Array(4 * nPairSlots).fill(none); // [slot]: first, second, next, –

  constructor(nVocab: number) {
    this.ofToken = new Int32Array(nVocab).fill(none);
  }

  /** `next` came behind `first`, `second`. */
  learn(first: TokenId, second: TokenId, next: TokenId): void {
    if (second === none) return;
    this.ofToken[second] = next;
    this.ofPair.set([first, second, next], slotOf(first, second));
  }

  /** The last successor of the pair. */
  afterPair(first: TokenId, second: TokenId): TokenId | undefined {
    const slot = slotOf(first, second);
    if (second === none) return undefined;
    const isKnown = this.ofPair[slot] === first && this.ofPair[slot + 1] === second;
    return isKnown ? this.ofPair[slot + 2] : undefined;
  }

  after(token: TokenId): TokenId | undefined {
    const next = this.ofToken[token] ?? none;
    return next === none ? undefined : next;
  }
}

const slotOf = (first: TokenId, second: TokenId) =>
  4 * ((Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)) >>> 16);

export class RecyclingDrafter implements Drafter {
  readonly name = 'recycling';
  readonly priors = [0.2, 0.4]; // by single token, by pair
  private first: TokenId;
  private second: TokenId;

  /** `context`: the last tokens before the cursor. */
  constructor(
    private readonly successors: Successors,
    context: Int32Array,
  ) {
    this.first = context.at(-2) ?? none;
    this.second = context.at(-1) ?? none;
  }

  draft(limit: number): Draft | undefined {
    const tokens: TokenId[] = [];
    let { first, second } = this;
    const isPairKnown = this.successors.afterPair(first, second) !== undefined;
    while (tokens.length < limit) {
      const next = this.successors.afterPair(first, second) ?? this.successors.after(second);
      if (next === undefined) break;
      tokens.push(next);
      [first, second] = [second, next];
    }
    return tokens.length > 0 ? { tokens, trust: isPairKnown ? 1 : 0 } : undefined;
  }

  accept(token: TokenId): void {
    this.successors.learn(this.first, this.second, token);
    this.first = this.second;
    this.second = token;
  }
}
