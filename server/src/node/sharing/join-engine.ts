/** joinEngine: a window's side of sharing: finds the process that has its model, or starts it. */

import { type ChildProcess, fork } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { createMessageConnection, type MessageConnection } from 'vscode-jsonrpc/node';
import type { Tracer } from '../../engine/base/ports.ts';
import { type Service, stopTimeoutMs } from '../child-service.ts';
import { visitOwner } from '../search/owner-lock.ts';
import { greet } from './handshake.ts';
import { LineReader, LineWriter } from './lines.ts';

/** Before the lock's path, among the arguments of an engine process that is to be shared. */
export const shareArgument = '--share';

/** Between two tries: a process that just ended is given time to be gone. */
const retryMs = 100;

/** Windows that start and end at once meet here a few times. */
const maxAttempts = 8;

/** A process that says nothing for so long will not come; nor is anything tried after that. */
const startTimeoutMs = 60_000;

/** A process that knows its window, and to which nothing was said yet. */
export interface JoinedEngine {
  readonly socket: Socket;
  readonly pid: number;
}

/** Rejects, with the reason, when there is no sharing: no socket, no folder, no process that answers. */
export async function joinEngine(file: string, enginePath: string, tracer: Tracer): Promise<JoinedEngine> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await chmod(dirname(file), 0o700);
  let problem: unknown = new Error('no process could be reached');
  const startMs = performance.now();
  for (let attempt = 0; attempt < maxAttempts && performance.now() - startMs < startTimeoutMs; attempt++) {
    const owner = await visitOwner(file);
    if (!owner) {
      await startShared(file, enginePath, tracer); // or another window's was faster
      continue;
    }
    try {
      return { socket: owner.socket, pid: await greet(owner.socket, basename(file), owner.secret) };
    } catch (error) {
      owner.socket.destroy();
      problem = error;
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
  throw problem;
}

/** Starts the process, which outlives this one. Resolves when it can be visited, or saw another in its place. */
function startShared(file: string, enginePath: string, tracer: Tracer): Promise<void> {
  const child = fork(enginePath, [shareArgument, file], {
    execArgv: [],
    cwd: dirname(file), // no window's folder is kept busy by it
    detached: true, // a process group of its own: this window's end is not its end
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      tracer({ kind: 'log', level: 'warn', message: `engine: ${text.trimEnd()}` });
    });
  }
  return new Promise((resolve, reject) => {
    const end = (problem?: string) => {
      clearTimeout(timer);
      letGo(child);
      if (problem === undefined) return resolve();
      child.kill('SIGKILL');
      reject(new Error(problem));
    };
    const timer = setTimeout(() => end('the process did not start'), startTimeoutMs);
    child.once('error', (error) => end(error.message));
    child.once('exit', (code) => end(code === 0 ? undefined : `the process ended with code ${code}`));
    child.once('message', () => end());
  });
}

/** Nothing of the child keeps this process running. */
function letGo(child: ChildProcess): void {
  child.removeAllListeners();
  child.on('error', () => {});
  if (child.connected) child.disconnect();
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref();
}

/** A joined engine as a service: it is over for this window when the socket closes, and others may go on. */
export class SharedService implements Service {
  readonly connection: MessageConnection;
  readonly pid: number;
  private readonly socket: Socket;
  private readonly exited: Promise<void>;

  /** `attach` adds handlers before the first message can come; `onExit` is never called before this returns. */
  constructor(
    { socket, pid }: JoinedEngine,
    onExit: (how: string) => void,
    attach: (connection: MessageConnection) => void,
  ) {
    this.pid = pid;
    this.socket = socket;
    this.connection = createMessageConnection(new LineReader(socket), new LineWriter(socket));
    attach(this.connection);
    this.connection.onError(() => {}); // a write to a dead process; its end tells
    this.connection.listen();
    this.exited = new Promise((resolve) => {
      const end = () => {
        this.connection.dispose(); // rejects what is under way
        resolve();
        onExit('the connection was closed');
      };
      if (socket.destroyed) setImmediate(end);
      else socket.once('close', end);
    });
  }

  async stop(goodbye: (connection: MessageConnection) => Promise<unknown>): Promise<void> {
    const cut = setTimeout(() => this.socket.destroy(), stopTimeoutMs);
    try {
      await Promise.race([goodbye(this.connection), this.exited]);
    } catch {
      // It is gone already: the end is the same.
    }
    this.socket.end();
    await this.exited;
    clearTimeout(cut);
  }
}
