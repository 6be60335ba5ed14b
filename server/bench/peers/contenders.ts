/** Contenders: runtimes that bring a cache to a prompt and write a few tokens, timed alike. */

import { greedy } from '../../src/engine/decoding/sampler.ts';
import { KvArena } from '../../src/engine/model/arena.ts';
import { CausalLm } from '../../src/engine/model/causal-lm.ts';
import type { ReuseOptions } from '../../src/engine/model/reuse.ts';
import { Sequence } from '../../src/engine/model/sequence.ts';
import { systemClock } from '../../src/node/clock.ts';
import type { Setting } from '../setting.ts';
import { LlamaCpp } from './llama-cpp.ts';

/** One prompt answered. */
export interface Timing {
  /** Until the first token is known. */
  readonly firstMs: number;
  /** Mean of one further token. */
  readonly stepMs: number;
  /** Prompt tokens computed, and moved in the cache. */
  readonly nNew: number;
  readonly nShifted: number;
  readonly tokens: readonly number[];
}

export interface Contender {
  readonly name: string;
  /** Brings the cache to `prompt` and writes `nToken` tokens, the most likely ones. */
  answer(prompt: Int32Array, nToken: number): Promise<Timing>;
  /**
   * Runs `tokens` behind what was read, in one pass, and finds the likeliest successor of each;
   * then they are forgotten. The milliseconds that it took.
   */
  pass(tokens: Int32Array): Promise<number>;
  /** Forgets what was read. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const live = new AbortController().signal;

/** Our runtime on the setting's model; `reuse` absent: as the product does it. */
export function stet(setting: Setting, name: string, nRow: number, reuse?: ReuseOptions): Contender {
  const lm = new CausalLm(setting.forward, systemClock);
  const sequence = new Sequence(new KvArena(setting.forward.config, nRow));
  return {
    name,
    async answer(prompt, nToken) {
      const startMs = performance.now();
      const { logits, alignment } = await lm.prefill(sequence, prompt, live, reuse);
      const tokens = [greedy(logits)];
      const firstMs = performance.now() - startMs;
      while (tokens.length <= nToken) {
        tokens.push(greedy(await lm.step(sequence, tokens.at(-1) as number, live)));
      }
      const stepMs = (performance.now() - startMs - firstMs) / nToken;
      return { firstMs, stepMs, nNew: alignment.nNew, nShifted: alignment.nShifted, tokens };
    },
    async pass(tokens) {
      const { length } = sequence;
      const { nVocab } = setting.forward.config;
      const startMs = performance.now();
      const rows = await lm.steps(sequence, tokens, live);
      for (let i = 0; i < tokens.length; i++) greedy(rows.subarray(i * nVocab, (i + 1) * nVocab));
      const ms = performance.now() - startMs;
      sequence.truncate(length);
      return ms;
    },
    clear: async () => sequence.clear(),
    close: async () => {},
  };
}

/** llama.cpp on the same weights as a GGUF file. */
export async function llamaCpp(
  name: string,
  ggufFile: string,
  options: { readonly threads: number; readonly contextTokens: number },
): Promise<Contender & { readonly peer: LlamaCpp }> {
  const peer = await LlamaCpp.open({ ggufFile, ...options });
  return {
    name,
    peer,
    async answer(prompt, nToken) {
      const startMs = performance.now();
      const { next, nNew, nShifted } = await peer.prefill(prompt);
      const firstMs = performance.now() - startMs;
      const tokens = [next];
      while (tokens.length <= nToken) tokens.push(await peer.step(tokens.at(-1) as number));
      const stepMs = (performance.now() - startMs - firstMs) / nToken;
      return { firstMs, stepMs, nNew, nShifted, tokens };
    },
    async pass(tokens) {
      const startMs = performance.now();
      await peer.tryRows(tokens);
      const ms = performance.now() - startMs;
      peer.takeBack(tokens.length);
      return ms;
    },
    clear: async () => peer.clear(),
    close: () => peer.close(),
  };
}
