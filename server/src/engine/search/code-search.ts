/** CodeSearch: the façade of search; what the wire, the command line and completion ask of an index. */

// The language server holds one that speaks to the search process; the command line and the bench hold
// one in their own process. Paths are absolute with forward slashes; lines count from 0.

import type { StoredChunk } from './store.ts';

/** A folder that is indexed. */
export interface SearchRoot {
  readonly path: string;
  /** As people know it; shown before the path where there are several roots. */
  readonly name: string;
}

export interface SearchSettings {
  /** Off: nothing is read, and every search answers nothing with a note. */
  readonly isEnabled: boolean;
  /** Glob patterns of what is left out, relative to each root: the editor's lists and Stet's own. */
  readonly exclude: readonly string[];
  readonly maxFileSizeKb: number;
  readonly maxFiles: number;
  /** Where indexes lie; '' is the user's cache folder. */
  readonly indexFolder: string;
  /**
   * Connection string of the PostgreSQL database that holds the index; '' when one is wanted and none is
   * set; undefined for the file in `indexFolder`. It is a secret: it enters no log and no message.
   */
  readonly database?: string;
}

/** What to find: a query of words and filters, or code to find the like of. */
export interface CodeQuery {
  readonly query: string;
  readonly similarTo?: { readonly text: string; readonly path?: string; readonly line?: number };
  readonly limit: number;
  /** Files in open editors: a small prior. */
  readonly openPaths?: readonly string[];
}

export interface CodeHit {
  readonly chunk: StoredChunk;
  /** Relative to its root; with the root's name before it where there are several. */
  readonly relativePath: string;
  /** Higher is better; comparable within one search only. */
  readonly score: number;
}

export interface CodeAnswer {
  readonly hits: readonly CodeHit[];
  /** What of the answer is missing and why, for people. */
  readonly note?: string;
  readonly ms: number;
}

export interface CodeUpdate {
  readonly stage: 'lexical' | 'semantic';
  readonly hits: readonly CodeHit[];
}

export interface IndexStatus {
  readonly state: 'off' | 'starting' | 'indexing' | 'paused' | 'ready' | 'error';
  readonly nFiles: number;
  readonly nFilesDone: number;
  readonly nChunks: number;
  readonly sizeBytes: number;
  /** One line for people: what goes on, or what is wrong and the way out. */
  readonly detail: string;
}

export type IndexAction = 'rebuild' | 'pause' | 'resume' | 'clear';

export interface CodeSearch {
  readonly status: IndexStatus;
  /** Begins to index these folders, in place of those of before. Problems are told as status, never thrown. */
  open(roots: readonly SearchRoot[], settings: SearchSettings): void;
  /** Files that were written, created or deleted; folders too. Never throws. */
  filesChanged(paths: readonly string[]): void;
  /** Hits so far go to `onUpdate`; the last ones are the answer. Rejects with the signal's reason, or EngineError. */
  search(query: CodeQuery, signal: AbortSignal, onUpdate?: (update: CodeUpdate) => void): Promise<CodeAnswer>;
  /** The chunks nearest in meaning to a piece of code, best first; none when there is no index. For prompts. */
  related(text: string, nChunks: number, signal: AbortSignal): Promise<readonly StoredChunk[]>;
  /** Resolves when it is done; `rebuild`: when it has begun. Rejects with EngineError. */
  act(action: IndexAction): Promise<void>;
  dispose(): Promise<void>;
}
