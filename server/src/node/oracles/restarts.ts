/** Restarts: whether and when a process of static analysis that has ended is started again, and when it is too large. */

import type { Clock, OracleHealth } from '../../engine/base/ports.ts';

export interface RestartOptions {
  /** For people: `typescript`, `pyright`, `clangd`. */
  readonly name: string;
  /** More than this and the process is to be ended and started anew. */
  readonly memoryMb: number;
  readonly clock: Clock;
  readonly onHealth: (health: OracleHealth, detail: string) => void;
}

export interface RestartLimits {
  /** This many deaths within the window and it is not started again. */
  readonly maxDeaths: number;
  readonly deathWindowMs: number;
  /** Before the nth restart within the window: this times 4^(n - 1). */
  readonly restartDelayMs: number;
  readonly memoryCheckMs: number;
}

export class Restarts {
  private deathsMs: number[] = [];

  /** Nothing happens any more once `life` is aborted. */
  constructor(
    private readonly options: RestartOptions,
    private readonly limits: RestartLimits,
    private readonly life: AbortSignal,
  ) {}

  /** The process has ended: says so, and calls `start` when it is time, unless it dies too often. */
  onDeath(why: string, start: () => void): void {
    if (this.life.aborted) return;
    const { name, clock, onHealth } = this.options;
    const { maxDeaths, deathWindowMs, restartDelayMs } = this.limits;
    const nowMs = clock.nowMs();
    this.deathsMs = [...this.deathsMs.filter((ms) => nowMs - ms < deathWindowMs), nowMs];
    const nDeaths = this.deathsMs.length;
    if (nDeaths >= maxDeaths) {
      onHealth('failed', `${name} ended ${nDeaths} times and is not started again (${why})`);
      return;
    }
    onHealth('restarting', `${name} ended (${why})`);
    clock.sleep(restartDelayMs * 4 ** (nDeaths - 1), this.life).then(
      start,
      () => {}, // disposed meanwhile
    );
  }

  /** Looks at the process now and then while it `isThere`; calls `end` with the reason once it holds too much. */
  async watchMemory(
    isThere: () => boolean,
    residentBytes: () => Promise<number | undefined>,
    end: (why: string) => void,
  ): Promise<void> {
    const { clock, memoryMb } = this.options;
    try {
      while (isThere()) {
        await clock.sleep(this.limits.memoryCheckMs, this.life);
        const bytes = await residentBytes();
        if (!isThere() || bytes === undefined || bytes <= memoryMb * 1e6) continue;
        end(`it held ${Math.round(bytes / 1e6)} MB, more than stet.types.memoryMb`);
        return;
      }
    } catch {
      // Disposed: there is nothing left to watch.
    }
  }
}
