/** Sampler: picks the next token from logits; greedily so far. */

import { EngineError } from '../base/error.ts';
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

/**
 * The most probable token; the lowest id among equals. Throws EngineError('backend-failed') when
 * there is no number among the logits, so that a broken model never looks like a bad suggestion.
 */
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
  if (best === -Infinity) {
    throw new EngineError(
      'backend-failed',
      'The model answered with no numbers. Import it again, or set stet.model.format to fp32.',
    );
  }
  return token;
}
