/** handlers: the table from LSP methods to engine calls. */

import {
  type ClientCapabilities,
  type Connection,
  DidChangeConfigurationNotification,
  type ExecuteCommandParams,
  type InitializeParams,
  type InitializeResult,
  type InlineCompletionItem,
  type InlineCompletionParams,
  TextDocumentSyncKind,
} from 'vscode-languageserver/node';
import {
  acceptedCommand,
  compressRequest,
  type InitializationOptions,
  missingImportsRequest,
  notebookNotification,
  type WatchedParams,
  watchedNotification,
  workspaceTrustedNotification,
} from '../../../protocol/messages.ts';
import type { Settings } from '../../../protocol/settings.ts';
import type { DocumentChange, Engine } from '../engine/engine.ts';
import type { CodeSearch } from '../engine/search/code-search.ts';
import { compressWorkspace } from './compress-handler.ts';
import type { Documents } from './documents.ts';
import type { EnergySaver } from './energy-saver.ts';
import { isPosition, isRange, toCompletionRequest, triggerOf } from './from-lsp.ts';
import { guardNotification, guardRequest } from './guard.ts';
import { importsOf, type MissingImports } from './imports-handler.ts';
import { attachModelHandlers, type Models } from './model-handlers.ts';
import { RelatedContext } from './related-context.ts';
import type { Reporter } from './reporter.ts';
import { SearchHandlers } from './search-handlers.ts';
import { isSameEngine, parseSettings } from './settings.ts';
import { toInlineCompletionItem } from './to-lsp.ts';

export interface ServerParts {
  readonly connection: Connection;
  readonly documents: Documents;
  readonly reporter: Reporter;
  readonly engine: Engine;
  readonly search: CodeSearch;
  /** A file's text; undefined when it is gone, binary or too large. */
  readonly readText: (path: string) => Promise<string | undefined>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A folder as a person writes it in a setting; '' stays ''. */
  readonly absoluteFolder: (folder: string) => string;
  /** By the settings as they are. */
  readonly models: (settings: Settings) => Models;
  readonly energy: EnergySaver;
  /** Someone works: a moment to look what may have changed. */
  readonly used: () => void;
  readonly missingImports: MissingImports;
  /** Starts the engine, or replaces it by one with these settings. */
  readonly startEngine: (settings: Settings, options: InitializationOptions) => Promise<void>;
  /** Tells static analysis what it may do; cheap when nothing changed. */
  readonly configureOracles: (settings: Settings, isTrusted: boolean) => void;
}

/** Registers everything that the server answers to on its connection. */
export function attachHandlers(parts: ServerParts): void {
  const { connection, documents, reporter, engine, search } = parts;
  const searching = new SearchHandlers(parts);
  const related = new RelatedContext(parts);
  const configuration = new Configuration(parts, searching);

  let isWatched = false;

  const edit = (change: DocumentChange | undefined) => {
    if (change) engine.edit(change);
  };
  const notifications: Record<string, (params: never) => void | Promise<void>> = {
    initialized: () => configuration.start(),
    'workspace/didChangeConfiguration': (params: unknown) => configuration.changed(params),
    [workspaceTrustedNotification]: () => configuration.trusted(),
    [watchedNotification]: (params: unknown) => {
      isWatched = (params as Partial<WatchedParams> | undefined)?.isWatched === true;
    },
    'textDocument/didOpen': (params: unknown) => edit(documents.didOpen(params)),
    'textDocument/didChange': (params: unknown) => edit(documents.didChange(params)),
    'textDocument/didClose': (params: unknown) => {
      const change = documents.didClose(params);
      if (change) related.closed(change.uri);
      edit(change);
    },
    [notebookNotification]: (params: unknown) => edit(documents.cells(params)),
    ...searching.notifications,
  };
  const requests: Record<string, (params: never, signal: AbortSignal) => Promise<unknown>> = {
    'textDocument/inlineCompletion': (params: InlineCompletionParams, signal) =>
      inlineCompletion({ ...parts, isWatched }, related, configuration.settings, params, signal),
    [compressRequest]: (params: unknown, signal) => compressWorkspace(parts, params, signal),
    'workspace/executeCommand': async (params: ExecuteCommandParams) => {
      const id = params.arguments?.[0];
      if (params.command === acceptedCommand && Number.isInteger(id)) engine.accepted(id);
      return null;
    },
    [missingImportsRequest]: (params: unknown, signal) =>
      importsOf(parts, configuration.settings, params, signal),
    ...searching.requests,
  };

  connection.onInitialize((params) => configuration.initialize(params));
  connection.onShutdown(
    guardNotification('shutdown', reporter, async () => {
      related.dispose();
      await Promise.all([engine.dispose(), search.dispose()]);
    }),
  );
  for (const [method, handle] of Object.entries(notifications)) {
    connection.onNotification(method, guardNotification<unknown>(method, reporter, handle as never));
  }
  for (const [method, handle] of Object.entries(requests)) {
    connection.onRequest(method, guardRequest<unknown, unknown>(method, reporter, handle as never));
  }
  attachModelHandlers(connection, reporter, () => parts.models(configuration.settings));
}

