/** mix: the network's probabilities and the cache model's, joined token by token. */

// p = (1 − λ) p_network + λ p_cache, as Kuhn & De Mori 1990 and kNN-LM (Khandelwal et al. 2020,
// section 2, https://arxiv.org/abs/1911.00172). Our deviation: λ is not one number but depends on how
// long the match is, how far its places agree and how sure the network is, learned on a development
// split (`npm run bench -- cache-weights`). It is learned apart for the rest of a token that begins before
// the cursor: there the network reads half a token, and the cache compares bytes.

import type { TokenId } from '../tokens/token.ts';
import type { CachePrediction } from './cache-model.ts';
import type { CursorCache } from './cursor-cache.ts';
import { type Bias, type Chance, greedy, greedyBut, logSumExp, type Sampler } from './sampler.ts';

/**
 * λ by [match length][agreement][network's certainty], each in [0, 1); see the bounds below. All match
 * lengths twice: first behind the cursor's piece, then for the rest of a token within it.
 */
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
  const match = lastAtMost(matchBounds, matchTokens) + (prediction.isRest ? matchBounds.length : 0);
  return (match * nAgreement + agreement) * certaintyBounds.length + lastAtMost(certaintyBounds, certainty);
}

/** The λ of a situation. */
export function mixWeight(weights: MixWeights, prediction: CachePrediction, certainty: number): number {
  const bucket = mixBucket(prediction, certainty);
  const nCertainty = certaintyBounds.length;
  const row = weights[Math.floor(bucket / (nCertainty * nAgreement))];
  return row?.[Math.floor(bucket / nCertainty) % nAgreement]?.[bucket % nCertainty] ?? 0;
}

/**
 * Greedy decoding by the mixture. Whether the text ends is the network's decision alone: the texts
 * hold no end tokens, so their votes know nothing about it. Letting the mixture decide that as well
 * changed no exact match on 360 development cases, and edit similarity by less than one point.
 */
export class CacheSampler implements Sampler {
  private picked: Picked = { logits: new Float32Array(1), token: 0, logSum: 0, weight: 0 };

  constructor(
    private readonly cursor: CursorCache,
    private readonly weights: MixWeights,
    private readonly isEnd: (token: TokenId) => boolean,
  ) {}

  pick(logits: Float32Array, bias?: Bias): TokenId {
    const top = greedy(logits, bias);
    const logSum = logSumExp(logits);
    const prediction = this.isEnd(top) ? undefined : this.cursor.predict();
    const weight = prediction
      ? mixWeight(this.weights, prediction, Math.exp((logits[top] as number) - logSum))
      : 0;
    this.picked = { logits, token: top, logSum, weight, prediction, bias };
    if (prediction) this.picked.token = this.best(prediction, top);
    return this.picked.token;
  }

  accept(token: TokenId): void {
    this.cursor.accept(token);
  }

  probability(): number {
    return this.probabilityOf(this.picked.token);
  }

  runnerUp(): Chance | undefined {
    const { logits, token, prediction, bias } = this.picked;
    let second = greedyBut(token, logits, bias);
    for (const cached of prediction?.tokens.slice(0, 2) ?? []) {
      if (cached === token || bias?.(cached) === -Infinity) continue;
      if (second === undefined || this.probabilityOf(cached) > this.probabilityOf(second)) second = cached;
    }
    return second === undefined ? undefined : { token: second, probability: this.probabilityOf(second) };
  }

  /**
   * Log probabilities [nVocab] of the whole mixture. Where an end token has the network's, what the network
   * leaves for the rest is what is mixed.
   */
  logProbabilities(logits: Float32Array): Float32Array {
    const logSum = logSumExp(logits);
    const result = logits.map((logit) => logit - logSum);
    const prediction = this.cursor.predict();
    if (!prediction) return result;
    const weight = mixWeight(this.weights, prediction, Math.exp(result[greedy(result)] as number));
    let goesOn = 1;
    for (let token = 0; token < result.length; token++) {
      const value = result[token] as number;
      if (this.isEnd(token)) goesOn -= Math.exp(value);
      else result[token] = value + Math.log(1 - weight);
    }
    prediction.tokens.forEach((token, i) => {
      if (this.isEnd(token)) return;
      const cached = weight * Math.max(0, goesOn) * (prediction.shares[i] as number);
      result[token] = Math.log(Math.exp(result[token] as number) + cached);
    });
    return result;
  }

  /** The likeliest token of the mixture: the network's own or one that the texts propose. */
  private best(prediction: CachePrediction, top: TokenId): TokenId {
    const { bias } = this.picked;
    const score = (token: TokenId) => (bias ? Math.exp(bias(token)) : 1) * this.probabilityOf(token);
    let best = top;
    let bestScore = score(top);
    for (const token of prediction.tokens) {
      const candidate = score(token);
      if (candidate > bestScore) [best, bestScore] = [token, candidate];
    }
    return best;
  }

  /** By the mixture at the last pick. */
  private probabilityOf(token: TokenId): number {
    const { logits, logSum, weight, prediction } = this.picked;
    const network = Math.exp((logits[token] as number) - logSum);
    if (!prediction) return network;
    const share = prediction.shares[prediction.tokens.indexOf(token)] ?? 0;
    return (1 - weight) * network + weight * share;
  }
}

/** A pick, for as long as its logits are valid. */
interface Picked {
  readonly logits: Float32Array;
  token: TokenId;
  readonly logSum: number;
  readonly weight: number;
  readonly prediction?: CachePrediction | undefined;
  readonly bias?: Bias | undefined;
}

/** The index of the last bound that is at most `value`. */
function lastAtMost(bounds: readonly number[], value: number): number {
  let i = bounds.length - 1;
  while (i > 0 && (bounds[i] as number) > value) i--;
  return i;
}
