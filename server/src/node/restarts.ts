/** Restarts: whether and when a process that died is started again. */

/** This many deaths within {@link deathWindowMs} and we stop starting it again. */
const maxDeaths = 3;
const deathWindowMs = 60_000;

export class Restarts {
  private deathsMs: number[] = [];

  /** Forgets earlier deaths. */
  reset(): void {
    this.deathsMs = [];
  }

  /** Counts a death. `delayMs` is undefined when it is not to be started again: a crash loop must not eat the machine. */
  died(nowMs: number): { nDeaths: number; delayMs: number | undefined } {
    this.deathsMs = [...this.deathsMs.filter((ms) => nowMs - ms < deathWindowMs), nowMs];
    const nDeaths = this.deathsMs.length;
    return { nDeaths, delayMs: nDeaths >= maxDeaths ? undefined : 100 * 5 ** (nDeaths - 1) };
  }
}
