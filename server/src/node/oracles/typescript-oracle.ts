/** TypeScriptOracle: the SymbolOracle for TypeScript and JavaScript, answered by a process that may die. */

// The process holds a compiler and the project's types: it is started with the first document that it
// serves, and ended and started again when it grows too large. Documents live here, so what a death
// costs is the questions under way. Nothing waits for a process that is starting or reading a project.

import { type ChildProcess, fork } from 'node:child_process';
import {
  CancellationTokenSource,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
  type RequestType,
} from 'vscode-jsonrpc/node';
import type { Clock } from '../../engine/base/ports.ts';
import type {
  Diagnostic,
  SymbolOracle,
  SymbolQuery,
  SymbolSet,
} from '../../engine/decoding/constraints/symbol-oracle.ts';
import { StringEdit } from '../../engine/text/edit.ts';
import { abortable } from '../gate.ts';
import type { OracleHealth } from './kept-server.ts';
import { residentBytes } from './process-memory.ts';
import { Restarts } from './restarts.ts';
import {
  coldNotification,
  diagnosticsRequest,
  type EditParams,
  editNotification,
  type ImportsQuery,
  importsRequest,
  symbolsRequest,
  type TextChange,
  warmNotification,
} from './typescript/wire.ts';

export interface TypeScriptOracleOptions {
  /** The bundle of oracle-typescript-main. */
  readonly path: string;
  /** More than this and the process is ended and started anew. */
  readonly memoryMb: number;
  readonly clock: Clock;
  readonly onHealth: (health: OracleHealth, detail: string) => void;
  readonly onLog: (message: string) => void;
}

interface OwnDocument {
  readonly languageId: string;
  version: number;
  text: string;
}

const name = 'typescript';
const languages = ['typescript', 'typescriptreact', 'javascript', 'javascriptreact'];

const limits = { maxDeaths: 4, deathWindowMs: 300_000, restartDelayMs: 200, memoryCheckMs: 5_000 };
/** Of the memory limit, what JavaScript may hold; the rest is the runtime and what is not collected yet. */
const heapShare = 0.85;
/** Documents longer than this are left alone: a question would take too long to be of use. */
const maxChars = 1_000_000;

export class TypeScriptOracle implements SymbolOracle {
  readonly name = name;
  private readonly documents = new Map<string, OwnDocument>();
  private readonly warm = new Set<string>();
  private readonly partial = new Set<string>();
  private child: ChildProcess | undefined;
  private connection: MessageConnection | undefined;
  private isWanted = false;
  private endedFor: string | undefined;
  private readonly life = new AbortController();
  private readonly restarts: Restarts;

  constructor(private readonly options: TypeScriptOracleOptions) {
    this.restarts = new Restarts({ name, ...options }, limits, this.life.signal);
  }

  serves(languageId: string): boolean {
    return languages.includes(languageId);
  }

  /** Of the process while there is one, for logs and tests. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Whether questions about this document are answered now. */
  isWarm(uri: string): boolean {
    return this.warm.has(uri);
  }

  /** Whether answers about this document rest on all that it depends on, and not on what is near only. */
  isWhole(uri: string): boolean {
    return this.isWarm(uri) && !this.partial.has(uri);
  }

  edit({ uri, languageId, version, text }: Parameters<SymbolOracle['edit']>[0]): void {
    const known = this.documents.get(uri);
    if (text === undefined || text.length > maxChars) {
      this.documents.delete(uri);
      this.warm.delete(uri);
      this.partial.delete(uri);
      if (known) this.send({ uri, languageId, version });
      return;
    }
    this.documents.set(uri, { languageId, version, text });
    if (!this.isWanted) {
      this.start();
      return;
    }
    const isSame = known && known.languageId === languageId;
    const change = isSame ? changeBetween(known.text, text) : { start: 0, endExclusive: 0, text };
    this.send({ uri, languageId, version, change });
  }

  async symbols(query: SymbolQuery, signal: AbortSignal): Promise<SymbolSet | undefined> {
    const { uri, kind, offset, text } = query;
    const known = this.documents.get(uri);
    if (!known || !this.warm.has(uri)) return undefined;
    return this.ask(symbolsRequest, { uri, kind, offset, change: changeBetween(known.text, text) }, signal);
  }

