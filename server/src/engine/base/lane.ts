/** Lane: a two-lane queue in front of the one model, so that typing goes before everything else. */

/** `typing` runs before any waiting `background` task; a running task is never pre-empted. */
export type Priority = 'typing' | 'background';

interface Waiting {
  readonly start: () => void;
}

/**
 * Runs one task at a time. Tasks of one priority run in the order they came. A background task
 * that is long must cut itself into slices and call `run` once per slice: that is what lets a
 * keystroke in between.
 */
export class Lane {
  private readonly waiting: Record<Priority, Waiting[]> = { typing: [], background: [] };
  private busy = false;

  /**
   * Runs `task` when its turn comes. Rejects with the signal's reason, without running it, when
   * the signal is aborted while it waits.
   */
  async run<T>(priority: Priority, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.turn(priority, signal);
    try {
      return await task();
    } finally {
      this.next();
    }
  }

  /** How many tasks wait (not counting the running one). */
  get nWaiting(): number {
    return this.waiting.typing.length + this.waiting.background.length;
  }

  private turn(priority: Priority, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (!this.busy) {
      this.busy = true;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const queue = this.waiting[priority];
      const onAbort = () => {
        queue.splice(queue.indexOf(entry), 1);
        reject(signal?.reason);
      };
      const entry: Waiting = {
        start: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      queue.push(entry);
    });
  }

  private next(): void {
    const entry = this.waiting.typing.shift() ?? this.waiting.background.shift();
    if (entry) entry.start();
    else this.busy = false;
  }
}
