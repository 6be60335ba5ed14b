/** restWhenIdle: when the model leaves memory: after long idleness, and sooner where memory is short. */

// The model is converted already, so reading it again takes a fraction of a second; what was read of
// the open files is read again too. Static analysis ends with the engine process, which is most of it.

import { freemem, totalmem } from 'node:os';

/** What is asked to rest. */
export interface Restable {
  /** 0 while there is nothing to let go. */
  readonly idleMs: number;
  rest(): Promise<void>;
}

/** Between two looks; a request in between is seen by its being recent. */
const lookMs = 15_000;

/** Below this share of the machine's memory left, it is short: systems begin to swap about there. */
const shortShare = 0.05;

/** So long without a request, whoever types again has thought for a while and can wait a moment. */
const pauseMs = 60_000;

/** Whether the model should go now. `afterMinutes` 0: not for idleness alone; `share`: of the memory, what is free. */
export function shouldRest(idleMs: number, afterMinutes: number, share: number): boolean {
  if (afterMinutes > 0 && idleMs >= afterMinutes * 60_000) return true;
  return idleMs >= pauseMs && share < shortShare;
}

/** macOS counts what it keeps for later as used, so little is ever free there and that says nothing. */
const freeShare = () => (process.platform === 'darwin' ? 1 : freemem() / totalmem());

/** Watches until the process ends; keeps nothing alive. */
export function restWhenIdle(engine: Restable, afterMinutes: () => number): void {
  setInterval(() => {
    if (shouldRest(engine.idleMs, afterMinutes(), freeShare())) void engine.rest();
  }, lookMs).unref();
}
