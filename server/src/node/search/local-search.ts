/** LocalSearch: the CodeSearch that holds the index itself, or asks the window that does. */

// For the search process, the command line and the bench. `open` may be called again and again; each
// call closes what was open before it begins. Problems become a status, and searches are answered with
// a note as long as there is no index.

import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { EngineError } from '../../engine/base/error.ts';
import type { Tracer } from '../../engine/base/ports.ts';
import type {
  CodeAnswer,
  CodeHit,
  CodeQuery,
  CodeSearch,
  CodeUpdate,
  IndexAction,
  IndexStatus,
  SearchRoot,
  SearchSettings,
} from '../../engine/search/code-search.ts';
import type { Encoder } from '../../engine/search/encoder.ts';
import type { ScoredChunk } from '../../engine/search/rank.ts';
import { search, similar } from '../../engine/search/search.ts';
import type { StoredChunk } from '../../engine/search/store.ts';
import { splitWords } from '../../engine/search/words.ts';
import type { Parsers } from '../../engine/syntax/parsers.ts';
import { systemClock } from '../clock.ts';
import { openParsers } from '../open-local-engine.ts';
import { openEncoder } from './encoder-files.ts';
import { emptyStatus, offStatus, statusOf } from './index-status.ts';
import { indexFolderOf, type LocalIndex, openLocalIndex, relativeTo } from './local-index.ts';
import { type Owner, ownOrVisit } from './owner-lock.ts';
import { RemoteSearch, type ServedSearch, serveSearch } from './search-wire.ts';
import { textMatcher } from './text-matcher.ts';

export interface LocalSearchOptions {
  /** The embedded model's folder, with the encoder in it. */
  readonly modelFolder: string;
  readonly grammarsFolder: string;
  readonly tracer: Tracer;
  readonly onStatus: (status: IndexStatus) => void;
}

/** A search while files wait reads them for this long before it looks into the index. */
const lookAheadMs = 250;

/** Distinct words of a piece of code that are compared with every file that waits. */
const maxLookWords = 100;

/** What answers: an index of our own, or a window that has it. */
type Opened =
  | { readonly kind: 'own'; readonly index: LocalIndex; readonly owner: Owner | undefined }
  | { readonly kind: 'guest'; readonly remote: RemoteSearch };

export class LocalSearch implements CodeSearch {
  private current: IndexStatus = emptyStatus('off', 'No folder is open.');
  private roots: readonly SearchRoot[] = [];
  private settings: SearchSettings | undefined;
  private opened: Opened | undefined;
  /** Opening and closing happen one after the other; `epoch` tells that something newer was asked for. */
  private turn: Promise<void> = Promise.resolve();
  private epoch = 0;
  /** The next index that is opened was cleared: it stays empty until it is resumed. */
  private startsPaused = false;
  private tools: Promise<{ encoder: Encoder | undefined; parsers: Parsers | undefined }> | undefined;
  private readonly guests = new Set<ServedSearch>();

  constructor(private readonly options: LocalSearchOptions) {}

  get status(): IndexStatus {
    return this.current;
  }

  /** Resolves when the index is as the files are, or will not come to be: for the command line, bench and tests. */
  async settled(): Promise<void> {
    await this.turn;
    const { opened } = this;
    if (opened?.kind === 'own') return opened.index.indexer.idle;
    if (!opened) return;
    // Who has the index may have no editor that tells of changes.
    opened.remote.filesChanged(this.roots.map(({ path }) => path));
    await opened.remote.settled();
    if (this.opened !== opened) await this.settled();
  }

  open(roots: readonly SearchRoot[], settings: SearchSettings): void {
    const epoch = ++this.epoch;
    this.roots = roots;
    this.settings = settings;
    this.turn = this.turn.then(async () => {
      await this.closeNow();
      if (epoch === this.epoch) await this.openNow(epoch);
    });
  }

  filesChanged(paths: readonly string[]): void {
    if (this.opened?.kind === 'own') this.opened.index.indexer.filesChanged(paths);
    else if (this.opened) this.opened.remote.filesChanged(paths);
  }

