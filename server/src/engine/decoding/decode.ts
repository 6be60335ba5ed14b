/** decode: the loop, an async generator of tokens; not pulling is stopping. */

import type { CausalLm } from '../model/causal-lm.ts';
import type { Sequence } from '../model/sequence.ts';
import type { TokenId } from '../tokens/token.ts';
import { type Constraint, pickWith } from './constraints/constraint.ts';
import type { Drafting } from './drafters/drafting.ts';
import { GreedySampler, type Sampler } from './sampler.ts';

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
  /** Who guesses what comes next; what is yielded is the same with and without. */
  readonly drafting?: Drafting;
  readonly signal: AbortSignal;
}

/** Why the generator returned; a caller that stops pulling has reasons of its own. */
export type DecodeEnd = 'end-token' | 'token-limit' | 'window-full';

/**
 * Yields one token at a time. A yielded token is run through the model only when the next one is
 * pulled, so the last one shown costs nothing. With drafts, several guessed tokens go through the
 * model behind it in the same pass; they are yielded only as far as the sampler, which walks the rows
 * in order, picks the very same ones (Leviathan et al. 2023, section 2, https://arxiv.org/abs/2211.17192,
 * with guesses of probability 1, so that it holds for chance as well). However it ends, the sequence
 * holds the yielded tokens and no wrong guess. Rejects with the signal's reason when aborted.
 */
export async function* decode(
  lm: CausalLm,
  sequence: Sequence,
  options: DecodeOptions,
): AsyncGenerator<TokenId, DecodeEnd> {
  const { logits, maxTokens, isEnd, sampler = new GreedySampler(), constraint, drafting, signal } = options;
  const { nVocab } = lm.forward.config;
  const { nRow } = sequence.arena;
  const bias = constraint && ((token: TokenId) => constraint.bias(token));
  let rows = logits; // [1 + guesses.length, nVocab]
  let guesses: readonly TokenId[] = [];
  let nRight = 0; // guesses that were yielded
  const settle = () => {
    sequence.truncate(sequence.length - (guesses.length - nRight));
    guesses = [];
  };
  try {
    for (let n = 1; ; n++) {
      const here = rows.subarray(nRight * nVocab, (nRight + 1) * nVocab);
      const pick = () => sampler.pick(here, bias);
      const token = constraint ? await pickWith(constraint, pick, signal) : pick();
      const isGuessed = guesses[nRight] === token;
      if (!isGuessed) drafting?.judged(nRight, nRight < guesses.length);
      if (isEnd(token)) return 'end-token';
      sampler.accept(token);
      constraint?.accept(token);
      drafting?.accept(token);
      if (isGuessed) nRight++;
      yield token;
      if (n >= maxTokens) return 'token-limit';
      if (isGuessed) continue;
      settle();
      if (sequence.length >= nRow) return 'window-full';
      const draft = drafting?.draft(Math.min(maxTokens - n - 1, nRow - sequence.length - 1)) ?? [];
      rows = await lm.steps(sequence, Int32Array.of(token, ...draft), signal);
      guesses = draft;
      nRight = 0;
    }
  } finally {
    drafting?.judged(nRight, false);
    settle();
  }
}
