/** Debounce: how long to wait for quiet before the model is asked; longer while keys come fast. */

import type { Clock } from '../base/ports.ts';

/** Requests closer together than this are fast typing; about 80 words per minute. */
const fastIntervalMs = 150;

/** Weight of the newest interval in the running mean. */
const newest = 0.4;

/** Watches when requests come in. One per engine: a person types in one place at a time. */
export class Debounce {
  private lastMs = -Infinity;
  private meanIntervalMs = 1000;

  constructor(private readonly clock: Clock) {}

  /** Notes a request and says how many milliseconds to wait before it is worth running. */
  nextDelayMs(baseMs: number): number {
    const now = this.clock.nowMs();
    const interval = Math.min(1000, now - this.lastMs);
    this.lastMs = now;
    this.meanIntervalMs += newest * (interval - this.meanIntervalMs);
    return this.meanIntervalMs < fastIntervalMs ? 2 * baseMs : baseMs;
  }
}
