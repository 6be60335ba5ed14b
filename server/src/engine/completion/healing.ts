/** Healer: spends idle time on making the stale rows of the last used cache exact again. */

import type { Clock } from '../base/ports.ts';
import type { CausalLm } from '../model/causal-lm.ts';
import type { Sequence } from '../model/sequence.ts';

/** Quiet time before healing starts: longer than the pause between two keys of a slow typist. */
const idleMs = 400;

/** One healing at a time; whoever starts the next request stops it first. */
export class Healer {
  private running: AbortController | undefined;

  constructor(
    private readonly lm: CausalLm,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  /**
   * Heals `sequence` after a pause, in slices, until it is exact or `stop` is called; then runs
   * `onHealed`, which `stop` ends likewise.
   */
  start(sequence: Sequence, onHealed?: (signal: AbortSignal) => Promise<void>): void {
    this.stop();
    if (sequence.nExact >= sequence.length) return;
    const running = new AbortController();
    this.running = running;
    this.heal(sequence, onHealed, running.signal).catch((error) => {
      if (!running.signal.aborted) this.onError(error);
    });
  }

  /** Ends healing before its next pass. */
  stop(): void {
    this.running?.abort(new Error('healing stopped'));
    this.running = undefined;
  }

  private async heal(
    sequence: Sequence,
    onHealed: ((signal: AbortSignal) => Promise<void>) | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    await this.clock.sleep(idleMs, signal);
    while (await this.lm.heal(sequence, signal)) await this.clock.yieldToHost();
    if (sequence.nExact === sequence.length) await onHealed?.(signal);
  }
}
