/** Idle: runs one task at a time when nothing else is going on; whoever starts the next request stops it first. */

import type { Clock } from '../base/ports.ts';

export class Idle {
  private running: AbortController | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Runs `task` after `delayMs` of quiet, in place of what ran before. */
  start(delayMs: number, task: (signal: AbortSignal) => Promise<void>): void {
    this.stop();
    const running = new AbortController();
    this.running = running;
    const { signal } = running;
    this.clock
      .sleep(delayMs, signal)
      .then(() => task(signal))
      .catch((error: unknown) => {
        if (!signal.aborted) this.onError(error);
      });
  }

  /** Ends it before its next pass. */
  stop(): void {
    this.running?.abort(new Error('something more urgent came'));
    this.running = undefined;
  }
}
