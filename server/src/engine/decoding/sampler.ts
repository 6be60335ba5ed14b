/** Sampler: picks the next token from logits; greedily so far. */

import type { TokenId } from '../tokens/token.ts';

/** What a constraint adds to a token's logit, ≤ 0; -Infinity forbids it. */
export type Bias = (token: TokenId) => number;

/** Chooses the tokens of one generation. It is told what was emitted, so it may remember. */
export interface Sampler {
  /** The next token by `logits` [nVocab], which are not kept, with `bias` added where there is one. */
  pick(logits: Float32Array, bias?: Bias): TokenId;
  /** `token` was emitted: the next `pick` comes after it. */
  accept(token: TokenId): void;
}

/** The network's own most probable token, always. */
export const greedySampler: Sampler = { pick: greedy, accept: () => {} };

/** After this many tokens that the bias refused, the rest of the vocabulary is looked at in one go. */
const maxLazyLooks = 8;

/**
 * The most probable token; the lowest id among equals. The logits are numbers: `CausalLm` saw to it.
 * With a bias, which only ever lowers, it is asked about the most probable tokens one by one until
 * none of the rest can win: the same token as with the bias added to the whole vocabulary. Where
 * everything is forbidden, the bias is ignored.
 */
export function greedy(logits: Float32Array, bias?: Bias): TokenId {
  const top = argmaxBelow(logits, Infinity, -1);
  if (!bias) return top;
  let best = top;
  let bestScore = -Infinity;
  let token: TokenId = top;
  for (let nLooks = 0; token >= 0; nLooks++) {
    const value = logits[token] as number;
    if (value <= bestScore) return best;
    if (nLooks === maxLazyLooks) return biasedArgmax(logits, bias, top);
    const score = value + bias(token);
    if (score > bestScore) {
      best = token;
      bestScore = score;
    }
    token = argmaxBelow(logits, value, token);
  }
  return best;
}

/** The greatest logit after (`value`, `after`) in the order of falling logits and rising ids; -1: none. */
function argmaxBelow(logits: Float32Array, value: number, after: TokenId): TokenId {
  let token = -1;
  let best = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number;
    if (logit > best && (logit < value || (logit === value && i > after))) {
      best = logit;
      token = i;
    }
  }
  return token;
}

function biasedArgmax(logits: Float32Array, bias: Bias, fallback: TokenId): TokenId {
  let token = fallback;
  let best = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number;
    if (logit <= best) continue;
    const score = logit + bias(i);
    if (score > best) {
      best = score;
      token = i;
    }
  }
  return token;
}
