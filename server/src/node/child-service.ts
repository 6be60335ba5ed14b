/** ChildService: one run of a child process of ours that speaks JSON-RPC over its IPC channel, from fork to exit. */

// Knows nothing of what is said, nor of restarts: those are its users'.

import { type ChildProcess, fork } from 'node:child_process';
import {
  type CancellationToken,
  CancellationTokenSource,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { Tracer } from '../engine/base/ports.ts';
import { fromResponseError } from './engine-wire.ts';
import { abortable } from './gate.ts';

export interface ChildServiceOptions {
  /** The bundle that the child runs. */
  readonly path: string;
  /** Before what it prints, in the log. */
  readonly name: string;
  /** Node's own options. A server started with --inspect must not hand its port on: not inherited. */
  readonly execArgv?: readonly string[];
  /** Once, when the process is gone; `how` for the log. */
  readonly onExit: (how: string) => void;
  readonly tracer: Tracer;
}

/** A process at the other end of a connection, ours or shared with others. */
export interface Service {
  readonly connection: MessageConnection;
  readonly pid: number | undefined;
  /** Says goodbye, and makes an end where that does not. Resolves when it is over. */
  stop(goodbye: (connection: MessageConnection) => Promise<unknown>): Promise<void>;
}

/** How long a process may take to end by itself before it is killed. A forward pass is over by then. */
export const stopTimeoutMs = 1500;

export class ChildService implements Service {
  readonly connection: MessageConnection;
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;

  /** `attach` adds handlers before the first message can come. */
  constructor(options: ChildServiceOptions, attach: (connection: MessageConnection) => void) {
    this.child = fork(options.path, [], {
      execArgv: [...(options.execArgv ?? [])],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // our own stdout may be the LSP wire
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, // inside VS Code `execPath` is Electron
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        options.tracer({ kind: 'log', level: 'warn', message: `${options.name}: ${text.trimEnd()}` });
      });
    }
    this.connection = createMessageConnection(
      new IPCMessageReader(this.child),
      new IPCMessageWriter(this.child),
    );
    attach(this.connection);
    this.connection.onError(() => {}); // a write to a dead process; its exit tells
    this.connection.listen();
    this.exited = this.watchExit(options.onExit);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Asks the process to end by `goodbye`, then makes it. Resolves when it is gone. */
  async stop(goodbye: (connection: MessageConnection) => Promise<unknown>): Promise<void> {
    const kill = setTimeout(() => this.child.kill('SIGKILL'), stopTimeoutMs);
    try {
      await Promise.race([goodbye(this.connection), this.exited]);
    } catch {
      // It is gone already, or would not close: the end is the same.
    }
    if (this.child.connected) this.child.disconnect(); // our children exit on this
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

/** A request that gives up at once when aborted, without waiting for the peer; rejects with the signal's reason. */
export async function abortableRequest<R>(
  signal: AbortSignal,
  request: (token: CancellationToken) => Promise<R>,
): Promise<R> {
  const cancellation = new CancellationTokenSource();
  const onAbort = () => cancellation.cancel();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await abortable(request(cancellation.token), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw fromResponseError(error);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