  async search(
    query: CodeQuery,
    signal: AbortSignal,
    onUpdate?: (update: CodeUpdate) => void,
  ): Promise<CodeAnswer> {
    const startMs = performance.now();
    await this.turn;
    signal.throwIfAborted();
    const { opened } = this;
    if (!opened) return { hits: [], note: this.current.detail, ms: performance.now() - startMs };
    if (opened.kind === 'guest') return opened.remote.search(query, signal, onUpdate);
    const { index } = opened;
    const isBuilding = !index.indexer.isReady;
    if (!index.indexer.isIdle) await this.lookAhead(index, query, signal);
    const found = await this.find(index, query, signal, onUpdate);
    const note = [isBuilding && this.buildingNote(), found.note].filter(Boolean).join(' ');
    return { hits: this.toHits(found.hits), ...(note && { note }), ms: performance.now() - startMs };
  }

  async related(text: string, nChunks: number, signal: AbortSignal): Promise<readonly StoredChunk[]> {
    signal.throwIfAborted();
    const { opened } = this;
    if (!opened) return [];
    if (opened.kind === 'guest') return opened.remote.related(text, nChunks, signal);
    const { encoder } = await this.loadTools();
    if (!encoder) return [];
    const { store } = opened.index;
    const vector = encoder.embedDocument({ name: '', path: '', code: text });
    if (vector.every((number) => number === 0)) return [];
    const hits = await store.nearest(vector, nChunks);
    signal.throwIfAborted();
    return store.chunks(hits.map(({ key }) => key));
  }

  async act(action: IndexAction): Promise<void> {
    await this.turn;
    const { opened } = this;
    if (opened?.kind === 'guest') return opened.remote.act(action);
    if (!opened) {
      // What went wrong may be right by now.
      if (action === 'rebuild' && this.settings) this.open(this.roots, this.settings);
      else throw new EngineError('index-unavailable', this.current.detail);
      return;
    }
    const { indexer } = opened.index;
    if (action === 'pause') indexer.pause();
    else if (action === 'resume') indexer.resume();
    else await this.reset(action, opened);
  }

  async dispose(): Promise<void> {
    this.epoch++;
    this.turn = this.turn.then(() => this.closeNow());
    await this.turn;
    (await this.tools)?.parsers?.dispose();
  }

  /** Empties the index; a rebuild begins anew, a cleared one waits until it is resumed. */
  private async reset(action: IndexAction, opened: Opened & { kind: 'own' }) {
    const clearing = this.turn.then(async () => {
      if (this.opened !== opened) return false; // another reset was faster, or other settings
      try {
        await opened.index.indexer.dispose();
        await opened.index.store.clear();
      } finally {
        // Also where it could not be cleared: what is left of it answers nothing any more.
        this.startsPaused = action === 'clear';
        if (this.settings) this.open(this.roots, this.settings);
      }
      return true;
    });
    this.turn = clearing.then(
      () => {},
      () => {},
    );
    if (!(await clearing)) return this.act(action);
    await this.turn;
  }

  private async openNow(epoch: number): Promise<void> {
    const { roots, settings } = this;
    if (!settings?.isEnabled || roots.length === 0) {
      this.tell(offStatus(settings?.isEnabled ?? false));
      return;
    }
    this.tell(emptyStatus('starting', 'Opening the index…'));
    try {
      if (settings.database === '') throw noDatabase();
      const isShared = settings.database !== undefined; // a database is open to all windows
      const place = isShared ? undefined : await this.ownOrVisit();
      if (place?.kind === 'guest') return this.visit(place.socket, epoch);
      await this.openIndex(settings, place);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.options.tracer({ kind: 'log', level: 'error', message: `Search: ${message}` });
      this.tell(emptyStatus('error', message));
    }
  }

  private async ownOrVisit() {
    const settings = this.settings as SearchSettings;
    const folder = indexFolderOf(this.roots, settings);
    try {
      return await ownOrVisit(join(folder, 'owner.lock'), (socket) => this.welcome(socket));
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new EngineError(
        'index-unavailable',
        `The search index cannot be kept in ${folder}: ${reason}. Set stet.search.indexFolder to a folder that can be written.`,
        true,
        { cause },
      );
    }
  }

  private async openIndex(settings: SearchSettings, owner: Owner | undefined): Promise<void> {
    try {
      const { encoder, parsers } = await this.loadTools();
      const { tracer } = this.options;
      const index: LocalIndex = await openLocalIndex({
        roots: this.roots,
        settings,
        encoder,
        parsers,
        tracer,
        onProgress: () => void this.tellProgress(index),
      });
      this.opened = { kind: 'own', index, owner };
      if (this.startsPaused) index.indexer.pause();
      this.startsPaused = false;
      index.indexer.start();
    } catch (error) {
      await owner?.release();
      throw error;
    }
  }

