/** The wire between the language server and its engine process: message types, and how errors cross it. */

// JSON-RPC over the child's IPC channel, or over a local socket where windows share a model. Order is kept, so an edit sent before a request is applied
// before it. Nothing here is LSP: the engine process does not know that an editor exists.

import {
  type CancellationToken,
  type MessageConnection,
  NotificationType,
  RequestType,
  RequestType0,
  ResponseError,
} from 'vscode-jsonrpc/node';
import { AssertionError } from '../engine/base/assert.ts';
import { EngineError, type EngineErrorCode } from '../engine/base/error.ts';
import type { TraceEvent } from '../engine/base/ports.ts';
import type {
  CompletionRequest,
  CompletionResult,
  CompressRequest,
  CompressResult,
  DocumentChange,
  EngineInfo,
  EngineSpeed,
  RelatedPiece,
} from '../engine/engine.ts';
import type { WeightFormat } from '../engine/model/weights.ts';
import type { ExecutionProvider } from './execution-provider.ts';
import type { OracleOptions } from './oracles/oracles.ts';
import type { ImportsQuery, TextChange } from './oracles/typescript/wire.ts';
import type { HttpModelOptions } from './remote/http-model.ts';

/** What the engine process needs to open its model; all paths absolute. */
export interface EngineProcessOptions {
  readonly modelFolder: string;
  /** The user's cache folder when absent. */
  readonly cacheFolder?: string;
  readonly format: WeightFormat;
  /** 0: chosen from the number of cores. */
  readonly threads: number;
  /** What computes; the processor when absent. */
  readonly provider?: ExecutionProvider;
  readonly cacheMemoryMb: number;
  readonly grammarsFolder: string;
  /** Writes suggestions in the stead of the model. */
  readonly remote?: HttpModelOptions;
  /** Where windows that share a model find each other; absent: the process is this window's own. */
  readonly shareFolder?: string;
  /** The window's own, where the process was started by another: programs are looked up in it. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** How the engine process is, for the status item. */
export interface EngineState {
  readonly state: 'loading' | 'ready' | 'error';
  readonly detail: string;
  /** For people: what is not as it was asked for. To be said once. */
  readonly notice?: string;
}

interface ErrorData {
  readonly code: EngineErrorCode;
  readonly showUser: boolean;
}

export const openRequest = new RequestType<EngineProcessOptions, EngineInfo, ErrorData>('engine/open');
export const completeRequest = new RequestType<CompletionRequest, CompletionResult, ErrorData>(
  'engine/complete',
);
export const compressRequest = new RequestType<CompressRequest, CompressResult, ErrorData>('engine/compress');
export const measureRequest = new RequestType0<EngineSpeed, ErrorData>('engine/measure');
export const importsRequest = new RequestType<ImportsQuery, readonly TextChange[] | null, ErrorData>(
  'engine/imports',
);
export const relateNotification = new NotificationType<{ uri: string; pieces: readonly RelatedPiece[] }>(
  'engine/relate',
);
export const disposeRequest = new RequestType0<void, void>('engine/dispose');
export const oraclesNotification = new NotificationType<OracleOptions>('engine/oracles');
export const editNotification = new NotificationType<DocumentChange>('engine/edit');
export const acceptedNotification = new NotificationType<{ id: number }>('engine/accepted');
export const traceNotification = new NotificationType<TraceEvent>('engine/trace');
/** What the engine is doing while it opens, such as converting weights. */
export const loadingNotification = new NotificationType<{ detail: string }>('engine/loading');

// LSP's RequestCancelled; the rest are of the range that JSON-RPC leaves to applications.
const cancelled = -32800;
const failed = -31000;
const bug = -31001;

/** The form in which `error` crosses the wire. */
export function toResponseError(error: unknown, signal?: AbortSignal): ResponseError<ErrorData | undefined> {
  if (signal?.aborted) return new ResponseError(cancelled, 'cancelled', undefined);
  if (error instanceof EngineError) {
    return new ResponseError(failed, error.message, { code: error.code, showUser: error.showUser });
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new ResponseError(bug, stack, undefined);
}

/** The error that {@link toResponseError} was given; a lost connection is EngineError('engine-down'). */
export function fromResponseError(error: unknown): Error {
  if (error instanceof ResponseError && error.code === failed && error.data) {
    const { code, showUser } = error.data as ErrorData;
    return new EngineError(code, error.message, showUser);
  }
  if (error instanceof ResponseError && error.code === bug) return new AssertionError(error.message);
  // Everything else is JSON-RPC's own: the connection went away under the request.
  return new EngineError('engine-down', 'The engine process stopped before it answered.', false, {
    cause: error,
  });
}

/** Calls `notify` and forgets about it: a peer that is gone is noticed by its exit, not by a failed write. */
export function send(
  connection: MessageConnection,
  notify: (connection: MessageConnection) => Promise<void>,
): void {
  try {
    notify(connection).catch(() => {});
  } catch {
    // A disposed connection throws at once.
  }
}

/** Aborted when the peer cancels its request. */
export function abortSignalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  else token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
