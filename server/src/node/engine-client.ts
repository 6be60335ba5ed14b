/** EngineClient: the Engine interface, answered by an engine process that is started again when it dies. */

// Documents live in the language server. A fresh engine process is told of the open ones before
// anything else, so a crash costs one suggestion and no text. Nothing here hangs: a request ends by
// its answer, its signal, or the death of the process that had it.

import { EngineError } from '../engine/base/error.ts';
import type { Clock, Tracer } from '../engine/base/ports.ts';
import type {
  CompletionRequest,
  CompletionResult,
  CompressRequest,
  CompressResult,
  DocumentChange,
  Engine,
  EngineInfo,
  EngineSpeed,
  RelatedPiece,
} from '../engine/engine.ts';
import { systemClock } from './clock.ts';
import { EngineProcess } from './engine-process.ts';
import type { EngineProcessOptions, EngineState } from './engine-wire.ts';
import { fallbackNotice } from './execution-provider.ts';
import { Gate } from './gate.ts';
import type { OracleOptions } from './oracles/oracles.ts';
import type { ImportsQuery, TextChange } from './oracles/typescript/wire.ts';
import { Restarts } from './restarts.ts';
import { type JoinedEngine, joinEngine } from './sharing/join-engine.ts';
import { shareFileOf } from './sharing/share-file.ts';

export interface EngineClientOptions {
  /** The bundle of engine-main. */
  readonly enginePath: string;
  /** The documents that are open now, as the `open` changes that would bring them about. */
  readonly openDocuments: () => Iterable<DocumentChange>;
  readonly onState: (state: EngineState) => void;
  readonly tracer: Tracer;
  readonly clock?: Clock;
}

const restartHint = 'Run “Stet: Restart Server” to try again; “Stet: Show Log” says what happened.';

export class EngineClient implements Engine {
  private options: EngineProcessOptions | undefined;
  private oracles: OracleOptions | undefined;
  private process: EngineProcess | undefined;
  /** Over when every process that was told to end has ended. */
  private stopping: Promise<unknown> = Promise.resolve();
  /** Opens with a process whose engine is ready; fails when there will be none. */
  private ready = new Gate<EngineProcess>();
  private currentInfo: EngineInfo = { modelName: '', contextTokens: 0 };
  private readonly restarts = new Restarts();
  /** Grows with every start and at dispose: whoever awaited something finds out that it was overtaken. */
  private epoch = 0;
  private readonly clock: Clock;
  /** Why the processor computes, where another provider was the end of a process. */
  private providerNotice: string | undefined;
  /** A shared process died twice: what this window does may be why, so that it goes on alone. */
  private isAlone = false;
  /** Of its own accord there is no process: the next request starts one. */
  private isResting = false;
  private nRunning = 0;
  private lastUsedMs: number;

  constructor(private readonly host: EngineClientOptions) {
    this.clock = host.clock ?? systemClock;
    this.lastUsedMs = this.clock.nowMs();
  }

  /** Empty until the engine is ready. */
  get info(): EngineInfo {
    return this.currentInfo;
  }

  /** The engine process's id while there is one, for logs and tests. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Starts the engine process, or replaces it by one with these options. */
  async start(options: EngineProcessOptions): Promise<void> {
    if (options !== this.options) this.providerNotice = undefined;
    this.options = options;
    this.isResting = false;
    this.lastUsedMs = this.clock.nowMs();
    this.restarts.reset();
    this.isAlone = false;
    const epoch = ++this.epoch;
    this.ready = this.ready.renewed();
    this.host.onState({ state: 'loading', detail: 'Loading the model…' });
    await this.stopProcess(); // first, so that two models are never in memory at once
    if (epoch === this.epoch) this.spawn(options, epoch);
  }

  /** Milliseconds since the last request ended; 0 while one runs, and while there is no model to let go. */
  get idleMs(): number {
    const isLoaded = this.ready.value !== undefined && this.nRunning === 0;
    return isLoaded ? this.clock.nowMs() - this.lastUsedMs : 0;
  }

  /** Lets the model go, and all that static analysis holds, until the next request. */
  async rest(): Promise<void> {
    if (!this.ready.value || this.nRunning > 0) return;
    this.isResting = true;
    this.epoch++;
    this.ready = this.ready.renewed();
    this.log('info', 'Nothing was asked for a while: the model is unloaded until the next request.');
    this.host.onState({ state: 'ready', detail: `${this.currentInfo.modelName} (unloaded until you type)` });
    await this.stopProcess();
  }

  edit(change: DocumentChange): void {
    this.ready.value?.edit(change); // one that is not ready yet hears of all documents when it is
  }

  /** Tells the oracles what they may do; kept for engine processes to come. */
  configureOracles(options: OracleOptions): void {
    this.oracles = options;
    this.ready.value?.configureOracles(options);
  }

  complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResult> {
    return this.use(signal, (process) => process.complete(request, signal));
  }

  compress(request: CompressRequest, signal: AbortSignal): Promise<CompressResult> {
    return this.use(signal, (process) => process.compress(request, signal));
  }

  measure(signal: AbortSignal): Promise<EngineSpeed> {
    return this.use(signal, (process) => process.measure(signal));
  }

