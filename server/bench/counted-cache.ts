/** CountedCache: the cache model as a language model of its own, for comparison; it counts how far to trust itself. */

import type { CachePrediction } from '../src/engine/decoding/cache-model.ts';

/**
 * As PPM does (Cleary & Witten 1984): what a match of some length does not say escapes to single
 * tokens' counts, and those to all tokens alike. How often a length was right so far is the escape.
 */
export class CountedCache {
  private readonly seen = new Map<number, number>();
  private nSeen = 0;
  private readonly trust = new Map<number, { right: number; n: number }>();

  /** The probability of `token`, which is then known to be the true one. */
  probability(prediction: CachePrediction | undefined, token: number, nVocab: number): number {
    const single = ((this.seen.get(token) ?? 0) + 0.5 / nVocab) / (this.nSeen + 0.5);
    this.seen.set(token, (this.seen.get(token) ?? 0) + 1);
    this.nSeen++;
    const floor = 0.9 * single + 0.1 / nVocab;
    if (!prediction) return floor;
    const length = Math.min(8, prediction.matchTokens);
    const known = this.trust.get(length) ?? { right: 0, n: 0 };
    const weight = (known.right + 1) / (known.n + 2);
    const share = prediction.shares[prediction.tokens.indexOf(token)] ?? 0;
    this.trust.set(length, { right: known.right + (share > 0 ? 1 : 0), n: known.n + 1 });
    return weight * share + (1 - weight) * floor;
  }
}
