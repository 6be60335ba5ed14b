/** EngineProcess: one run of the engine process, from fork to exit, as plain calls. */

// Knows nothing of restarts: that is engine-client's.

import { type ChildProcess, fork } from 'node:child_process';
import {
  CancellationTokenSource,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { Tracer } from '../engine/base/ports.ts';
import type { CompletionRequest, CompletionResult, DocumentChange, EngineInfo } from '../engine/engine.ts';
import {
  acceptedNotification,
  completeRequest,
  disposeRequest,
  type EngineProcessOptions,
  editNotification,
  fromResponseError,
  loadingNotification,
  openRequest,
  oraclesNotification,
  send,
  traceNotification,
} from './engine-wire.ts';
import { abortable } from './gate.ts';
import type { OracleOptions } from './oracles/oracles.ts';

export interface EngineProcessEvents {
  /** Once, when the process is gone; `how` for the log. */
  readonly onExit: (how: string) => void;
  readonly onLoading: (detail: string) => void;
  readonly tracer: Tracer;
}

/** How long a process may take to end by itself before it is killed. A forward pass is over by then. */
const stopTimeoutMs = 1500;

export class EngineProcess {
  private readonly child: ChildProcess;
  private readonly connection: MessageConnection;
  private readonly exited: Promise<void>;

  constructor(enginePath: string, events: EngineProcessEvents) {
    this.child = fork(enginePath, [], {
      execArgv: [], // a server started with --inspect must not hand its port on
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // our own stdout may be the LSP wire
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, // inside VS Code `execPath` is Electron
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        events.tracer({ kind: 'log', level: 'warn', message: `engine: ${text.trimEnd()}` });
      });
    }
    this.connection = createMessageConnection(
      new IPCMessageReader(this.child),
      new IPCMessageWriter(this.child),
    );
    this.connection.onNotification(traceNotification, events.tracer);
    this.connection.onNotification(loadingNotification, ({ detail }) => events.onLoading(detail));
    this.connection.onError(() => {}); // a write to a dead process; its exit tells
    this.connection.listen();
    this.exited = this.watchExit(events.onExit);
  }

  get pid(): number | undefined {
    return this.child.pid;
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

  accepted(id: number): void {
    send(this.connection, (connection) => connection.sendNotification(acceptedNotification, { id }));
  }

  /** Rejects with the signal's reason at once when aborted, without waiting for the process. */
  async complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResult> {
    const cancellation = new CancellationTokenSource();
    const onAbort = () => cancellation.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const answer = this.connection.sendRequest(completeRequest, request, cancellation.token);
      return await abortable(answer, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw fromResponseError(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Asks the process to end, then makes it. Resolves when it is gone. */
  async stop(): Promise<void> {
    const kill = setTimeout(() => this.child.kill('SIGKILL'), stopTimeoutMs);
    try {
      await Promise.race([this.connection.sendRequest(disposeRequest), this.exited]);
    } catch {
      // It is gone already, or its engine would not close: the end is the same.
    }
    if (this.child.connected) this.child.disconnect(); // engine-main exits on this
    await this.exited;
    clearTimeout(kill);
  }

  private watchExit(onExit: (how: string) => void): Promise<void> {
    return new Promise((resolve) => {
      let isOver = false;
      const end = (how: string) => {
        if (isOver) return;
        isOver = true;
        this.connection.dispose(); // rejects what is under way
        resolve();
        onExit(how);
      };
      this.child.on('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
      this.child.on('error', (error) => {
        if (this.child.pid === undefined) end(error.message); // it never started
      });
      // Without its channel it cannot be spoken to any more.
      this.child.on('disconnect', () => setTimeout(() => this.child.kill('SIGKILL'), stopTimeoutMs).unref());
    });
  }
}
