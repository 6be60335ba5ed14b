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

/** One thing that happened, with its figures. `requestId` joins the spans of one request. */
export type TraceEvent =
  | { kind: 'model'; state: 'loading' | 'ready'; name: string; ms: number; detail?: string }
  | { kind: 'prefill'; requestId: number; nKept: number; nShifted: number; nNew: number; ms: number }
  | { kind: 'decode'; requestId: number; nTokens: number; ms: number; stop: string }
  | { kind: 'complete'; requestId: number; outcome: string; ms: number; chars: number }
  | { kind: 'log'; level: 'error' | 'warn' | 'info' | 'debug'; message: string };

/** The one stream that status, trace panel, bench and tests read. */
export type Tracer = (event: TraceEvent) => void;

/** A tree-sitter grammar's WebAssembly bytes by our language name, or undefined when there is none. */
export type GrammarSource = (grammar: string) => Promise<Uint8Array | undefined>;
