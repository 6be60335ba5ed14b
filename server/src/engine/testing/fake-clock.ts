/** FakeClock: time that passes only when a test says so. */

import type { Clock } from '../base/ports.ts';

export class FakeClock implements Clock {
  private now = 0;
  private sleepers: { atMs: number; wake: () => void }[] = [];

  nowMs(): number {
    return this.now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { atMs: this.now + ms, wake: resolve };
      const onAbort = () => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.sleepers.push(sleeper);
    });
  }

  /** Who waits for time to pass. */
  get nSleepers(): number {
    return this.sleepers.length;
  }

  async yieldToHost(): Promise<void> {}

  /** Lets `ms` pass and wakes who slept less. */
  advance(ms: number): void {
    this.now += ms;
    const due = this.sleepers.filter((sleeper) => sleeper.atMs <= this.now);
    this.sleepers = this.sleepers.filter((sleeper) => sleeper.atMs > this.now);
    for (const sleeper of due) sleeper.wake();
  }
}
