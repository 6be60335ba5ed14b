/** Sampler: picks the next token from logits, and says how sure it was; greedily here, by chance in `sampling.ts`. */

import type { TokenId } from '../tokens/token.ts';

/** What a constraint adds to a token's logit, ≤ 0; -Infinity forbids it. */
export type Bias = (token: TokenId) => number;

/** A token and its probability by what a sampler picks from, before any constraint. */
export interface Chance {
  readonly token: TokenId;
  /** In [0, 1]. */
  readonly probability: number;
}

/** Chooses the tokens of one generation. It is told what was emitted, so it may remember. */
export interface Sampler {
  /** The next token by `logits` [nVocab], which are not kept, with `bias` added where there is one. */
  pick(logits: Float32Array, bias?: Bias): TokenId;
  /** `token` was emitted: the next `pick` comes after it. */
  accept(token: TokenId): void;
  /** The last pick's probability; to be asked for while its logits are still valid, as below. */
  probability(): number;
  /** The most probable other token at the last pick that its bias allows; undefined when it allows none. */
  runnerUp(): Chance | undefined;
}

/** The network's own most probable token, always. */
export class GreedySampler implements Sampler {
  private logits: Float32Array = new Float32Array(1);
  private bias: Bias | undefined;
  private token: TokenId = 0;

  pick(logits: Float32Array, bias?: Bias): TokenId {
    this.logits = logits;
    this.bias = bias;
    this.token = greedy(logits, bias);
    return this.token;
  }

  accept(): void {}

  probability(): number {
    return Math.exp((this.logits[this.token] as number) - logSumExp(this.logits));
  }

  runnerUp(): Chance | undefined {
    const { logits } = this;
    const token = greedyBut(this.token, logits, this.bias);
    return token === undefined
      ? undefined
      : { token, probability: Math.exp((logits[token] as number) - logSumExp(logits)) };
  }
}

/** The token that `greedy` would pick if `top` were forbidden as well. */
export function greedyBut(top: TokenId, logits: Float32Array, bias?: Bias): TokenId | undefined {
  const second = greedy(logits, (token) => (token === top ? -Infinity : (bias?.(token) ?? 0)));
  return second === top || bias?.(second) === -Infinity ? undefined : second;
}

/** Logits this far below the greatest are left out of the sum: 100,000 of them are 2e-4 of it. */
const negligible = 20;

/** Steps per unit of the table of exponentials below; linear in between it is right to 1e-5. */
const stepsPerUnit = 128;

/** exp(−i / stepsPerUnit). Math.exp over a vocabulary is a fifth of what a small model's token takes. */
const exponentials = Float64Array.from({ length: negligible * stepsPerUnit + 2 }, (_, i) =>
  Math.exp(-i / stepsPerUnit),
);

/** log Σ exp(logits), to 1e-5. */
export function logSumExp(logits: Float32Array): number {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) if ((logits[i] as number) > max) max = logits[i] as number;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const steps = (max - (logits[i] as number)) * stepsPerUnit;
    if (!(steps < negligible * stepsPerUnit)) continue;
    const step = Math.floor(steps);
    const low = exponentials[step] as number;
    sum += low + (steps - step) * ((exponentials[step + 1] as number) - low);
  }
  return max + Math.log(sum);
}

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
