/** LanguageServer: the real built server over stdio, as any LSP client would drive it, for tests. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  CancellationToken,
  createProtocolConnection,
  type InitializeResult,
  type InlineCompletionItem,
  InlineCompletionTriggerKind,
  type Position,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import {
  type IndexStatusParams,
  indexStatusNotification,
  type RemoteAccess,
  remoteAccessRequest,
  type SearchUpdateParams,
  type StatusParams,
  searchUpdateNotification,
  statusNotification,
  type TraceParams,
  traceNotification,
} from '../../protocol/messages.ts';

const root = path.resolve(import.meta.dirname, '../..');
const serverBundle = path.join(root, 'dist', 'server.cjs');

export interface LanguageServerOptions {
  /** Answered to `workspace/configuration`, and changed by {@link LanguageServer.configure}. */
  readonly settings?: unknown;
  readonly embeddedModelFolder?: string;
  /** Servers that name the same one may share a model. */
  readonly storageFolder?: string;
  /** Default true: the client shows `stet/status`. */
  readonly hasStatusItem?: boolean;
  /** Default true; else the settings go by initializationOptions and didChangeConfiguration. */
  readonly canPull?: boolean;
  /** Default false; else it is asked for the settings and knows of none, as Neovim: they go by initializationOptions alone. */
  readonly knowsNone?: boolean;
  /** Default false; else it tells of its settings as soon as the server wants to hear of them, as VS Code does. */
  readonly tellsAtOnce?: boolean;
  /** Put before the server's own command: `['unshare', '--net']`. */
  readonly wrapper?: readonly string[];
  /** Workspace folders, which are indexed for search. */
  readonly folders?: readonly string[];
  /** What the editor leaves out of its own lists of files; default nothing. */
  readonly filesExclude?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Answered to `stet/searchDatabase`. */
  readonly searchDatabase?: string;
  /** Answered to `stet/remoteAccess`. */
  readonly remoteAccess?: RemoteAccess;
}

export class LanguageServer {
  readonly statuses: StatusParams[] = [];
  readonly traces: TraceParams[] = [];
  readonly logs: string[] = [];
  /** `window/showMessage`. */
  readonly messages: string[] = [];
  readonly indexStatuses: IndexStatusParams[] = [];
  readonly searchUpdates: SearchUpdateParams[] = [];
  initialized: InitializeResult | undefined;
  private nPull = 0;
  private readonly versions = new Map<string, number>();

  private constructor(
    readonly child: ChildProcess,
    readonly connection: ProtocolConnection,
    private settings: unknown,
    private readonly options: LanguageServerOptions = {},
  ) {}

