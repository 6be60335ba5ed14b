/** SearchHandlers: search on the wire: the index follows folders, files and settings; queries are answered. */

import {
  type ClientCapabilities,
  DidChangeWatchedFilesNotification,
  type InitializeParams,
  type WorkspaceFolder,
} from 'vscode-languageserver/node';
import {
  type IndexActionResult,
  type InitializationOptions,
  indexActionRequest,
  type SearchResponse,
  type SearchUpdateParams,
  searchDatabaseRequest,
  searchRequest,
  searchUpdateNotification,
} from '../../../protocol/messages.ts';
import type { Settings } from '../../../protocol/settings.ts';
import { EngineError } from '../engine/base/error.ts';
import type { IndexAction, SearchRoot, SearchSettings } from '../engine/search/code-search.ts';
import { filePathOf } from './file-path.ts';
import type { ServerParts } from './handlers.ts';
import { toSearchQuery } from './search-query.ts';
import { toSearchResult } from './search-results.ts';

const actions: readonly IndexAction[] = ['rebuild', 'pause', 'resume', 'clear'];

type Handler = (params: never, signal: AbortSignal) => Promise<unknown>;

export class SearchHandlers {
  private roots: SearchRoot[] = [];
  private settings: Settings | undefined;
  private workspace: ClientCapabilities['workspace'];
  private options: InitializationOptions = {};
  /** What the index was last opened with: opening it again begins its work anew. */
  private opened = '';
  private opening: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ServerParts) {}

  readonly requests: Record<string, Handler> = {
    [searchRequest]: (params: unknown, signal) => this.search(params, signal),
    [indexActionRequest]: (params: unknown) => this.act(params),
  };

  readonly notifications: Record<string, (params: never) => void> = {
    'workspace/didChangeWatchedFiles': (params: unknown) => this.filesChanged(changesOf(params)),
    'textDocument/didSave': (params: unknown) => this.filesChanged([documentOf(params)]),
  };

  initialize(params: InitializeParams, options: InitializationOptions): void {
    this.workspace = params.capabilities?.workspace;
    this.options = options;
    const folders = Array.isArray(params.workspaceFolders) ? params.workspaceFolders : [];
    const fallback = params.rootUri ? [{ uri: params.rootUri, name: '' }] : [];
    this.roots = rootsOf(folders.length > 0 ? folders : fallback);
  }

  /** After `initialized`: asks for changes of folders and files, and opens the index. */
  async start(settings: Settings): Promise<void> {
    const { connection } = this.parts;
    if (this.workspace?.workspaceFolders) {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        const gone = rootsOf(removed).map(({ path }) => path);
        const kept = this.roots.filter(({ path }) => !gone.includes(path));
        this.roots = [...kept, ...rootsOf(added)];
        void this.open();
      });
    }
    if (this.workspace?.didChangeWatchedFiles?.dynamicRegistration) {
      connection.client
        .register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: '**/*' }] })
        .catch(() => {}); // saved files are told by didSave all the same
    }
    await this.configured(settings);
  }

  /** The settings, or the editor's own lists of what to leave out, may have changed. */
  async configured(settings: Settings): Promise<void> {
    this.settings = settings;
    await this.open();
  }

  /** One after the other, so that the last settings win; a failure is reported, not thrown. */
  private open(): Promise<void> {
    this.opening = this.opening
      .then(() => this.openNow())
      .catch((error: unknown) => this.parts.reporter.failed('search', error));
    return this.opening;
  }

  private async openNow(): Promise<void> {
    const { settings } = this;
    if (!settings) return;
    const database = settings['search.backend'] === 'postgres' ? await this.database(settings) : undefined;
    const wanted: SearchSettings = {
      isEnabled: settings['search.enable'],
      exclude: [...(await this.editorExcludes()), ...settings['search.exclude']],
      maxFileSizeKb: settings['search.maxFileSizeKb'],
      maxFiles: settings['search.maxFiles'],
      indexFolder: this.parts.absoluteFolder(settings['search.indexFolder']),
      ...(database !== undefined && { database }),
    };
    const key = JSON.stringify([this.roots, wanted]);
    if (key === this.opened) return;
    this.opened = key;
    this.parts.search.open(this.roots, wanted);
  }

  /** The keys of `files.exclude` and `search.exclude` that are plainly true. */
  private async editorExcludes(): Promise<string[]> {
    if (!this.workspace?.configuration) return [];
    const sections = ['files.exclude', 'search.exclude'].map((section) => ({ section }));
    const lists: unknown = await this.parts.connection.workspace.getConfiguration(sections).catch(() => []);
    return (Array.isArray(lists) ? lists : []).flatMap((list) =>
      Object.entries(list ?? {}).flatMap(([glob, isExcluded]) => (isExcluded === true ? [glob] : [])),
    );
  }

  /** From the environment, else from the client's secret storage; '' where neither has one. */
  private async database(settings: Settings): Promise<string> {
    const variable = settings['search.postgres.connectionVariable'];
    const fromEnvironment = variable && this.parts.environment[variable];
    if (fromEnvironment) return fromEnvironment;
    if (!this.options.hasSearchDatabase) return '';
    const answer: unknown = await this.parts.connection.sendRequest(searchDatabaseRequest).catch(() => '');
    return typeof answer === 'string' ? answer : '';
  }

  private filesChanged(uris: readonly unknown[]): void {
    const paths = uris.flatMap((uri) => filePathOf(uri) ?? []);
    if (paths.length > 0) this.parts.search.filesChanged(paths);
  }

  private async search(params: unknown, signal: AbortSignal): Promise<SearchResponse> {
    const { connection, documents, search } = this.parts;
    const query = toSearchQuery(
      params,
      documents.uris().flatMap((uri) => filePathOf(uri) ?? []),
    );
    if (typeof query === 'string') return { results: [], note: query, ms: 0 };
    const { searchId, ...code } = query;
    try {
      const answer = await search.search(code, signal, ({ stage, hits }) => {
        if (signal.aborted) return;
        const update: SearchUpdateParams = { searchId, stage, results: hits.map(toSearchResult) };
        void connection.sendNotification(searchUpdateNotification, update);
      });
      const { hits, note, ms } = answer;
      return { results: hits.map(toSearchResult), ...(note !== undefined && { note }), ms };
    } catch (error) {
      // Told where it was asked, not in the status item, which is about completion.
      if (error instanceof EngineError) return { results: [], note: error.message, ms: 0 };
      throw error;
    }
  }

  private async act(params: unknown): Promise<IndexActionResult> {
    const action = (params as { action?: unknown } | null | undefined)?.action;
    const known = actions.find((name) => name === action);
    if (!known) return { error: `There is no such action; there are ${actions.join(', ')}.` };
    try {
      this.parts.energy.indexCommanded(known);
      await this.parts.search.act(known);
      return {};
    } catch (error) {
      if (error instanceof EngineError) return { error: error.message };
      throw error;
    }
  }
}

/** Folders of this machine, each once, with a name for people. */
function rootsOf(folders: readonly Partial<WorkspaceFolder>[]): SearchRoot[] {
  const roots = folders.flatMap((folder) => {
    const path = filePathOf(folder?.uri);
    if (path === undefined) return [];
    const name = typeof folder.name === 'string' && folder.name ? folder.name : path.split('/').at(-1);
    return [{ path, name: name || path }];
  });
  return [...new Map(roots.map((root) => [root.path, root])).values()];
}

function changesOf(params: unknown): unknown[] {
  const changes = (params as { changes?: unknown } | null | undefined)?.changes;
  return Array.isArray(changes) ? changes.map((change) => change?.uri) : [];
}

function documentOf(params: unknown): unknown {
  return (params as { textDocument?: { uri?: unknown } } | null | undefined)?.textDocument?.uri;
}