  /** The imports that an accepted text lacks; none where nobody knows, or no engine is ready. */
  async missingImports(query: ImportsQuery, signal: AbortSignal): Promise<readonly TextChange[]> {
    return (await this.ready.value?.missingImports(query, signal)) ?? [];
  }

  /** Forgotten by a process that dies; the next idle moment says it again. */
  relate(uri: string, pieces: readonly RelatedPiece[]): void {
    this.ready.value?.relate(uri, pieces);
  }

  accepted(id: number): void {
    this.ready.value?.accepted(id);
  }

  async dispose(): Promise<void> {
    this.epoch++;
    this.ready = this.ready.renewed();
    this.ready.fail(new EngineError('engine-down', 'The engine was shut down.', false));
    await this.stopProcess();
  }

  /** Runs `ask` with a process that is ready, which is started where it rests. */
  private async use<R>(signal: AbortSignal, ask: (process: EngineProcess) => Promise<R>): Promise<R> {
    if (this.isResting && this.options) void this.start(this.options);
    this.nRunning++;
    try {
      return await ask(await this.ready.wait(signal));
    } finally {
      this.nRunning--;
      this.lastUsedMs = this.clock.nowMs();
    }
  }

  private spawn(options: EngineProcessOptions, epoch: number): void {
    if (options.shareFolder && !this.isAlone) void this.join(options.shareFolder, options, epoch);
    else this.run(this.host.enginePath, options, epoch);
  }

  /** Takes part in the process that has the model already, or will; has its own where that fails. */
  private async join(folder: string, options: EngineProcessOptions, epoch: number): Promise<void> {
    const { enginePath, tracer } = this.host;
    let joined: JoinedEngine | undefined;
    try {
      const file = await shareFileOf(folder, enginePath, options);
      joined = await joinEngine(file, enginePath, tracer);
    } catch (error) {
      this.log(
        'info',
        `The model is not shared with other windows: ${error instanceof Error ? error.message : error}`,
      );
    }
    if (epoch !== this.epoch) joined?.socket.destroy();
    else this.run(joined ?? enginePath, options, epoch);
  }

  private run(engine: string | JoinedEngine, options: EngineProcessOptions, epoch: number): void {
    const process = new EngineProcess(engine, {
      onExit: (how) => {
        if (this.process === process) this.onDeath(how, epoch);
      },
      onLoading: (detail) => {
        if (this.process === process) this.host.onState({ state: 'loading', detail });
      },
      tracer: this.host.tracer,
    });
    this.process = process;
    const how = typeof engine === 'string' ? 'started' : 'is shared with other windows';
    this.log('info', `Engine process ${process.pid} ${how}.`);
    process.open(options).then(
      (info) => {
        if (this.process === process) this.onReady(process, info);
      },
      (error: Error) => {
        // A process that died while opening is the business of onExit.
        const isDead = error instanceof EngineError && error.code === 'engine-down';
        if (this.process === process && !isDead) this.onOpenFailed(error);
      },
    );
  }

  private onReady(process: EngineProcess, info: EngineInfo): void {
    this.currentInfo = info;
    if (this.oracles) process.configureOracles(this.oracles);
    for (const change of this.host.openDocuments()) process.edit(change);
    this.ready.open(process);
    const { modelName, provider, notice = this.providerNotice } = info;
    const detail = provider === undefined ? modelName : `${modelName} on ${provider}`;
    this.host.onState({ state: 'ready', detail, ...(notice !== undefined && { notice }) });
  }

  /** The model cannot be opened: trying again would end the same, so the process goes. */
  private onOpenFailed(error: Error): void {
    this.ready.fail(error);
    const detail =
      error instanceof EngineError ? error.message : `The engine could not start. ${restartHint}`;
    this.log('error', error.message);
    this.host.onState({ state: 'error', detail });
    void this.stopProcess();
  }

  private onDeath(how: string, epoch: number): void {
    if (!this.ready.value) this.giveUpProvider();
    this.process = undefined;
    this.ready = this.ready.renewed();
    const { nDeaths, delayMs } = this.restarts.died(this.clock.nowMs());
    if (nDeaths > 1) this.isAlone = true;
    this.log('error', `The engine process ended (${how}).`);
    if (delayMs === undefined) {
      const detail = `The engine stopped ${nDeaths} times within a minute. ${restartHint}`;
      this.ready.fail(new EngineError('engine-down', detail));
      this.host.onState({ state: 'error', detail });
      return;
    }
    this.host.onState({ state: 'loading', detail: 'The engine stopped and is being started again…' });
    void this.clock.sleep(delayMs).then(() => {
      if (epoch === this.epoch && this.options) this.spawn(this.options, epoch);
    });
  }

  /** A driver may take the whole process with it while the model is loaded, where nothing can be caught. */
  private giveUpProvider(): void {
    const { provider = 'cpu' } = this.options ?? {};
    if (!this.options || provider === 'cpu') return;
    this.options = { ...this.options, provider: 'cpu' };
    this.providerNotice = fallbackNotice(provider, 'the process ended while it loaded the model.');
  }

  private async stopProcess(): Promise<void> {
    const process = this.process;
    this.process = undefined; // from here on its exit is no death
    if (process) this.stopping = Promise.all([this.stopping, process.stop()]);
    await this.stopping; // also of one that somebody else told to end
  }

  private log(level: 'info' | 'error', message: string): void {
    this.host.tracer({ kind: 'log', level, message });
  }
}
