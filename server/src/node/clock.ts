/** Clock made real: monotonic time, abortable sleep, and a yield that lets messages in. */

import { performance } from 'node:perf_hooks';
import type { Clock } from '../engine/base/ports.ts';

export const systemClock: Clock = {
  nowMs: () => performance.now(),

  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  },

  // Two rounds: the first setImmediate may run in the very turn of the event loop that blocked, whose
  // poll phase is over. Only the second is sure to have a poll for messages before it.
  yieldToHost: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
};
