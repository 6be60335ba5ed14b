/** ChanceSampler: picks tokens by chance, as seldom wrong as one wants them; the same seed gives the same text. */

import type { TokenId } from '../tokens/token.ts';
import { type Bias, type Chance, greedy, greedyBut, logSumExp, type Sampler } from './sampler.ts';

/** What may be drawn, and how evenly. Filters apply in this order, each to what the one before left. */
export interface SamplingOptions {
  /** > 0: logits are divided by it; below 1 the likely becomes likelier. */
  readonly temperature: number;
  /** Only the likeliest so many; 0: all. */
  readonly topK: number;
  /** Only the likeliest that together have this probability, in (0, 1]. */
  readonly topP: number;
  /** Only what has at least this share of the likeliest token's probability, in [0, 1]. */
  readonly minP: number;
  /** A whole number. */
  readonly seed: number;
}

/** Whose probabilities are drawn from: log probabilities [nVocab], in a buffer of their own. */
export interface Distribution {
  logProbabilities(logits: Float32Array): Float32Array;
  accept(token: TokenId): void;
}

/** The network's own. */
const network: Distribution = {
  logProbabilities: (logits) => {
    const logSum = logSumExp(logits);
    return logits.map((logit) => logit - logSum);
  },
  accept: () => {},
};

/**
 * Draws by Gumbel-max: the greatest of log p + noise is a draw from p (Maddison et al. 2014, section 2,
 * https://arxiv.org/abs/1411.0030). A bias joins in as log weight, and since it only lowers, `greedy`
 * asks about the most promising tokens one by one: exact draws from p · exp(bias) with few questions,
 * which is what AWRS (https://arxiv.org/abs/2504.05410) does for hard constraints. The noise depends on
 * seed, place and token alone, so picking again after a constraint has learned more is no second draw.
 */
export class ChanceSampler implements Sampler {
  private nAccepted = 0;
  private logProbabilities: Float32Array = new Float32Array(1);
  private token: TokenId = 0;
  private bias: Bias | undefined;

  constructor(
    private readonly options: SamplingOptions,
    private readonly distribution: Distribution = network,
  ) {}

  pick(logits: Float32Array, bias?: Bias): TokenId {
    const { temperature, seed } = this.options;
    this.logProbabilities = this.distribution.logProbabilities(logits);
    this.bias = bias;
    const scaled = this.logProbabilities.map((value) => value / temperature);
    const keys = filtered(scaled, this.options);
    const random = noise(seed, this.nAccepted);
    for (let token = 0; token < keys.length; token++) {
      const gumbel = -Math.log(-Math.log(random())); // drawn for all, so that one token's does not depend on others
      if (keys[token] !== -Infinity) keys[token] = (keys[token] as number) + gumbel;
    }
    this.token = greedy(keys, bias);
    // Everything that the filters left may be forbidden; then the likeliest that is not.
    if (bias?.(this.token) === -Infinity) this.token = greedy(this.logProbabilities, bias);
    return this.token;
  }

  accept(token: TokenId): void {
    this.nAccepted++;
    this.distribution.accept(token);
  }

  probability(): number {
    return Math.exp(this.logProbabilities[this.token] as number);
  }

  runnerUp(): Chance | undefined {
    const token = greedyBut(this.token, this.logProbabilities, this.bias);
    return token === undefined
      ? undefined
      : { token, probability: Math.exp(this.logProbabilities[token] as number) };
  }
}

/** `scaled` with -Infinity for what must not be drawn. The likeliest token always stays. */
function filtered(scaled: Float32Array, { topK, topP, minP }: SamplingOptions): Float32Array {
  const top = scaled[greedy(scaled)] as number;
  const floor = minP > 0 ? top + Math.log(minP) : -Infinity;
  let kept = [...scaled.keys()].filter((token) => (scaled[token] as number) >= floor);
  if (topK > 0 || topP < 1) kept.sort((a, b) => (scaled[b] as number) - (scaled[a] as number) || a - b);
  if (topK > 0) kept = kept.slice(0, topK);
  if (topP < 1) {
    const weights = kept.map((token) => Math.exp((scaled[token] as number) - top));
    const wanted = topP * weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    kept = kept.filter((_, i) => {
      const isWanted = sum < wanted;
      sum += weights[i] as number;
      return isWanted;
    });
  }
  const result = new Float32Array(scaled.length).fill(-Infinity);
  for (const token of kept) result[token] = scaled[token] as number;
  return result;
}

/** Numbers in (0, 1) that depend on `seed` and `place` alone (mulberry32). */
function noise(seed: number, place: number): () => number {
  let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b)) | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => next() || 2 ** -33;
}
