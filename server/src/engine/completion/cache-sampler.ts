/** cacheSamplerAt: the sampler of one suggestion, which also asks the document's own text what comes next. */

import { CacheModel } from '../decoding/cache-model.ts';
import { CursorCache } from '../decoding/cursor-cache.ts';
import { CacheSampler, type MixWeights } from '../decoding/mix.ts';
import type { Sampler } from '../decoding/sampler.ts';
import type { SegmentTokenizer } from '../tokens/retokenize.ts';
import type { TokenId } from '../tokens/token.ts';

/**
 * Characters before and after the cursor that are looked at: far more than any window of the model,
 * so that the cache model sees what the network cannot. 100,000 are some 25,000 tokens: 0.1 ms a look.
 */
const maxCharsBefore = 100_000;
const maxCharsAfter = 50_000;

/** The texts around the cursor. */
interface Around {
  readonly textBefore: string;
  readonly textAfter: string;
}

/** `isEnd` is the network's: the cache model has no say in where the text ends. */
export function cacheSamplerAt(
  { textBefore, textAfter }: Around,
  segments: SegmentTokenizer,
  weights: MixWeights,
  isEnd: (token: TokenId) => boolean,
): Sampler {
  const before = endOf(textBefore, maxCharsBefore);
  const cache = new CacheModel();
  cache.add(segments.encode(startOf(textAfter, maxCharsAfter)));
  const cursor = new CursorCache(cache, segments.tokenizer, before, segments.encode(before));
  return new CacheSampler(cursor, weights, isEnd);
}

/** Whole lines, so that their tokens are found in the segment cache. */
function endOf(text: string, maxChars: number): string {
  const start = text.length - maxChars;
  return start <= 0 ? text : text.slice(text.indexOf('\n', start) + 1 || start);
}

function startOf(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const end = text.lastIndexOf('\n', maxChars);
  return text.slice(0, end > 0 ? end : maxChars);
}
