/** DraftPolicy: how many tokens to guess, by what a pass of T rows costs and how often such guesses were right. */

import { defined } from '../../base/assert.ts';
import type { Clock } from '../../base/ports.ts';
import { KvArena } from '../../model/arena.ts';
import type { Forward } from '../../model/backend.ts';
import type { Draft, Drafter } from './drafter.ts';

/** Rows of one pass at most, the one that is true for sure included. More hardly ever pay on a CPU. */
export const maxRows = 16;

/** What a pass of 1 + i rows costs, in passes of one row. */
export type PassCosts = readonly number[];

/** By what is typical of models from 7M to 120M parameters on two cores, where nothing was measured. */
const typicalCosts: PassCosts = Array.from({ length: maxRows }, (_, i) => 1 + 0.15 * i);

/** A guess must promise this factor over none, or the pass stays plain. */
const worthwhile = 1.03;

/** What counted long ago weighs this much less per further count: 100 tokens are remembered. */
const memory = 0.99;

/** The prior counts like this many tokens. */
const nPrior = 8;

/** Where no guess pays, one token is guessed every this many passes, to see whether that is still so. */
const probeInterval = 24;

/** One per engine: acceptance rates outlive generations. */
export class DraftPolicy {
  private readonly rates = new Map<string, { right: number; tested: number }>();
  private nIdle = 0;

  /** `names`: the drafters that count; all of them when absent. */
  constructor(
    private readonly costs: PassCosts = typicalCosts,
    private readonly names?: readonly string[],
  ) {}

  /** Whether guesses of this drafter are wanted at all. */
  isWanted({ name }: Drafter): boolean {
    return this.names?.includes(name) ?? true;
  }

  /** The draft that promises the most tokens per time, cut to what pays; undefined for none. */
  choose(offers: readonly Offer[]): Offer | undefined {
    let best: Offer | undefined;
    let bestSpeed = worthwhile;
    for (const { drafter, draft } of offers) {
      const rate = this.rateOf(drafter, draft.trust);
      let expected = 1;
      for (let n = 1; n <= draft.tokens.length && n < this.costs.length; n++) {
        expected += rate ** n;
        const speed = expected / defined(this.costs[n], 'every row count has a cost');
        if (speed <= bestSpeed) continue;
        bestSpeed = speed;
        best = { drafter, draft: { ...draft, tokens: draft.tokens.slice(0, n) } };
      }
    }
    if (best || offers.length === 0 || ++this.nIdle < probeInterval) return best;
    this.nIdle = 0;
    const [{ drafter, draft }] = offers as [Offer];
    return { drafter, draft: { ...draft, tokens: draft.tokens.slice(0, 1) } };
  }

  /** Of a draft, `nRight` tokens were right, and the next one was wrong where `isRefuted`. */
  judged({ drafter, draft }: Offer, nRight: number, isRefuted: boolean): void {
    const rate = this.countsOf(drafter, draft.trust);
    const nTested = nRight + (isRefuted ? 1 : 0);
    const kept = memory ** nTested;
    rate.right = rate.right * kept + nRight;
    rate.tested = rate.tested * kept + nTested;
  }

  private rateOf(drafter: Drafter, trust: number): number {
    const { right, tested } = this.countsOf(drafter, trust);
    const prior = drafter.priors[trust] ?? 0.5;
    return (right + nPrior * prior) / (tested + nPrior);
  }

  private countsOf({ name }: Drafter, trust: number) {
    const key = `${name} ${trust}`;
    const known = this.rates.get(key) ?? { right: 0, tested: 0 };
    this.rates.set(key, known);
    return known;
  }
}

/** A draft and whose it is. */
export interface Offer {
  readonly drafter: Drafter;
  readonly draft: Draft;
}

/** Rows before the measured ones: a short file's. */
const nContext = 256;

/** Row counts that are measured; what lies between is interpolated. */
const measured = [1, 2, 4, 8, maxRows] as const;

/** Measurements of each; the fastest counts, since whatever else the machine does only adds. */
const nRound = 4;

/** Measures `forward`, whose cache it does not touch: about 40 passes. Run it before anything else runs. */
export async function measurePassCosts(forward: Forward, clock: Clock): Promise<PassCosts> {
  const arena = new KvArena(forward.config, nContext + maxRows);
  const fastest = measured.map(() => Infinity);
  for (let round = 0; round <= nRound; round++) {
    for (const [i, nRows] of measured.entries()) {
      const tokens = Array.from({ length: nRows }, (_, k) => (7 * k) % forward.config.nVocab);
      const startMs = clock.nowMs();
      await forward.run({ arena, tokens, start: nContext, logitsOf: [...tokens.keys()] });
      const ms = clock.nowMs() - startMs;
      if (round > 0) fastest[i] = Math.min(fastest[i] as number, ms); // the first warms up
    }
  }
  const one = fastest[0] as number;
  if (!(one > 0)) return typicalCosts; // a clock too coarse to tell
  return Array.from({ length: maxRows }, (_, i) => {
    const above = Math.max(
      1,
      measured.findIndex((nRows) => nRows >= i + 1),
    );
    const [low, high] = [measured[above - 1] as number, measured[above] as number];
    const share = (i + 1 - low) / (high - low);
    return ((1 - share) * (fastest[above - 1] as number) + share * (fastest[above] as number)) / one;
  });
}