  /** Another window has the index: it answers, until it is gone and one of us takes over. */
  private visit(socket: Socket, epoch: number): void {
    const connection = createMessageConnection(
      new StreamMessageReader(socket),
      new StreamMessageWriter(socket),
    );
    const remote = new RemoteSearch(connection, (status) => {
      if (epoch === this.epoch) this.tell(status);
    });
    connection.listen();
    this.opened = { kind: 'guest', remote };
    socket.on('close', () => {
      if (epoch === this.epoch && this.settings) this.open(this.roots, this.settings);
    });
  }

  /** A window that found us as the owner. */
  private welcome(socket: Socket): void {
    const connection = createMessageConnection(
      new StreamMessageReader(socket),
      new StreamMessageWriter(socket),
    );
    const guest = serveSearch(connection, this, false, () => this.settled());
    this.guests.add(guest);
    connection.onClose(() => this.guests.delete(guest));
    connection.listen();
    guest.tellStatus(this.current);
  }

  private async closeNow(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    if (opened?.kind === 'guest') opened.remote.close();
    if (opened?.kind !== 'own') return;
    try {
      await opened.index.close();
    } catch (error) {
      this.options.tracer({ kind: 'log', level: 'warn', message: `The index did not close well: ${error}` });
    }
    await opened.owner?.release();
  }

  private lookAhead(index: LocalIndex, { query, similarTo }: CodeQuery, signal: AbortSignal): Promise<void> {
    const words = [...new Set(splitWords(similarTo?.text ?? query))].slice(0, maxLookWords);
    return index.indexer.lookAhead(words, lookAheadMs, signal);
  }

  private async find(
    { store }: LocalIndex,
    query: CodeQuery,
    signal: AbortSignal,
    onUpdate: ((update: CodeUpdate) => void) | undefined,
  ) {
    const { encoder } = await this.loadTools();
    const parts = {
      store,
      encoder,
      matcher: textMatcher,
      clock: systemClock,
      nowMs: Date.now(),
      openPaths: query.openPaths ?? [],
    };
    if (query.similarTo) return similar(query.similarTo, query.limit, parts, signal);
    const onHits = (stage: CodeUpdate['stage'], hits: readonly ScoredChunk[]) =>
      onUpdate?.({ stage, hits: this.toHits(hits) });
    return search(query.query, query.limit, parts, signal, onHits);
  }

  private toHits(scored: readonly ScoredChunk[]): CodeHit[] {
    return scored.map(({ chunk: { vector: _, ...chunk }, score }) => ({
      chunk,
      score,
      relativePath: relativeTo(this.roots, chunk.path),
    }));
  }

  private buildingNote(): string {
    const { state, nFiles, nFilesDone, detail } = this.current;
    if (state === 'error' || state === 'paused') return detail;
    const percent = nFiles > 0 ? ` (${Math.floor((100 * nFilesDone) / nFiles)} %)` : '';
    return `The index is being built${percent}; there may be more to find.`;
  }

  /** Loaded once; an encoder or grammars that do not load cost meaning or trees, not the search. */
  private loadTools() {
    this.tools ??= (async () => {
      const { modelFolder, grammarsFolder, tracer } = this.options;
      const [encoder, parsers] = await Promise.all([
        openEncoder(modelFolder).catch((error: Error) => {
          tracer({ kind: 'log', level: 'error', message: `Search finds by words only: ${error.message}` });
          return undefined;
        }),
        openParsers(grammarsFolder, tracer),
      ]);
      return { encoder, parsers };
    })();
    return this.tools;
  }

  private async tellProgress({ indexer, store }: LocalIndex): Promise<void> {
    const { progress } = indexer;
    const stats = await store.stats().catch(() => undefined);
    if (this.opened?.kind === 'own' && this.opened.index.indexer === indexer) {
      this.tell(statusOf(progress, stats));
    }
  }

  private tell(status: IndexStatus): void {
    this.current = status;
    this.options.onStatus(status);
    for (const guest of this.guests) guest.tellStatus(status);
  }
}

function noDatabase(): EngineError {
  return new EngineError(
    'index-unavailable',
    'No search database is set. Run “Stet: Set Search Database…”, or set stet.search.backend to sqlite.',
  );
}
