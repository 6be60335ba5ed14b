/** Ports: what the engine needs of its host, given once to `openEngine`; the engine itself touches no machine. */

import type { StageTimes } from './stages.ts';

/** Time. Real in production, a fake in tests, so that no test waits. */
export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  nowMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets pending I/O (such as an abort message) be handled before it resolves. */
  yieldToHost(): Promise<void>;
}

/**
 * How true the cache is: `exact` as a fresh prefill; `repaired`: some rows were moved in an edit, and
 * those that matter most computed anew; `shifted`: moved, none of them repaired.
 */
export type RowTruth = 'exact' | 'repaired' | 'shifted';

/** One question to static analysis about what may stand at a place, and what its answer did. */
export interface MaskTrace {
  /** The kind of place: `member`, `import-name`, … */
  readonly kind: string;
  /** UTF-16 length of what was written before the name; below 0 where it was begun before the cursor. */
  readonly at?: number;
  /** As the oracle sees it: `Map<string, number>`; '' where it does not say. */
  readonly receiver: string;
  /** Whether other names were forbidden, or only made less likely. */
  readonly isClosed: boolean;
  /** Names that may stand there; 0: nobody knew. */
  readonly nNames: number;
  /** Tokens that would have been picked, or came next in line, and were refused. */
  readonly nRejected: number;
  /** Until the answer, and how much of that the model waited. */
  readonly ms: number;
  readonly waitedMs?: number;
  /** It came after the deadline and was ignored. */
  readonly isLate?: boolean;
  /** It was known from before: nobody was asked, or someone else had done so. */
  readonly isRemembered?: boolean;
}

/** What one completion cost: milliseconds and counts. */
export interface CompletionCost {
  readonly ms: number;
  /** From the request to the first token, debounce included; 0 when the model was not asked. */
  readonly firstTokenMs: number;
  /** Rows of the cache kept as they were, moved, and computed, the last `nRepaired` only to be true again. */
  readonly nKept: number;
  readonly nShifted: number;
  readonly nNew: number;
  readonly nRepaired: number;
  /** Whether the rows that the answer was read from are those of a fresh prefill. */
  readonly rows: RowTruth;
  /** Tokens that the model wrote. */
  readonly nTokens: number;
  /** Passes after the prompt's, tokens guessed ahead in them, and how many of these were right. */
  readonly nPasses: number;
  readonly nGuessed: number;
  readonly nRight: number;
  /** What static analysis was asked while the model wrote; absent where nobody was asked. */
  readonly masks?: readonly MaskTrace[];
  /** The first error that the suggestion would have brought about, for which it was cut or dropped. */
  readonly typeError?: string;
  /** Where the time went; absent from costs that nobody timed. */
  readonly stages?: StageTimes;
  /** Memory of the process that the engine runs in; its host adds it. */
  readonly rssBytes?: number;
}

/** How likely a text was that was really typed: means of the natural logarithms of its tokens' probabilities. */
export interface RegretTrace {
  readonly nTokens: number;
  /** By the network and the own file. */
  readonly ownFile: number;
  /** And by the pieces that the index chose of files that are not open; absent where there were none. */
  readonly relatedPieces?: number;
  /** And by them and the open files, which is what suggestions are written with. */
  readonly allFiles: number;
}

/**
 * How static analysis is for a language: at work (`starting`, `ready`, `restarting`), broken (`failed`), or
 * absent: turned `off`, no server `unknown` to us, not allowed (`untrusted`), not installed (`missing`).
 */
export type OracleHealth =
  | 'starting'
  | 'ready'
  | 'restarting'
  | 'failed'
  | 'off'
  | 'unknown'
  | 'untrusted'
  | 'missing';

/** One thing that happened, with its figures. */
export type TraceEvent =
  /** The oracle of these languages, '' where there is none; `detail` is for people and names the way out. */
  | { kind: 'oracle'; languageIds: readonly string[]; name: string; health: OracleHealth; detail: string }
  /** The suggestion of this id came from moved rows, and the exact ones say otherwise. */
  | { kind: 'withdrawn'; uri: string; id: number }
  /** What was typed at a place that was asked about in this version of the document. */
  | { kind: 'regret'; uri: string; version: number; offset: number; regret: RegretTrace }
  | { kind: 'complete'; requestId: number; uri: string; outcome: string; cost: CompletionCost }
  | { kind: 'log'; level: 'error' | 'warn' | 'info' | 'debug'; message: string };

/** The one stream that status, trace panel, bench and tests read. */
export type Tracer = (event: TraceEvent) => void;

/** A tree-sitter grammar's WebAssembly bytes by our language name, or undefined when there is none. */
export type GrammarSource = (grammar: string) => Promise<Uint8Array | undefined>;
