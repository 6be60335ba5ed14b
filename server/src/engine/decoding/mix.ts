/** mix: the network's probabilities and the cache model's, joined token by token. */

// p = (1 − λ) p_network + λ p_cache, as Kuhn & De Mori 1990 and kNN-LM (Khandelwal et al. 2020,
// section 2, https://arxiv.org/abs/1911.00172). Our deviation: λ is not one number but depends on how
// long the match is, how far its places agree and how sure the network is, learned on a development
// split (`npm run bench -- cache-weights`).

import type { TokenId } from '../tokens/token.ts';
import type { CachePrediction } from './cache-model.ts';
import type { CursorCache } from './cursor-cache.ts';
import { type Bias, greedy, type Sampler } from './sampler.ts';

/** λ by [match length][agreement][network's certainty], each in [0, 1); see the bounds below. */
export type MixWeights = readonly (readonly (readonly number[])[])[];

/** Lower ends of the match lengths, in tokens, that share a λ. */
export const matchBounds = [1, 2, 3, 4, 6, 9, 14] as const;

/** Agreement: the first share is below .5, below .8, below 1; all of several places; the only place. */
export const nAgreement = 5;

/** Lower ends of the network's greatest probability. */
export const certaintyBounds = [0, 0.3, 0.6, 0.9] as const;

/** Which λ counts, as an index into the table flattened. */
export function mixBucket(prediction: CachePrediction, certainty: number): number {
  const { shares, matchTokens, nPlaces } = prediction;
  const share = shares[0] as number;
  const agreement = share < 0.5 ? 0 : share < 0.8 ? 1 : share < 1 ? 2 : nPlaces > 1 ? 3 : 4;
  const match = lastAtMost(matchBounds, matchTokens);
  return (match * nAgreement + agreement) * certaintyBounds.length + lastAtMost(certaintyBounds, certainty);
}

/** The λ of a situation. */
export function mixWeight(weights: MixWeights, prediction: CachePrediction, certainty: number): number {
  const bucket = mixBucket(prediction, certainty);
  const nCertainty = certaintyBounds.length;
  const row = weights[Math.floor(bucket / (nCertainty * nAgreement))];
  return row?.[Math.floor(bucket / nCertainty) % nAgreement]?.[bucket % nCertainty] ?? 0;
}

/** Logits this far below the greatest are left out of the sum: 100,000 of them are 2e-4 of it. */
const negligible = 20;

/** log Σ exp(logits). */
export function logSumExp(logits: Float32Array): number {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) if ((logits[i] as number) > max) max = logits[i] as number;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const difference = (logits[i] as number) - max;
    if (difference > -negligible) sum += Math.exp(difference);
  }
  return max + Math.log(sum);
}

/**
 * Greedy decoding by the mixture. Whether the text ends is the network's decision alone: the texts
 * hold no end tokens, so their votes know nothing about it. Letting the mixture decide that as well
 * changed no exact match on 360 development cases, and edit similarity by less than one point.
 */
export class CacheSampler implements Sampler {
  constructor(
    private readonly cursor: CursorCache,
    private readonly weights: MixWeights,
    private readonly isEnd: (token: TokenId) => boolean,
  ) {}

  pick(logits: Float32Array, bias?: Bias): TokenId {
    const top = greedy(logits, bias);
    if (this.isEnd(top)) return top;
    const prediction = this.cursor.predict();
    if (!prediction) return top;
    const logSum = logSumExp(logits);
    const probability = (token: TokenId) => Math.exp((logits[token] as number) - logSum);
    const kept = (token: TokenId) => (bias ? Math.exp(bias(token)) : 1);
    const weight = mixWeight(this.weights, prediction, probability(top));
    const cached = prediction.tokens.indexOf(top);
    let best = top;
    let bestScore = kept(top) * ((1 - weight) * probability(top) + weight * (prediction.shares[cached] ?? 0));
    prediction.tokens.forEach((token, i) => {
      const score =
        kept(token) * ((1 - weight) * probability(token) + weight * (prediction.shares[i] as number));
      if (score > bestScore) {
        best = token;
        bestScore = score;
      }
    });
    return best;
  }

  accept(token: TokenId): void {
    this.cursor.accept(token);
  }
}

/** The index of the last bound that is at most `value`. */
function lastAtMost(bounds: readonly number[], value: number): number {
  let i = bounds.length - 1;
  while (i > 0 && (bounds[i] as number) > value) i--;
  return i;
}
