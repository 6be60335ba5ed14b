/** logProbs: how probable the model finds each token of a text, given what its sequence has seen. */

import type { CausalLm } from '../model/causal-lm.ts';
import { passTokens, type Sequence } from '../model/sequence.ts';

/**
 * Runs `tokens` through the model behind the sequence's last one, and returns their natural
 * logarithms of probability [tokens.length]. The sequence holds them afterwards. The last token seen
 * is run again, because a cache holds no logits; behind nothing, the first token counts as certain (0).
 * Each pass is a background task of its own, so a keystroke waits for one at most; nobody else may use
 * the sequence meanwhile.
 */
export async function logProbs(
  lm: CausalLm,
  sequence: Sequence,
  tokens: Int32Array,
  signal: AbortSignal,
): Promise<Float32Array> {
  const out = new Float32Array(tokens.length);
  const isFirst = sequence.length === 0;
  const run = isFirst ? tokens : Int32Array.of(sequence.tokens.at(-1) as number, ...tokens);
  if (!isFirst) sequence.truncate(sequence.length - 1);
  const shift = isFirst ? 1 : 0; // row r of the logits is about token r + shift
  for (let at = 0; at < run.length; at += passTokens) {
    const slice = run.subarray(at, at + passTokens);
    const pass = async () => {
      const logits = await lm.steps(sequence, slice, signal);
      const nVocab = logits.length / slice.length;
      for (let row = 0; row < slice.length; row++) {
        const about = at + row + shift;
        if (about >= tokens.length) break;
        out[about] = logProb(logits.subarray(row * nVocab, (row + 1) * nVocab), tokens[about] as number);
      }
    };
    await lm.exclusive('background', pass, signal);
  }
  return out;
}

/** log softmax(logits)[token], in double precision. */
export function logProb(logits: Float32Array, token: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) max = Math.max(max, logits[i] as number);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] as number) - max);
  return (logits[token] as number) - max - Math.log(sum);
}