async function inlineCompletion(
  { documents, engine, reporter, energy, used, isWatched }: ServerParts & { readonly isWatched: boolean },
  related: RelatedContext,
  settings: Settings,
  params: InlineCompletionParams,
  signal: AbortSignal,
): Promise<InlineCompletionItem[] | null> {
  const document = documents.get(params.textDocument.uri);
  if (!document || !isPosition(params.position)) return null;
  const selected = params.context?.selectedCompletionInfo;
  if (selected && !(isRange(selected.range) && typeof selected.text === 'string')) return null;
  used();
  const isOff =
    !settings.enable || energy.onlyWhenAsked || settings.disabledLanguages.includes(document.languageId);
  if (isOff && triggerOf(params) === 'automatic') return null;

  const asked = toCompletionRequest(params, document, settings);
  const request = { ...asked, settings: energy.saving(asked.settings), isWatched };
  if (settings['completion.relatedFiles']) related.at(document.uri, request.offset);
  const result = await engine.complete(request, signal);
  reporter.completed(document.uri, result);
  const isCurrent = documents.get(document.uri)?.version === request.version;
  if (!result.suggestion || !isCurrent) return null;
  const all = [result.suggestion, ...(result.alternatives ?? [])];
  return all.map((suggestion) => toInlineCompletionItem(suggestion, document));
}

/** The client's capabilities and settings, from `initialize` on. */
class Configuration {
  private current = parseSettings(undefined).settings;
  private options: InitializationOptions = {};
  private workspace: ClientCapabilities['workspace'];
  private isTrusted = false;

  constructor(
    private readonly parts: ServerParts,
    private readonly searching: SearchHandlers,
  ) {}

  get settings(): Settings {
    return this.current;
  }

  initialize(params: InitializeParams): InitializeResult {
    const options: unknown = params.initializationOptions;
    this.options = typeof options === 'object' && options !== null ? (options as InitializationOptions) : {};
    this.workspace = params.capabilities?.workspace;
    this.isTrusted = this.options.isWorkspaceTrusted === true;
    this.parts.reporter.hasStatusItem = this.options.hasStatusItem === true;
    this.searching.initialize(params, this.options);
    return {
      serverInfo: { name: 'stet' },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
        inlineCompletionProvider: true,
        executeCommandProvider: { commands: [acceptedCommand] },
      },
    };
  }

  /** After `initialized`: reads the settings and starts the engine. */
  async start(): Promise<void> {
    const { connection, startEngine } = this.parts;
    if (this.workspace?.didChangeConfiguration?.dynamicRegistration) {
      // Not awaited: a client that never answers must not keep the engine from starting.
      connection.client
        .register(DidChangeConfigurationNotification.type, {
          section: ['stet', 'files.exclude', 'search.exclude'],
        })
        .catch(() => {});
    }
    this.current = await this.read(this.options.settings);
    // Not awaited: neither of the two needs the other.
    void this.searching.start(this.current);
    this.configureOracles();
    await startEngine(this.current, this.options);
  }

  /** `workspace/didChangeConfiguration`: only another model or thread count needs another engine. */
  async changed(params: unknown): Promise<void> {
    const { settings } = (params ?? {}) as { settings?: unknown };
    const pushed = (settings as { stet?: unknown } | null | undefined)?.stet ?? settings;
    const told = await this.read(pushed);
    const old = this.current; // only now: VS Code tells of a change before it has answered what `start` asked
    this.current = told;
    void this.searching.configured(this.current);
    this.configureOracles();
    if (!isSameEngine(old, this.current)) await this.parts.startEngine(this.current, this.options);
  }

  /** The user came to trust the workspace. */
  trusted(): void {
    this.isTrusted = true;
    this.configureOracles();
  }

  private configureOracles(): void {
    this.parts.configureOracles(this.current, this.isTrusted);
  }

  /** Asks the client when it can be asked, else takes what it sent; where it knows of none (Neovim), what it began with. */
  private async read(pushed: unknown): Promise<Settings> {
    const { connection, reporter } = this.parts;
    const told: unknown = this.workspace?.configuration
      ? await connection.workspace.getConfiguration('stet').catch((error: unknown) => {
          reporter.log('warn', `The client did not tell its settings: ${error}`);
          return pushed;
        })
      : pushed;
    const { settings, problems } = parseSettings(told ?? this.options.settings);
    for (const problem of problems) reporter.log('warn', problem);
    return settings;
  }
}
