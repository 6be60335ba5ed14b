/** Indexer: brings the store to what the files are: what changed is read, cut, embedded and stored; what is gone is removed. */

// Files wait in a queue; one loop empties it in batches, each one transaction, and gives way between
// files, so that searches are answered meanwhile. Whatever interrupts it, a kill included, loses the
// batch at hand at most: the next run compares file stamps and goes on.

import type { Clock, Tracer } from '../base/ports.ts';
import type { Chunk } from '../syntax/chunk.ts';
import { LineIndex } from '../text/line-index.ts';
import { isBelow } from './is-below.ts';
import type { FileEntry, IndexedChunk, SearchStore } from './store.ts';

/** A file that belongs into the index. */
export interface FoundFile {
  readonly path: string;
  readonly languageId: string;
  readonly mtimeMs: number;
  readonly sizeBytes: number;
}

export interface FileText {
  readonly text: string;
  /** sha256 of the bytes, hex. */
  readonly hash: string;
}

/** The workspace's files as the index sees them: what is ignored, secret or too large is not there. */
export interface IndexableFiles {
  /** All of them, some at a time. Rejects with the signal's reason. */
  all(signal: AbortSignal): AsyncIterable<readonly FoundFile[]>;
  /** The file at `path`, or those below the folder at it; none when there is nothing to index. */
  at(path: string, signal: AbortSignal): Promise<readonly FoundFile[]>;
  /** undefined when the file is gone, or its content is not to be indexed (binary, minified). */
  read(path: string): Promise<FileText | undefined>;
  /** Whether a change of this file changes which files there are. */
  isRuleFile(path: string): boolean;
}

export interface IndexerParts {
  readonly files: IndexableFiles;
  readonly store: SearchStore;
  /** The chunks of a text; never rejects for what the text is. */
  chunk(text: string, languageId: string): Promise<readonly Chunk[]>;
  /** The vector [dims] of a chunk, of unit length; undefined where there is no encoder. */
  readonly embed: ((chunk: IndexedChunk, path: string) => Float32Array) | undefined;
  readonly maxFiles: number;
  readonly clock: Clock;
  readonly tracer: Tracer;
  readonly onProgress: (progress: IndexProgress) => void;
}

export interface IndexProgress {
  readonly state: 'listing' | 'indexing' | 'paused' | 'ready' | 'error';
  /** In the queue when it was last empty, and since; `nDone` of them are through. */
  readonly nFiles: number;
  readonly nDone: number;
  /** There were more files than `maxFiles`. */
  readonly isTruncated: boolean;
  /** With state `error`. */
  readonly error?: Error;
}

/** A batch is stored when it has this many files or chunks: more are fewer transactions, but longer ones. */
const maxBatchFiles = 100;
const maxBatchChunks = 400;

/** Keys of a store leave room for this many; what comes after is joined into the last. */
const maxChunksPerFile = 4000;

/** More changes at once are a checkout or an install: comparing everything is cheaper than one by one. */
const maxSingleChanges = 500;

/** A file longer than this is looked at in its first part only while the index is not ready. */
const maxLookLength = 200_000;

/** How long a first look waits for the list of files, which takes seconds where there are a hundred thousand. */
const maxListingWaitMs = 1000;

/** Files that the first look has indexed before a search; each takes some milliseconds. */
const maxLookFiles = 24;

/** So few files that wait, a save or two, are not what an index lacks that was whole before. */
const maxUnnoted = 20;

export class Indexer {
  private readonly pending = new Map<string, FoundFile>();
  private changed = new Set<string>();
  /** Of those, how many are being looked at. */
  private nTaken = 0;
  private isPaused = false;
  private needsListing = false;
  private nDone = 0;
  private isTruncated = false;
  private isListing = false;
  /** All files were in the store once. */
  private wasIdle = false;
  /** Of the listing that is under way or was the last. */
  private listed: Promise<unknown> = Promise.resolve();
  private error: Error | undefined;
  private running: Promise<void> | undefined;
  /** One batch at a time writes: the loop's, or a first look's. */
  private writing: Promise<unknown> = Promise.resolve();
  private readonly controller = new AbortController();

  constructor(private readonly parts: IndexerParts) {}

  /** Resolves when nothing waits any more, by being done, paused or failed. */
  get idle(): Promise<void> {
    return this.running ?? Promise.resolve();
  }

  /** Whether nothing waits. */
  get isIdle(): boolean {
    return !this.running && !this.isPaused && this.error === undefined && this.pending.size === 0;
  }

  /** Whether a search finds what there is, but for a few files that changed a moment ago. */
  get isReady(): boolean {
    const nWaiting = this.pending.size + this.changed.size + this.nTaken;
    const isWhole = this.wasIdle && nWaiting <= maxUnnoted;
    return this.isIdle || (isWhole && !this.isPaused && this.error === undefined);
  }

  get progress(): IndexProgress {
    const { nDone, isTruncated, error } = this;
    return {
      state: this.state(),
      nFiles: nDone + this.pending.size,
      nDone,
      isTruncated,
      ...(error && { error }),
    };
  }

