/** CacheSamplers: makes the sampler of one suggestion, which also asks the open documents what comes next, and their cache. */

import type { Clock } from '../base/ports.ts';
import { CacheModel } from '../decoding/cache-model.ts';
import { CursorCache } from '../decoding/cursor-cache.ts';
import { CacheSampler, type MixWeights } from '../decoding/mix.ts';
import { GreedySampler, type Sampler } from '../decoding/sampler.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import type { SegmentTokenizer } from '../tokens/retokenize.ts';
import type { TokenId } from '../tokens/token.ts';

/**
 * Characters before and after the cursor, and of all other documents together, that are looked at:
 * far more than any window of the model, so that the cache model sees what the network cannot. All
 * together some 45,000 tokens: 1 ms for the first prediction, 0.05 ms for each further one.
 */
const maxChars = { before: 40_000, after: 20_000, others: 100_000 } as const;

/** Characters that are tokenised before others get their turn: about 8 ms. */
const warmChars = 4_000;

/** The texts around the cursor. */
interface Around {
  readonly textBefore: string;
  readonly textAfter: string;
}

/** What `CacheSamplers.at` makes. */
export interface CursorSampler {
  readonly sampler: Sampler;
  /** The sampler again where it is the mixture, which then tells `cursor` what is emitted. */
  readonly mixed: CacheSampler | undefined;
  readonly cursor: CursorCache;
}

/** One per engine; holds the tokens of other documents as long as their snapshots live. */
export class CacheSamplers {
  private readonly tokens = new WeakMap<DocumentSnapshot, Int32Array>();

  constructor(
    private readonly segments: SegmentTokenizer,
    /** Undefined for a model that the mixture was not learned for: the cache then only guesses. */
    private readonly weights: MixWeights | undefined,
    private readonly clock: Clock,
  ) {}

  /** Whether the texts have a say in what is likely, as opposed to what is guessed ahead. */
  get isMixing(): boolean {
    return this.weights !== undefined;
  }

  /**
   * The sampler at one place; `others` are further documents, the most relevant first. `isEnd` is
   * the network's: the cache model has no say in where the text ends.
   */
  at(around: Around, others: readonly DocumentSnapshot[], isEnd: (token: TokenId) => boolean): CursorSampler {
    const cache = new CacheModel();
    let room: number = maxChars.others;
    const fitting = others.filter(({ text }) => {
      room -= text.length;
      return room >= 0;
    });
    for (const other of fitting.reverse()) cache.add(this.tokensOf(other));
    cache.add(this.encode(startOf(around.textAfter, maxChars.after)));
    const before = asLf(endOf(around.textBefore, maxChars.before));
    const { tokenizer } = this.segments;
    const cursor = new CursorCache(cache, tokenizer, before, this.encode(before));
    const mixed = this.weights && new CacheSampler(cursor, this.weights, isEnd);
    return { cursor, mixed, sampler: mixed ?? new GreedySampler() };
  }

  /**
   * Tokenises a document in slices, so that the first suggestion in it does not have to: whole files
   * take up to 0.3 s. It changes no answer; it only fills the segment cache.
   */
  async warm({ text }: DocumentSnapshot): Promise<void> {
    const end = Math.min(text.length, maxChars.others);
    for (let start = 0; start < end; ) {
      await this.clock.yieldToHost();
      const newline = text.indexOf('\n', start + warmChars);
      const stop = newline < 0 ? text.length : newline + 1;
      if (stop - start < 2 * warmChars) this.encode(text.slice(start, stop)); // else one huge line
      start = stop;
    }
  }

  private encode(text: string): Int32Array {
    return this.segments.encode(asLf(text));
  }

  private tokensOf(document: DocumentSnapshot): Int32Array {
    const known = this.tokens.get(document);
    if (known) return known;
    const tokens = this.encode(document.text);
    this.tokens.set(document, tokens);
    return tokens;
  }
}

/** As the prompt reads line ends, and so as the network writes them. */
const asLf = (text: string) => text.replaceAll('\r\n', '\n');

/** Whole lines, so that their tokens are found in the segment cache. */
function endOf(text: string, max: number): string {
  const start = text.length - max;
  return start <= 0 ? text : text.slice(text.indexOf('\n', start) + 1 || start);
}

function startOf(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = text.lastIndexOf('\n', max);
  return text.slice(0, end > 0 ? end : max);
}