  async diagnostics(
    query: Parameters<SymbolOracle['diagnostics']>[0],
    signal: AbortSignal,
  ): Promise<readonly Diagnostic[] | undefined> {
    const { uri, text, start, endExclusive } = query;
    const known = this.documents.get(uri);
    if (!known || !this.warm.has(uri)) return undefined;
    const change = changeBetween(known.text, text);
    return this.ask(diagnosticsRequest, { uri, change, start, endExclusive }, signal);
  }

  /** The imports that [start, endExclusive) of `text` lacks; undefined when it does not know. */
  async imports(query: ImportsQuery, signal: AbortSignal): Promise<readonly TextChange[] | undefined> {
    const { uri, text, start, endExclusive } = query;
    const known = this.documents.get(uri);
    if (!known || !this.warm.has(uri)) return undefined;
    const change = changeBetween(known.text, text);
    return this.ask(importsRequest, { uri, change, start, endExclusive }, signal);
  }

  async dispose(): Promise<void> {
    this.life.abort(new Error('the oracle was disposed'));
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL'); // it holds nothing that is not ours
    await exited;
  }

  /** What `type` answers; undefined when the process does not, for whatever reason. */
  private async ask<P, R>(
    type: RequestType<P, R | null, void>,
    params: P,
    signal: AbortSignal,
  ): Promise<R | undefined> {
    const { connection } = this;
    if (!connection) return undefined;
    const cancellation = new CancellationTokenSource();
    const onAbort = () => cancellation.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const answer = connection.sendRequest<R | null>(type.method, params, cancellation.token);
      return (await abortable(answer, signal)) ?? undefined;
    } catch {
      signal.throwIfAborted();
      return undefined; // the process went away under the question
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  private start(): void {
    if (this.life.signal.aborted) return;
    const { path, memoryMb, onHealth, onLog } = this.options;
    this.isWanted = true;
    this.endedFor = undefined;
    onHealth('starting', name);
    const child = fork(path, [], {
      execArgv: [`--max-old-space-size=${Math.round(memoryMb * heapShare)}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, // inside VS Code `execPath` is Electron
    });
    this.child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => onLog(`${name}: ${text.trimEnd()}`));
    const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
    connection.onError(() => {}); // a write to a dead process; its exit tells
    connection.onNotification(warmNotification, ({ uri, isPartial }) => {
      if (!this.documents.has(uri)) return;
      this.warm.add(uri);
      if (isPartial) this.partial.add(uri);
      else this.partial.delete(uri);
      onHealth('ready', name);
    });
    connection.onNotification(coldNotification, ({ uri }) => void this.warm.delete(uri));
    connection.listen();
    this.connection = connection;
    let isOver = false;
    const end = (how: string) => {
      if (isOver) return;
      isOver = true;
      connection.dispose(); // rejects what is under way
      if (this.child === child) this.onDeath(how);
    };
    child.on('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
    child.on('error', (error) => {
      if (child.pid === undefined) end(error.message); // it never started
    });
    for (const [uri, { languageId, version, text }] of this.documents) {
      this.send({ uri, languageId, version, change: { start: 0, endExclusive: 0, text } });
    }
    void this.restarts.watchMemory(
      () => this.child === child,
      async () => (child.pid === undefined ? undefined : residentBytes(child.pid)),
      (why) => {
        this.endedFor = why;
        child.kill('SIGKILL');
      },
    );
  }

  private onDeath(how: string): void {
    this.child = undefined;
    this.connection = undefined;
    this.warm.clear();
    this.partial.clear();
    this.restarts.onDeath(this.endedFor ?? how, () => this.start());
  }

  private send(params: EditParams): void {
    this.connection?.sendNotification(editNotification, params).catch(() => {});
  }
}

function changeBetween(from: string, to: string): TextChange {
  const edit = StringEdit.between(from, to);
  if (!edit) return { start: 0, endExclusive: 0, text: '' };
  const { start, endExclusive } = edit.range;
  return { start, endExclusive, text: edit.text };
}
