/** Stages: which part of a request takes how long; one stage at a time, so that they add up to the whole. */

import type { Clock } from './ports.ts';

/** In the order of a request; `oracle` interrupts `decode`. */
export type Stage =
  | 'debounce' // waiting for quiet
  | 'context' // the syntax at the cursor, the window, its tokens
  | 'queue' // waiting for the model, which another request has
  | 'prefill' // reading what of the prompt is not in the cache
  | 'decode' // writing
  | 'oracle' // waiting for what the language knows of the types
  | 'filter'; // trimming, syntax check, memory guard

/** Milliseconds by stage; a stage that was never entered is absent. */
export type StageTimes = { readonly [S in Stage]?: number };

export class Stages {
  private readonly times: { [S in Stage]?: number } = {};
  private current: Stage | undefined;
  private sinceMs = 0;

  constructor(private readonly clock: Clock) {}

  /** Ends the stage that runs and begins `stage`. Gives back the one that ran, to be entered again. */
  enter(stage: Stage | undefined): Stage | undefined {
    const { current } = this;
    const nowMs = this.clock.nowMs();
    if (current) this.times[current] = (this.times[current] ?? 0) + nowMs - this.sinceMs;
    this.current = stage;
    this.sinceMs = nowMs;
    return current;
  }

  /** What was spent so far; ends the stage that runs. */
  finish(): StageTimes {
    this.enter(undefined);
    return { ...this.times };
  }
}
