/** CausalLm: runs sequences through the model, one task at a time, in slices that a keystroke can cancel. */

import { Lane, type Priority } from '../base/lane.ts';
import type { Clock } from '../base/ports.ts';
import type { TokenId } from '../tokens/token.ts';
import type { Forward } from './backend.ts';
import type { Alignment, Sequence } from './sequence.ts';

/**
 * Tokens per prefill pass. A pass cannot be interrupted, so this bounds how long a keystroke waits:
 * 64 tokens are about 20 ms at 90M parameters on two cores; 64-128 is also the fastest range. It is
 * constant so that the same prompt always takes the same path through the arithmetic.
 */
const prefillChunk = 64;

/** What a prefill reused and computed, in tokens, and the logits [nVocab] after the last one. */
export interface Prefill {
  readonly alignment: Alignment;
  /** Valid until the next call on the same model. */
  readonly logits: Float32Array;
}

export class CausalLm {
  private readonly lane = new Lane();

  constructor(
    readonly forward: Forward,
    private readonly clock: Clock,
  ) {}

  /**
   * Gives `task` the model for itself. A task is one whole request, since its passes write one
   * arena; it must look at its signal before every pass (`prefill` and `step` do).
   */
  exclusive<T>(priority: Priority, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.lane.run(priority, task, signal);
  }

  /** Brings `sequence` to exactly `prompt`, reusing what it can. Call inside `exclusive`. */
  async prefill(sequence: Sequence, prompt: Int32Array, signal: AbortSignal): Promise<Prefill> {
    const alignment = sequence.align(prompt);
    let logits: Float32Array | undefined;
    for (let at = 0; at < alignment.run.length; at += prefillChunk) {
      await this.clock.yieldToHost(); // lets an abort message in before the pass blocks the thread
      logits = await this.run(sequence, alignment.run.subarray(at, at + prefillChunk), signal);
    }
    return { alignment, logits: logits as Float32Array }; // align leaves at least one token to run
  }

  /** Appends one token and returns the logits [nVocab] for the next. Call inside `exclusive`. */
  step(sequence: Sequence, token: TokenId, signal: AbortSignal): Promise<Float32Array> {
    return this.run(sequence, Int32Array.of(token), signal);
  }

  private async run(sequence: Sequence, tokens: Int32Array, signal: AbortSignal): Promise<Float32Array> {
    signal.throwIfAborted();
    const logits = await this.forward.run({
      arena: sequence.arena,
      tokens,
      start: sequence.length,
      logitsOf: [tokens.length - 1],
    });
    sequence.append(tokens);
    return logits;
  }
}
