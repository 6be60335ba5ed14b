/** EngineProcess: an engine in a process of our own or in one that windows share, from first to last word, as plain calls. */

// Knows nothing of restarts: that is engine-client's.

import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { Tracer } from '../engine/base/ports.ts';
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
import { abortableRequest, ChildService, type Service } from './child-service.ts';
import {
  acceptedNotification,
  completeRequest,
  compressRequest,
  disposeRequest,
  type EngineProcessOptions,
  editNotification,
  fromResponseError,
  importsRequest,
  loadingNotification,
  measureRequest,
  openRequest,
  oraclesNotification,
  relateNotification,
  send,
  traceNotification,
} from './engine-wire.ts';
import type { OracleOptions } from './oracles/oracles.ts';
import type { ImportsQuery, TextChange } from './oracles/typescript/wire.ts';
import { type JoinedEngine, SharedService } from './sharing/join-engine.ts';

export interface EngineProcessEvents {
  /** Once, when the process is gone; `how` for the log. */
  readonly onExit: (how: string) => void;
  readonly onLoading: (detail: string) => void;
  readonly tracer: Tracer;
}

export class EngineProcess {
  private readonly service: Service;

  /** Starts the bundle at `engine`, or takes part in one that runs. */
  constructor(engine: string | JoinedEngine, { tracer, onExit, onLoading }: EngineProcessEvents) {
    const attach = (connection: MessageConnection) => {
      connection.onNotification(traceNotification, tracer);
      connection.onNotification(loadingNotification, ({ detail }) => onLoading(detail));
    };
    this.service =
      typeof engine === 'string'
        ? new ChildService({ path: engine, name: 'engine', onExit, tracer }, attach)
        : new SharedService(engine, onExit, attach);
  }

  private get connection() {
    return this.service.connection;
  }

  get pid(): number | undefined {
    return this.service.pid;
  }

  /** Rejects with the EngineError that opening ended with, or EngineError('engine-down'). */
  open(options: EngineProcessOptions): Promise<EngineInfo> {
    return this.connection.sendRequest(openRequest, options).catch((error) => {
      throw fromResponseError(error);
    });
  }

  edit(change: DocumentChange): void {
    send(this.connection, (connection) => connection.sendNotification(editNotification, change));
  }

  configureOracles(options: OracleOptions): void {
    send(this.connection, (connection) => connection.sendNotification(oraclesNotification, options));
  }

  relate(uri: string, pieces: readonly RelatedPiece[]): void {
    send(this.connection, (connection) => connection.sendNotification(relateNotification, { uri, pieces }));
  }

  accepted(id: number): void {
    send(this.connection, (connection) => connection.sendNotification(acceptedNotification, { id }));
  }

  /** Rejects with the signal's reason at once when aborted, without waiting for the process. */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResult> {
    return abortableRequest(signal, (token) => this.connection.sendRequest(completeRequest, request, token));
  }

  /** As `complete`. */
  missingImports(query: ImportsQuery, signal: AbortSignal): Promise<readonly TextChange[] | null> {
    return abortableRequest(signal, (token) => this.connection.sendRequest(importsRequest, query, token));
  }

  /** As `complete`. */
  compress(request: CompressRequest, signal: AbortSignal): Promise<CompressResult> {
    return abortableRequest(signal, (token) => this.connection.sendRequest(compressRequest, request, token));
  }

  /** As `complete`. */
  measure(signal: AbortSignal): Promise<EngineSpeed> {
    return abortableRequest(signal, (token) => this.connection.sendRequest(measureRequest, token));
  }

  /** Asks the process to end, then makes it. Resolves when it is gone. */
  stop(): Promise<void> {
    return this.service.stop((connection) => connection.sendRequest(disposeRequest));
  }
}