  /** Compares all files with the store and indexes what differs. */
  start(): void {
    this.needsListing = true;
    this.wake();
  }

  /** Files or folders that were written, made or deleted. */
  filesChanged(paths: readonly string[]): void {
    for (const path of paths) {
      if (this.parts.files.isRuleFile(path)) this.needsListing = true;
      this.changed.add(path);
    }
    if (this.changed.size > maxSingleChanges) this.needsListing = true;
    if (this.needsListing) this.changed.clear();
    if (this.needsListing || this.changed.size > 0) this.wake();
  }

  pause(): void {
    this.isPaused = true;
    this.report();
  }

  resume(): void {
    this.isPaused = false;
    this.wake();
    this.report();
  }

  /** Forgets what waits; the loop ends after the file at hand. Resolves when nothing writes any more. */
  async dispose(): Promise<void> {
    this.controller.abort(new Error('the index was closed'));
    this.pending.clear();
    this.changed.clear();
    this.needsListing = false;
    await this.running;
    await this.writing;
  }

  /**
   * For a search while files wait: reads those that wait for up to `budgetMs`, and indexes at once the
   * ones that hold most of `words`, so that the search finds them. Rejects with the signal's reason.
   */
  async lookAhead(words: readonly string[], budgetMs: number, signal: AbortSignal): Promise<void> {
    const { clock, files } = this.parts;
    const wanted = [...new Set(words)].filter((word) => word.length > 1);
    if (wanted.length === 0) return;
    if (this.isListing || this.needsListing) {
      const isLate = clock.sleep(maxListingWaitMs, signal).then(() => {});
      await Promise.race([this.listed, isLate]);
    }
    const endMs = clock.nowMs() + budgetMs;
    const promising: { file: FoundFile; score: number }[] = [];
    for (const file of byPath([...this.pending.values()], wanted)) {
      if (clock.nowMs() > endMs || this.controller.signal.aborted) break;
      signal.throwIfAborted();
      const content = await files.read(file.path).catch(() => undefined);
      if (!content) continue;
      const score = nWordsIn(`${file.path}\n${content.text.slice(0, maxLookLength)}`.toLowerCase(), wanted);
      if (score > 0) promising.push({ file, score });
    }
    promising.sort((a, b) => b.score - a.score);
    await this.index(promising.slice(0, maxLookFiles).map(({ file }) => file));
    signal.throwIfAborted();
  }

  private state(): IndexProgress['state'] {
    if (this.error) return 'error';
    if (this.isPaused) return 'paused';
    if (this.isListing) return 'listing';
    return this.pending.size > 0 || this.changed.size > 0 ? 'indexing' : 'ready';
  }

