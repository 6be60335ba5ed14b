/** SearchClient: the CodeSearch of the language server, answered by a search process that is started again when it dies. */

// The process is started when the editor has had time to settle, or when something is asked for first.
// A fresh process is told the folders and settings; its index is on disk, so a crash costs the search
// at hand.

import { EngineError } from '../../engine/base/error.ts';
import type { Clock, Tracer } from '../../engine/base/ports.ts';
import type {
  CodeAnswer,
  CodeQuery,
  CodeSearch,
  CodeUpdate,
  IndexAction,
  IndexStatus,
  SearchRoot,
  SearchSettings,
} from '../../engine/search/code-search.ts';
import type { StoredChunk } from '../../engine/search/store.ts';
import { ChildService } from '../child-service.ts';
import { systemClock } from '../clock.ts';
import { Restarts } from '../restarts.ts';
import { emptyStatus, offStatus } from './index-status.ts';
import { RemoteSearch } from './search-wire.ts';

export interface SearchClientOptions {
  /** The bundle of search-main. */
  readonly searchPath: string;
  readonly onStatus: (status: IndexStatus) => void;
  readonly tracer: Tracer;
  readonly clock?: Clock;
}

/** The first completion and the editor's own start come first; indexing can wait that long. */
const startDelayMs = 3000;

/** The search process keeps its data outside the JavaScript heap; more than this is a leak. */
const maxHeapMb = 1024;

interface Running {
  readonly service: ChildService;
  readonly remote: RemoteSearch;
}

export class SearchClient implements CodeSearch {
  private current: IndexStatus = emptyStatus('off', 'No folder is open.');
  private wanted: { roots: readonly SearchRoot[]; settings: SearchSettings } | undefined;
  private running: Running | undefined;
  private readonly restarts = new Restarts();
  /** Grows with every open and at dispose: a delayed start finds out that it was overtaken. */
  private epoch = 0;
  private isDisposed = false;
  /** It died too often; only a person's wish starts it again. */
  private hasGivenUp = false;
  private readonly clock: Clock;

  constructor(private readonly host: SearchClientOptions) {
    this.clock = host.clock ?? systemClock;
  }

  get status(): IndexStatus {
    return this.current;
  }

  /** The search process's id while there is one, for logs and tests. */
  get pid(): number | undefined {
    return this.running?.service.pid;
  }

  open(roots: readonly SearchRoot[], settings: SearchSettings): void {
    if (this.isDisposed) return;
    this.wanted = { roots, settings };
    this.forgiveDeaths();
    const epoch = ++this.epoch;
    if (this.running) this.running.remote.open(roots, settings);
    else if (!settings.isEnabled || roots.length === 0) this.tell(offStatus(settings.isEnabled));
    else {
      this.tell(emptyStatus('starting', 'The index will be opened in a moment.'));
      void this.clock.sleep(startDelayMs).then(() => {
        if (epoch === this.epoch) this.start();
      });
    }
  }

  filesChanged(paths: readonly string[]): void {
    this.running?.remote.filesChanged(paths); // one that is started later looks at all files
  }

  async search(
    query: CodeQuery,
    signal: AbortSignal,
    onUpdate?: (update: CodeUpdate) => void,
  ): Promise<CodeAnswer> {
    signal.throwIfAborted();
    const remote = this.started();
    if (!remote) return { hits: [], note: this.current.detail, ms: 0 };
    return remote.search(query, signal, onUpdate);
  }

  async related(text: string, nChunks: number, signal: AbortSignal): Promise<readonly StoredChunk[]> {
    signal.throwIfAborted();
    return (await this.running?.remote.related(text, nChunks, signal)) ?? [];
  }

  async act(action: IndexAction): Promise<void> {
    if (action === 'rebuild') this.forgiveDeaths();
    const remote = this.started();
    if (!remote) throw new EngineError('index-unavailable', this.current.detail);
    await remote.act(action);
  }

  async dispose(): Promise<void> {
    this.isDisposed = true;
    this.epoch++;
    const { running } = this;
    this.running = undefined; // from here on its exit is no death
    await running?.service.stop(() => running.remote.dispose());
  }

  /** The process, started now if it can be. */
  private started(): RemoteSearch | undefined {
    const { wanted } = this;
    if (
      !this.running &&
      wanted?.settings.isEnabled &&
      wanted.roots.length > 0 &&
      !this.isDisposed &&
      !this.hasGivenUp
    )
      this.start();
    return this.running?.remote;
  }

  private forgiveDeaths(): void {
    this.restarts.reset();
    this.hasGivenUp = false;
  }

  private start(): void {
    if (this.running || !this.wanted) return;
    const { roots, settings } = this.wanted;
    let remote: RemoteSearch | undefined;
    const service = new ChildService(
      {
        path: this.host.searchPath,
        name: 'search',
        execArgv: [`--max-old-space-size=${maxHeapMb}`],
        tracer: this.host.tracer,
        onExit: (how) => {
          if (this.running?.service === service) this.onDeath(how);
        },
      },
      (connection) => {
        remote = new RemoteSearch(connection, (status) => {
          if (this.running?.remote === remote) this.tell(status);
        });
        connection.onNotification('search/trace', this.host.tracer);
      },
    );
    this.running = { service, remote: remote as unknown as RemoteSearch };
    this.running.remote.open(roots, settings);
  }

  private onDeath(how: string): void {
    this.running = undefined;
    const { nDeaths, delayMs } = this.restarts.died(this.clock.nowMs());
    this.host.tracer({ kind: 'log', level: 'error', message: `The search process ended (${how}).` });
    if (delayMs === undefined) {
      const detail = `The search process stopped ${nDeaths} times within a minute. Run “Stet: Rebuild Search Index” to try again; “Stet: Show Log” says what happened.`;
      this.hasGivenUp = true;
      this.tell(emptyStatus('error', detail));
      return;
    }
    this.tell(emptyStatus('starting', 'The search process stopped and is being started again…'));
    const { epoch } = this;
    void this.clock.sleep(delayMs).then(() => {
      if (epoch === this.epoch) this.start();
    });
  }

  private tell(status: IndexStatus): void {
    this.current = status;
    this.host.onStatus(status);
  }
}
