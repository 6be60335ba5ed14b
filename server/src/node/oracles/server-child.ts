/** ServerChild: one run of a language server as our own child on stdio, from spawn to exit. */

// Knows the protocol's frame (initialize, requests with deadlines, what servers ask of clients) and
// nothing of restarts or documents: those are lsp-oracle's. The editor's own servers are never touched.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type { InitializeResult, RegistrationParams, ServerCapabilities } from 'vscode-languageserver/node';
import { abortable } from '../gate.ts';
import { residentBytes } from './process-memory.ts';

/** How a server is started and spoken to. */
export interface ServerLaunch {
  /** Absolute, so that nothing in a working folder is run by mistake. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Answers to `workspace/configuration`, by section; also pushed once after `initialized`. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly initializationOptions?: unknown;
  /** Absolute; undefined: the server is given no folder and sees single files. */
  readonly root: string | undefined;
}

export interface ServerChildEvents {
  /** Once, when the process is gone; `how` for the log, with the end of what it wrote to stderr. */
  readonly onExit: (how: string) => void;
  readonly onNotification: (method: string, params: unknown) => void;
}

/** How long a server may take to end by itself before it is killed. */
const stopTimeoutMs = 1500;

/** What is kept of stderr for the log. */
const maxErrorChars = 2000;

