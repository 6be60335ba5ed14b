/** speed: how long a model's passes take on this machine: measured on the running one, predicted for others. */

// Writing one token reads every weight once, so it takes as long as memory takes to deliver them, and
// every layer costs a little beside its weights. Each further token of the same pass only multiplies.
// The three rates come from one matrix product too large for caches (`speed-probe.ts`) and from a model
// that runs. It is a prediction: attention is counted as the measured model's, caches as too small.

import type { Clock } from '../base/ports.ts';
import { KvArena } from './arena.ts';
import type { MachineSpeed } from './backend.ts';
import type { CausalLm } from './causal-lm.ts';
import type { Footprint } from './footprint.ts';
import { passTokens } from './sequence.ts';

/** Milliseconds of passes behind a short file. */
export interface PassTimes {
  /** One token: what each token of a suggestion costs that was not guessed. */
  readonly stepMs: number;
  /** {@link editTokens}: what was typed since, and the sentinels. */
  readonly editMs: number;
  /** {@link passTokens}: a slice of a prompt that is read for the first time. */
  readonly sliceMs: number;
}

export const editTokens = 8;

/** What people wait for: a suggestion of so many tokens after an edit. About a line of code. */
const suggestionTokens = 12;

/** Milliseconds from an edit to a whole suggestion, if none of its tokens is guessed. */
export function suggestionMs({ editMs, stepMs }: PassTimes): number {
  return editMs + (suggestionTokens - 1) * stepMs;
}

/** Rows before the measured ones. */
const nContext = 256;

/** Rounds at most; the fastest of each counts, since whatever else the machine does only adds. */
const nRound = 8;

/**
 * Measures the model, whose caches it does not touch, for `budgetMs` or one round and a warm-up, whichever
 * is longer. Typing goes between its passes. Rejects with the signal's reason.
 */
export async function measurePasses(
  lm: CausalLm,
  clock: Clock,
  budgetMs: number,
  signal: AbortSignal,
): Promise<PassTimes> {
  const { config } = lm.forward;
  const start = Math.max(0, Math.min(nContext, config.maxPositions - passTokens));
  const arena = new KvArena(config, start + passTokens);
  const pass = async (nTokens: number) => {
    await clock.yieldToHost(); // lets an abort message in before the pass blocks the thread
    const tokens = Array.from({ length: nTokens }, (_, i) => (7 * i) % config.nVocab);
    return lm.exclusive(
      'background',
      async () => {
        signal.throwIfAborted();
        await lm.forward.turns?.whenQuiet(signal);
        const startMs = clock.nowMs();
        await lm.forward.run({ arena, tokens, start, logitsOf: [nTokens - 1] });
        return clock.nowMs() - startMs;
      },
      signal,
    );
  };
  const fastest = [Infinity, Infinity, Infinity] as [number, number, number];
  const endMs = clock.nowMs() + budgetMs;
  for (let round = 0; round <= nRound; round++) {
    if (round > 1 && clock.nowMs() >= endMs) break;
    for (const [i, nTokens] of [1, editTokens, passTokens].entries()) {
      const ms = await pass(nTokens);
      if (round > 0) fastest[i as 0 | 1 | 2] = Math.min(fastest[i as 0 | 1 | 2], ms); // the first warms up
    }
  }
  const [stepMs, editMs, sliceMs] = fastest;
  return { stepMs, editMs, sliceMs };
}

/** What this machine does with a model: how fast it is, and what a layer costs beside its weights. */
export interface KnownMachine extends MachineSpeed {
  readonly layerMs: number;
}

/** Takes the cost of a layer from the model that was measured on `machine`. */
export function knownMachine(
  machine: MachineSpeed,
  measured: Footprint,
  { stepMs }: PassTimes,
): KnownMachine {
  const layersMs = Math.max(1e-6, stepMs - measured.tokenBytes / machine.bytesPerMs);
  return { ...machine, layerMs: layersMs / measured.nLayer };
}

/** What the passes of a model of another shape should take on `machine`. */
export function predictPasses(wanted: Footprint, machine: KnownMachine): PassTimes {
  const { bytesPerMs, productsPerMs, layerMs } = machine;
  const stepMs = wanted.tokenBytes / bytesPerMs + wanted.nLayer * layerMs;
  const passMs = (nTokens: number) => stepMs + ((nTokens - 1) * wanted.layerProducts) / productsPerMs;
  return { stepMs, editMs: passMs(editTokens), sliceMs: passMs(passTokens) };
}
