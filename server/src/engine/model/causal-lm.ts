/** CausalLm: runs sequences through the model, one task at a time, in slices that a keystroke can cancel. */

import { EngineError } from '../base/error.ts';
import { Lane, type Priority } from '../base/lane.ts';
import type { Clock } from '../base/ports.ts';
import type { TokenId } from '../tokens/token.ts';
import type { Forward } from './backend.ts';
import type { ReuseOptions } from './reuse.ts';
import { type Alignment, passTokens, type Sequence } from './sequence.ts';

/** What a prefill reused and computed, in tokens, and the logits [nVocab] after the last one. */
export interface Prefill {
  readonly alignment: Alignment;
  /** Valid until the next call on the same model. */
  readonly logits: Float32Array;
}

/**
 * A pass cannot be interrupted, so `passTokens` bounds how long a keystroke waits: 64 tokens are
 * about 20 ms at 90M parameters on two cores; 64-128 is also the fastest range. It is constant so
 * that the same prompt always takes the same path through the arithmetic.
 */
export class CausalLm {
  private readonly lane = new Lane();
  /** Of the task that has the model. */
  private priority: Priority = 'typing';

  constructor(
    readonly forward: Forward,
    private readonly clock: Clock,
  ) {}

  /**
   * Gives `task` the model for itself. A task is one whole request, since its passes write one
   * arena; it must look at its signal before every pass (`prefill`, `step` and `heal` do).
   */
  async exclusive<T>(priority: Priority, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const endTyping = priority === 'typing' ? this.forward.turns?.beginTyping() : undefined;
    const run = () => {
      this.priority = priority;
      return task();
    };
    try {
      return await this.lane.run(priority, run, signal);
    } finally {
      endTyping?.();
    }
  }

  /** Brings `sequence` to exactly `prompt`, reusing what it and `lenders` hold. Call inside `exclusive`. */
  async prefill(
    sequence: Sequence,
    prompt: Int32Array,
    signal: AbortSignal,
    reuse?: ReuseOptions,
    lenders?: readonly Sequence[],
  ): Promise<Prefill> {
    const alignment = sequence.align(prompt, reuse, lenders);
    let logits: Float32Array | undefined;
    for (const { start, endExclusive } of alignment.runs) {
      for (let at = start; at < endExclusive; at += passTokens) {
        await this.clock.yieldToHost(); // lets an abort message in before the pass blocks the thread
        const tokens = prompt.subarray(at, Math.min(at + passTokens, endExclusive));
        logits = await this.run(sequence, at, tokens, signal);
      }
    }
    return { alignment, logits: logits as Float32Array }; // align leaves at least one token to run
  }

  /** Appends one token and returns the logits [nVocab] for the next. Call inside `exclusive`. */
  step(sequence: Sequence, token: TokenId, signal: AbortSignal): Promise<Float32Array> {
    return this.run(sequence, sequence.length, Int32Array.of(token), signal);
  }

  /**
   * Appends `tokens`, of which some may be guesses, in one pass, and returns the logits after each of
   * them, [tokens.length, nVocab]. Whoever guessed wrong takes the rows back (`Sequence.truncate`).
   */
  steps(sequence: Sequence, tokens: Int32Array, signal: AbortSignal): Promise<Float32Array> {
    return this.run(sequence, sequence.length, tokens, signal, [...tokens.keys()]);
  }

  /**
   * Computes the first stale rows anew, at most one pass of them, so that they are exact; false when
   * none was left. A background task of its own each time: typing goes in between.
   */
  heal(sequence: Sequence, signal: AbortSignal): Promise<boolean> {
    const slice = async () => {
      const run = sequence.stale(passTokens);
      if (!run) return false;
      const tokens = sequence.tokens.slice(run.start, run.endExclusive);
      await this.run(sequence, run.start, tokens, signal);
      return true;
    };
    return this.exclusive('background', slice, signal);
  }

  private async run(
    sequence: Sequence,
    start: number,
    tokens: Int32Array,
    signal: AbortSignal,
    logitsOf: readonly number[] = [tokens.length - 1],
  ): Promise<Float32Array> {
    signal.throwIfAborted();
    const { turns } = this.forward;
    if (turns && this.priority === 'background') await turns.whenQuiet(signal);
    const { arena } = sequence;
    try {
      const logits = await this.forward.run({ arena, tokens, start, logitsOf });
      if (!logits.some(Number.isFinite)) {
        throw new EngineError(
          'backend-failed',
          'The model answered with no numbers. Import it again, or set stet.model.format to fp32.',
        );
      }
      sequence.record(start, tokens);
      return logits;
    } catch (error) {
      sequence.clear(); // what the pass wrote before it failed is not known
      throw error;
    }
  }
}
