/** KeptServer: a language server that is started when wanted, and again when it dies, hangs or grows too large. */

// A server is someone else's program on someone's machine: it may crash at once (a rustup shim without
// its component), hang, or eat the memory. Each of these costs the questions under way and no more.

import { type RestartLimits, type RestartOptions, Restarts } from './restarts.ts';
import { ServerChild, type ServerLaunch } from './server-child.ts';

export type { OracleHealth } from '../../engine/base/ports.ts';

export interface KeptServerOptions extends RestartOptions {
  /** It answers from now on, and knows no document yet. */
  readonly onReady: (child: ServerChild) => void;
  /** It is gone, and all that it knew. */
  readonly onGone: () => void;
  readonly onNotification: (method: string, params: unknown) => void;
  readonly limits?: Partial<KeptServerLimits>;
}

interface KeptServerLimits extends RestartLimits {
  readonly initializeMs: number;
  readonly maxSilences: number;
}

const defaultLimits: KeptServerLimits = {
  /** A server that has not greeted by then will not; jdtls takes tens of seconds on a small machine. */
  initializeMs: 60_000,
  maxDeaths: 4,
  deathWindowMs: 600_000,
  restartDelayMs: 500,
  /** This many questions in a row without an answer and the server counts as hung. */
  maxSilences: 3,
  memoryCheckMs: 10_000,
};

export class KeptServer {
  private current: ServerChild | undefined;
  private isReady = false;
  private isWanted = false;
  private nSilences = 0;
  /** Why we ended it ourselves, so that its exit is told rightly. */
  private endedFor: string | undefined;
  private readonly life = new AbortController();
  private readonly limits: KeptServerLimits;
  private readonly restarts: Restarts;

  constructor(private readonly options: KeptServerOptions) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.restarts = new Restarts(options, this.limits, this.life.signal);
  }

  /** The server while it answers. */
  get child(): ServerChild | undefined {
    return this.isReady ? this.current : undefined;
  }

  /** Of the process while there is one, greeted or not; for logs and tests. */
  get pid(): number | undefined {
    return this.current?.pid;
  }

  /** Starts the server unless it was started already, failed for good, or is being waited for. */
  want(launch: () => Promise<ServerLaunch>): void {
    if (this.isWanted || this.life.signal.aborted) return;
    this.isWanted = true;
    void this.start(launch);
  }

  /** A question was answered, if only with an error. */
  answered(): void {
    this.nSilences = 0;
  }

  /** A question got no answer within its deadline. */
  silent(): void {
    this.nSilences++;
    if (this.nSilences >= this.limits.maxSilences) this.end('it stopped answering');
  }

  /** Resolves when the process is gone. */
  async dispose(): Promise<void> {
    this.life.abort(new Error('the oracle was disposed'));
    this.isReady = false;
    await this.current?.stop();
  }

  private async start(launch: () => Promise<ServerLaunch>): Promise<void> {
    const { name, onHealth, onReady, onNotification } = this.options;
    onHealth('starting', name);
    this.nSilences = 0;
    this.endedFor = undefined;
    let child: ServerChild;
    try {
      const settled = await launch();
      if (this.life.signal.aborted) return;
      child = new ServerChild(settled, {
        onNotification: (method, params) => {
          if (this.current === child) onNotification(method, params);
        },
        onExit: (how) => this.onExit(how, launch),
      });
    } catch (error) {
      // Some programs Node refuses without trying them: a batch file on Windows is one.
      this.onExit(`it cannot be started: ${error}`, launch);
      return;
    }
    this.current = child;
    try {
      const patience = AbortSignal.timeout(this.limits.initializeMs);
      await child.initialize(AbortSignal.any([patience, this.life.signal]));
    } catch (error) {
      // One that died is the business of onExit; one that lives but does not greet has to go.
      if (!this.life.signal.aborted) this.end(`it did not start: ${error}`);
      return;
    }
    if (this.life.signal.aborted || this.current !== child) return;
    this.isReady = true;
    onHealth('ready', name);
    onReady(child);
    void this.restarts.watchMemory(
      () => this.current === child,
      () => child.residentBytes(),
      (why) => this.end(why),
    );
  }

  private end(why: string): void {
    this.endedFor ??= why;
    this.current?.kill();
  }

  private onExit(how: string, launch: () => Promise<ServerLaunch>): void {
    this.current = undefined;
    this.isReady = false;
    this.options.onGone();
    this.restarts.onDeath(this.endedFor ?? how, () => void this.start(launch));
  }
}
