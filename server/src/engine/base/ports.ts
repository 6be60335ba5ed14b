/** Ports: what the engine needs of its host, given once to `openEngine`; the engine itself touches no machine. */

/** Time. Real in production, a fake in tests, so that no test waits. */
export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  nowMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets pending I/O (such as an abort message) be handled before it resolves. */
  yieldToHost(): Promise<void>;
}

/** What one completion cost: milliseconds and counts. */
export interface CompletionCost {
  readonly ms: number;
  /** From the request to the first token, debounce included; 0 when the model was not asked. */
  readonly firstTokenMs: number;
  /** Rows of the cache kept as they were, moved, and computed. */
  readonly nKept: number;
  readonly nShifted: number;
  readonly nNew: number;
  /** Tokens that the model wrote. */
  readonly nTokens: number;
}

/** One thing that happened, with its figures. */
export type TraceEvent =
  | { kind: 'complete'; requestId: number; uri: string; outcome: string; cost: CompletionCost }
  | { kind: 'log'; level: 'error' | 'warn' | 'info' | 'debug'; message: string };

/** The one stream that status, trace panel, bench and tests read. */
export type Tracer = (event: TraceEvent) => void;

/** A tree-sitter grammar's WebAssembly bytes by our language name, or undefined when there is none. */
export type GrammarSource = (grammar: string) => Promise<Uint8Array | undefined>;
