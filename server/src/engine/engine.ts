/** Engine: the façade. Editor, command line, bench and tests all talk to this and to nothing below it. */

import type { CompletionRequest, CompletionResult } from './completion/complete.ts';

/** One whole-document message; the engine keeps its own mirror of the open documents. */
export type DocumentChange =
  | { kind: 'open'; uri: string; languageId: string; version: number; text: string }
  /** `edits` are applied in order, each to the result of the one before (as in LSP). */
  | {
      kind: 'change';
      uri: string;
      version: number;
      edits: readonly { start: number; endExclusive: number; text: string }[];
    }
  | { kind: 'close'; uri: string };

/** What the engine says about itself once it is open. */
export interface EngineInfo {
  readonly modelName: string;
  readonly contextTokens: number;
}

/**
 * Plain values in, plain values out, so that the same interface works across a process boundary
 * (`node/engine-client.ts`, `node/engine-host.ts`).
 */
export interface Engine {
  readonly info: EngineInfo;
  /** Opens, changes or closes a document. Cheap: runs on every key. */
  edit(change: DocumentChange): void;
  /**
   * What to suggest at `request.offset`. Rejects with the signal's reason when aborted, with
   * EngineError when something is broken; "nothing to suggest" is a result with a reason.
   */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResult>;
  /** The suggestion of this id was accepted by the user. */
  accepted(id: number): void;
  dispose(): Promise<void>;
}