  private wake(): void {
    if (this.running || this.isPaused || this.controller.signal.aborted) return;
    this.error = undefined;
    this.running = this.loop()
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.running = undefined;
        this.report();
        const isWaiting = this.needsListing || this.changed.size > 0;
        if (isWaiting && !this.error) this.wake();
      });
  }

  private fail(error: unknown): void {
    this.nTaken = 0;
    if (this.controller.signal.aborted) return;
    this.needsListing = true; // what was at hand waits no longer; the next run finds it again
    this.error = error instanceof Error ? error : new Error(String(error));
    this.parts.tracer({ kind: 'log', level: 'error', message: `Indexing stopped: ${this.error.message}` });
  }

  private async loop(): Promise<void> {
    const isOver = () => this.controller.signal.aborted || this.isPaused;
    while (!isOver()) {
      if (this.needsListing) await this.list();
      else if (this.changed.size > 0) await this.takeChanges();
      else if (this.pending.size > 0) await this.index([...take(this.pending.values(), maxBatchFiles)]);
      else break;
      this.report();
    }
    if (this.pending.size > 0) return;
    this.nDone = 0;
    if (!isOver()) this.wasIdle = true;
  }

  /** Puts every file into the queue that is not in the store as it is, and removes what is gone. */
  private list(): Promise<void> {
    const listing = this.listNow();
    this.listed = listing.catch(() => {}); // the loop hears of it
    return listing;
  }

  private async listNow(): Promise<void> {
    const { files, store, maxFiles } = this.parts;
    this.needsListing = false;
    this.isListing = true;
    this.isTruncated = false;
    try {
      const known = new Map(await store.files());
      const nKnown = known.size;
      let nFound = 0;
      for await (const found of files.all(this.controller.signal)) {
        for (const file of found) {
          if (nFound++ >= maxFiles) this.isTruncated = true;
          else {
            if (!isSame(known.get(file.path), file)) this.pending.set(file.path, file);
            known.delete(file.path);
          }
        }
        this.report();
        if (this.isTruncated) break;
      }
      for (const path of this.pending.keys()) if (known.has(path)) this.pending.delete(path);
      await this.write(() => store.remove([...known.keys()]));
      const message = `${nFound} files found, ${this.pending.size} to be indexed, ${known.size} of ${nKnown} gone.`;
      this.parts.tracer({ kind: 'log', level: 'info', message });
    } finally {
      this.isListing = false;
    }
  }

  private async takeChanges(): Promise<void> {
    const { files, store } = this.parts;
    const paths = [...this.changed];
    this.changed = new Set();
    this.nTaken = paths.length;
    const gone: string[] = [];
    const absent = new Set<string>();
    for (const path of paths) {
      this.nTaken--;
      const found = await files.at(path, this.controller.signal);
      for (const file of found) this.pending.set(file.path, file);
      if (found.some((file) => file.path === path)) continue;
      this.pending.delete(path);
      gone.push(path);
      if (found.length === 0) absent.add(path);
    }
    if (absent.size > 0) gone.push(...(await this.below(absent)));
    if (gone.length > 0) await this.write(() => store.remove(gone));
  }

  /** What the store and the queue hold below `folders`, which are gone, if they were folders: `lib`, `v1.0`. */
  private async below(folders: ReadonlySet<string>): Promise<string[]> {
    for (const path of this.pending.keys()) if (isBelow(path, folders)) this.pending.delete(path);
    return [...(await this.parts.store.files()).keys()].filter((path) => isBelow(path, folders));
  }

  /** Reads, cuts, embeds and stores these files; those that are gone or not to be indexed have no chunks. */
  private async index(files: readonly FoundFile[]): Promise<void> {
    const { clock, store } = this.parts;
    let batch: { file: FileEntry; chunks: IndexedChunk[] }[] = [];
    let nChunks = 0;
    const flush = async () => {
      const full = batch;
      batch = [];
      nChunks = 0;
      await this.write(() => store.replace(full));
    };
    for (const found of files) {
      if (this.controller.signal.aborted) return;
      const isWaiting = this.pending.get(found.path) === found;
      if (!isWaiting) continue; // a first look was faster, or it changed again
      const entry = await this.prepare(found);
      if (this.pending.get(found.path) !== found) continue;
      this.pending.delete(found.path);
      this.nDone++;
      batch.push(entry);
      nChunks += entry.chunks.length;
      if (nChunks >= maxBatchChunks) await flush();
      await clock.yieldToHost();
    }
    if (batch.length > 0) await flush();
  }

  private async prepare(found: FoundFile): Promise<{ file: FileEntry; chunks: IndexedChunk[] }> {
    const { path, languageId, mtimeMs, sizeBytes } = found;
    const entry = { path, languageId, mtimeMs, sizeBytes };
    try {
      const content = await this.parts.files.read(path);
      if (!content) return { file: { ...entry, hash: '' }, chunks: [] };
      const chunks = await this.chunksOf(content.text, found);
      return { file: { ...entry, hash: content.hash }, chunks };
    } catch (error) {
      const message = `${path} could not be indexed: ${error}`;
      this.parts.tracer({ kind: 'log', level: 'warn', message });
      return { file: { ...entry, hash: '' }, chunks: [] };
    }
  }

  private async chunksOf(text: string, { path, languageId }: FoundFile): Promise<IndexedChunk[]> {
    const lines = new LineIndex(text);
    const cut = joinLast(await this.parts.chunk(text, languageId), maxChunksPerFile);
    const { embed } = this.parts;
    return cut.map((chunk) => {
      const indexed: IndexedChunk = {
        ...chunk,
        startLine: lines.lineAt(chunk.start),
        endLine: lines.lineAt(Math.max(chunk.start, chunk.endExclusive - 1)),
        text: text.slice(chunk.start, chunk.endExclusive),
      };
      return embed ? { ...indexed, vector: embed(indexed, path) } : indexed;
    });
  }

  private write<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.writing.then(work);
    this.writing = turn.catch(() => {});
    return turn;
  }

  private report(): void {
    if (!this.controller.signal.aborted) this.parts.onProgress(this.progress);
  }
}

function isSame(known: FileEntry | undefined, found: FoundFile): boolean {
  return known !== undefined && known.mtimeMs === found.mtimeMs && known.sizeBytes === found.sizeBytes;
}

function* take<T>(values: Iterable<T>, limit: number): Generator<T> {
  let n = 0;
  for (const value of values) {
    if (n++ >= limit) return;
    yield value;
  }
}

/** Files first whose path holds some of the words. */
function byPath(files: readonly FoundFile[], words: readonly string[]): FoundFile[] {
  const scored = files.map((file) => ({ file, score: nWordsIn(file.path.toLowerCase(), words) }));
  return scored.sort((a, b) => b.score - a.score).map(({ file }) => file);
}

function nWordsIn(text: string, words: readonly string[]): number {
  return words.reduce((n, word) => n + (text.includes(word) ? 1 : 0), 0);
}

/** The first `limit` chunks, the last of which goes on to the end. */
function joinLast(chunks: readonly Chunk[], limit: number): readonly Chunk[] {
  const last = chunks.at(-1);
  const cut = chunks[limit - 1];
  if (chunks.length <= limit || !last || !cut) return chunks;
  return [...chunks.slice(0, limit - 1), { ...cut, endExclusive: last.endExclusive }];
}
