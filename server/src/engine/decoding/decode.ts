/** decode: the loop, an async generator of tokens; not pulling is stopping. */

import type { CausalLm } from '../model/causal-lm.ts';
import type { Sequence } from '../model/sequence.ts';
import type { TokenId } from '../tokens/token.ts';
import { type Constraint, pickWith } from './constraints/constraint.ts';
import { greedySampler, type Sampler } from './sampler.ts';

export interface DecodeOptions {
  /** Logits [nVocab] after the sequence's last token. */
  readonly logits: Float32Array;
  /** ≥ 1; also bounded by the arena. */
  readonly maxTokens: number;
  /** True for tokens that end the text: they are not yielded. */
  readonly isEnd: (token: TokenId) => boolean;
  /** Who picks the tokens; greedy when absent. */
  readonly sampler?: Sampler;
  /** What steers the sampler; nothing when absent. */
  readonly constraint?: Constraint;
  readonly signal: AbortSignal;
}

/** Why the generator returned; a caller that stops pulling has reasons of its own. */
export type DecodeEnd = 'end-token' | 'token-limit' | 'window-full';

/**
 * Yields one token at a time. A yielded token is run through the model only when the next one is
 * pulled, so the last one shown costs nothing. Rejects with the signal's reason when aborted.
 */
export async function* decode(
  lm: CausalLm,
  sequence: Sequence,
  { logits, maxTokens, isEnd, sampler = greedySampler, constraint, signal }: DecodeOptions,
): AsyncGenerator<TokenId, DecodeEnd> {
  const bias = constraint && ((token: TokenId) => (isEnd(token) ? 0 : constraint.bias(token)));
  let next = logits;
  for (let n = 1; ; n++) {
    const logitsHere = next;
    const pick = () => sampler.pick(logitsHere, bias);
    const token = constraint ? await pickWith(constraint, pick, signal) : pick();
    if (isEnd(token)) return 'end-token';
    sampler.accept(token);
    constraint?.accept(token);
    yield token;
    if (n >= maxTokens) return 'token-limit';
    if (sequence.length >= sequence.arena.nRow) return 'window-full';
    next = await lm.step(sequence, token, signal);
  }
}
