/** Sampler: picks the next token from logits; greedily so far. */

import type { TokenId } from '../tokens/token.ts';

/** Chooses the tokens of one generation. It is told what was emitted, so it may remember. */
export interface Sampler {
  /** The next token by `logits` [nVocab], which are not kept. */
  pick(logits: Float32Array): TokenId;
  /** `token` was emitted: the next `pick` comes after it. */
  accept(token: TokenId): void;
}

/** The network's own most probable token, always. */
export const greedySampler: Sampler = { pick: greedy, accept: () => {} };

/** The most probable token; the lowest id among equals. The logits are numbers: `CausalLm` saw to it. */
export function greedy(logits: Float32Array): TokenId {
  let token = 0;
  let best = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] as number;
    if (value > best) {
      best = value;
      token = i;
    }
  }
  return token;
}