/** Children that run now: none outlives this process, however it exits (a kill closes their stdin). */
const running = new Set<ChildProcessWithoutNullStreams>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class ServerChild {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly connection: MessageConnection;
  private readonly exited: Promise<void>;
  private errors = '';
  private isOver = false;
  /** Diagnostics are to be had by asking; else the server publishes them when it likes. */
  canPullDiagnostics = false;
  capabilities: ServerCapabilities = {};

  constructor(
    private readonly launch: ServerLaunch,
    events: ServerChildEvents,
  ) {
    this.child = spawn(launch.command, launch.args, {
      env: launch.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      ...(launch.root !== undefined && { cwd: launch.root }),
    });
    this.child.on('error', () => {}); // watchExit tells; before that, there may be no pipes to go on with
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-maxErrorChars);
    });
    this.child.stdin.on('error', () => {}); // a write to a dead process; its exit tells
    this.connection = createMessageConnection(
      new StreamMessageReader(this.child.stdout),
      new StreamMessageWriter(this.child.stdin),
    );
    running.add(this.child);
    this.connection.onError(() => {});
    this.answerServer(events);
    this.exited = this.watchExit(events.onExit);
    this.connection.listen();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Greets the server. Rejects when it is gone, refuses, or `signal` is aborted. */
  async initialize(signal: AbortSignal): Promise<void> {
    const { root, initializationOptions, settings } = this.launch;
    const rootUri = root === undefined ? null : pathToFileURL(root).href;
    const result = await this.request<InitializeResult>(
      'initialize',
      {
        processId: process.pid,
        clientInfo: { name: 'stet' },
        rootUri,
        workspaceFolders: rootUri === null ? null : [{ uri: rootUri, name: basename(root as string) }],
        capabilities: clientCapabilities,
        ...(initializationOptions !== undefined && { initializationOptions }),
      },
      signal,
    );
    this.capabilities = result.capabilities ?? {};
    if (this.capabilities.diagnosticProvider) this.canPullDiagnostics = true;
    this.notify('initialized', {});
    this.notify('workspace/didChangeConfiguration', { settings });
  }

  /** Rejects with the signal's reason when aborted (the server is told, a late answer is dropped). */
  async request<T>(method: string, params: unknown, signal: AbortSignal): Promise<T> {
    const cancellation = new CancellationTokenSource();
    const onAbort = () => cancellation.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      return await abortable(this.connection.sendRequest<T>(method, params, cancellation.token), signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  notify(method: string, params: unknown): void {
    if (this.isOver) return;
    this.connection.sendNotification(method, params).catch(() => {});
  }

  /** Tells the server of one more project folder. */
  addRoot(root: string): void {
    if (root === this.launch.root) return;
    const added = [{ uri: pathToFileURL(root).href, name: basename(root) }];
    this.notify('workspace/didChangeWorkspaceFolders', { event: { added, removed: [] } });
  }

  /** Undefined when it cannot be told. */
  async residentBytes(): Promise<number | undefined> {
    return this.pid === undefined || this.isOver ? undefined : residentBytes(this.pid);
  }

  /** Ends the process at once: it hangs, or has grown too large. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Asks the server to end, then makes it. Resolves when it is gone. */
  async stop(): Promise<void> {
    const kill = setTimeout(() => this.kill(), stopTimeoutMs);
    const patience = AbortSignal.timeout(stopTimeoutMs / 2);
    await this.request('shutdown', undefined, patience).catch(() => {});
    this.notify('exit', undefined);
    this.child.stdin.end();
    await this.exited;
    clearTimeout(kill);
  }

  /** What servers ask of a client that has no window and changes nothing. */
  private answerServer({ onNotification }: ServerChildEvents): void {
    const { root, settings } = this.launch;
    this.connection.onRequest('workspace/configuration', ({ items }: { items: { section?: string }[] }) =>
      items.map(({ section }) => sectionOf(settings, section)),
    );
    this.connection.onRequest('workspace/workspaceFolders', () =>
      root === undefined ? null : [{ uri: pathToFileURL(root).href, name: basename(root) }],
    );
    this.connection.onRequest('workspace/applyEdit', () => ({ applied: false }));
    this.connection.onRequest('client/registerCapability', ({ registrations }: RegistrationParams) => {
      // Pyright offers diagnostics on request only this way, and then checks nothing unasked.
      const isPull = registrations.some(({ method }) => method === 'textDocument/diagnostic');
      if (isPull) this.canPullDiagnostics = true;
      return null;
    });
    this.connection.onRequest(() => null); // progress, messages to show
    this.connection.onNotification(onNotification);
  }

  private watchExit(onExit: (how: string) => void): Promise<void> {
    return new Promise((resolve) => {
      const end = (how: string) => {
        if (this.isOver) return;
        this.isOver = true;
        running.delete(this.child);
        this.connection.dispose(); // rejects what is under way
        resolve();
        onExit(this.errors ? `${how}: ${this.errors.trim()}` : how);
      };
      // `close` comes after the last of stderr, but never while a grandchild holds the pipes open.
      this.child.on('close', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
      this.child.on('exit', (code, signal) => {
        setTimeout(() => end(signal ? `signal ${signal}` : `exit code ${code}`), 200).unref();
      });
      this.child.on('error', (error) => {
        if (this.child.pid === undefined) end(error.message); // it never started
      });
    });
  }
}

/** `settings` as a server asks for it: `python.analysis` is a path, no section is everything. */
function sectionOf(settings: Readonly<Record<string, unknown>>, section: string | undefined): unknown {
  if (section === undefined || section === '') return settings;
  let value: unknown = settings;
  for (const name of section.split('.')) {
    if (typeof value !== 'object' || value === null) return null;
    value = (value as Record<string, unknown>)[name];
  }
  return value ?? null;
}

/** Plain texts, UTF-16 positions and no snippets: names are what is wanted. */
const clientCapabilities = {
  general: { positionEncodings: ['utf-16'] },
  workspace: { configuration: true, workspaceFolders: true, didChangeConfiguration: {} },
  textDocument: {
    synchronization: { didSave: false },
    completion: {
      contextSupport: true,
      completionItem: { snippetSupport: false, insertReplaceSupport: false, deprecatedSupport: true },
      completionList: { itemDefaults: ['editRange', 'data', 'insertTextFormat'] },
    },
    signatureHelp: { signatureInformation: { parameterInformation: { labelOffsetSupport: true } } },
    publishDiagnostics: { versionSupport: true, relatedInformation: false },
    diagnostic: { dynamicRegistration: true },
  },
};