  /** Initialised, its engine loading. */
  static async start(options: LanguageServerOptions = {}): Promise<LanguageServer> {
    if (!fs.existsSync(serverBundle)) throw new Error('dist/server.cjs is missing. Run: npm run build');
    const [command, ...args] = [...(options.wrapper ?? []), process.execPath, serverBundle, '--stdio'];
    const child = spawn(command as string, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...options.environment },
    });
    const connection = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const server = new LanguageServer(child, connection, options.settings ?? {}, options);
    server.listen();
    const { canPull = true, hasStatusItem = true, embeddedModelFolder, storageFolder, folders } = options;
    const folderUris = folders?.map((folder) => ({
      uri: pathToFileURL(folder).href,
      name: path.basename(folder),
    }));
    server.initialized = await connection.sendRequest<InitializeResult>('initialize', {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: folderUris ?? null,
      capabilities: {
        workspace: {
          configuration: canPull,
          didChangeConfiguration: { dynamicRegistration: true },
          workspaceFolders: true,
        },
      },
      initializationOptions: {
        hasStatusItem,
        embeddedModelFolder,
        storageFolder,
        hasSearchDatabase: options.searchDatabase !== undefined,
        hasRemoteAccess: options.remoteAccess !== undefined,
        ...((!canPull || options.knowsNone) && { settings: options.settings }),
      },
    });
    await connection.sendNotification('initialized', {});
    return server;
  }

  /** Whether the process and its engine are there. */
  get status(): StatusParams | undefined {
    return this.statuses.at(-1);
  }

  /** The newest engine process, which the log names. */
  get enginePid(): number {
    const line = this.logs.findLast((log) => /^Engine process \d+ (started|is shared)/.test(log));
    return Number(/\d+/.exec(line ?? '')?.[0]);
  }

  reached(state: StatusParams['state'], timeoutMs = 30_000): Promise<void> {
    return until(() => this.status?.state === state, `status ${state}`, timeoutMs);
  }

  async open(uri: string, text: string, languageId = 'typescript'): Promise<void> {
    this.versions.set(uri, 1);
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId, version: 1, text },
    });
  }

  async insert(uri: string, position: Position, text: string): Promise<void> {
    const version = (this.versions.get(uri) ?? 0) + 1;
    this.versions.set(uri, version);
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ range: { start: position, end: position }, text }],
    });
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  complete(
    uri: string,
    position: Position,
    {
      automatic = false,
      token = CancellationToken.None,
    }: { automatic?: boolean; token?: CancellationToken } = {},
  ): Promise<InlineCompletionItem[] | null> {
    const triggerKind = automatic
      ? InlineCompletionTriggerKind.Automatic
      : InlineCompletionTriggerKind.Invoked;
    const params = { textDocument: { uri }, position, context: { triggerKind } };
    return this.connection.sendRequest('textDocument/inlineCompletion', params, token);
  }

  /** What came of one request, by its trace. */
  async outcomeOf(uri: string, position: Position): Promise<string | undefined> {
    const before = this.traces.length;
    await this.complete(uri, position);
    return this.traces.slice(before).find((trace) => trace.uri === uri)?.outcome;
  }

  /** Changes the settings; resolves when the server has asked for them. */
  async configure(settings: unknown): Promise<void> {
    this.settings = settings;
    const before = this.nPull;
    await this.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { stet: settings },
    });
    await until(() => this.nPull > before, 'the settings to be asked for');
  }

  /** Ends it as an editor does; resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    const kill = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await this.connection.sendRequest('shutdown').catch(() => {});
    await this.connection.sendNotification('exit').catch(() => {});
    const code = await exited;
    clearTimeout(kill);
    this.connection.dispose();
    return code;
  }

  private listen(): void {
    const { connection } = this;
    connection.onNotification(statusNotification, (status: StatusParams) => void this.statuses.push(status));
    connection.onNotification(traceNotification, (trace: TraceParams) => void this.traces.push(trace));
    connection.onNotification('window/logMessage', ({ message }) => void this.logs.push(message));
    connection.onNotification('window/showMessage', ({ message }) => void this.messages.push(message));
    connection.onNotification(indexStatusNotification, (status: IndexStatusParams) => {
      this.indexStatuses.push(status);
    });
    connection.onNotification(searchUpdateNotification, (update: SearchUpdateParams) => {
      this.searchUpdates.push(update);
    });
    connection.onRequest('stet/searchDatabase', () => this.options.searchDatabase ?? null);
    connection.onRequest(remoteAccessRequest, () => this.options.remoteAccess ?? null);
    connection.onRequest('client/registerCapability', async ({ registrations }) => {
      const method = 'workspace/didChangeConfiguration';
      const isOfSettings = registrations.some((one: { method: string }) => one.method === method);
      if (this.options.tellsAtOnce && isOfSettings)
        await connection.sendNotification(method, { settings: { stet: this.settings } });
      return null;
    });
    connection.onRequest('workspace/configuration', ({ items }) => {
      this.nPull++;
      const { filesExclude } = this.options;
      const stet = this.options.knowsNone ? null : this.settings;
      const sections: Record<string, unknown> = { stet, 'files.exclude': filesExclude };
      return items.map(({ section }: { section: string }) => sections[section] ?? null);
    });
    connection.onError(() => {}); // a killed server; its exit tells
    connection.listen();
  }
}

export async function until(condition: () => unknown, what: string, timeoutMs = 15_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
    await sleep(10);
  }
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const at = (line: number, character: number): Position => ({ line, character });

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie answers signals too; where nobody reaps, it stays one.
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false; // also where it ended between the two
  }
}

/** Resident memory and CPU time so far of a process, from /proc: Linux only. */
export function usageOf(pid: number): { rssKb: number; cpuMs: number } {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const fields = fs
    .readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const msPerTick = 10; // USER_HZ is 100 on every Linux that Node runs on
  return {
    rssKb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick, // utime, stime
  };
}
