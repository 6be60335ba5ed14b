/** attachSearch: everything of search in the editor: commands, the view, the tools, and what tests look at. */

import { commands, type ExtensionContext, window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { IndexStatusParams, SearchResponse, SearchResult } from '../../../protocol/messages.ts';
import { codeAtCursor } from './code-at-cursor.ts';
import { openResult, peekResult } from './open-result.ts';
import { openCommand, type ResultNode, ResultTree, type TreeNode, viewId } from './result-tree.ts';
import { SearchClient, type SearchSubject } from './search-client.ts';
import { answerSearchDatabase, setSearchDatabase } from './search-database.ts';
import { SearchHistory } from './search-history.ts';
import { type PickView, SearchPick } from './search-pick.ts';
import { registerSearchTools } from './search-tools.ts';

/** A selection longer than this is code to find the like of, not words to look for. */
const maxSelectionChars = 200;

/** Search for other extensions, and for the editor tests. */
export interface SearchApi {
  /** The same results as the view's. */
  search(query: string, limit?: number): Promise<SearchResponse | undefined>;
  indexStatus(): IndexStatusParams | undefined;
  /** What the view shows, in its order, and what stands above it. */
  shown(): { readonly results: readonly SearchResult[]; readonly message: string };
  /** The quick pick on screen. */
  pick(): PickView | undefined;
}

export function attachSearch(
  context: ExtensionContext,
  server: LanguageClient,
  onStatus: (status: IndexStatusParams) => void,
): SearchApi {
  const client = new SearchClient(server);
  const search = new Search(client, new SearchHistory(context.workspaceState));
  answerSearchDatabase(context, server);
  const handlers: Record<string, (node?: TreeNode) => unknown> = {
    // The view's button gives an argument of its own.
    'stet.searchCode': (query: unknown) => search.openPick(typeof query === 'string' ? query : ''),
    'stet.searchSelection': () => search.searchSelection(),
    'stet.findSimilar': () => search.findSimilar(),
    'stet.search.refine': () => search.refine(),
    'stet.search.clear': () => search.tree.clear(),
    [openCommand]: (node) => search.withResult(node, (result) => openResult(result)),
    'stet.search.openToSide': (node) => search.openToSide(node),
    'stet.search.peek': (node) => search.withResult(node, peekResult),
    'stet.setSearchDatabase': () => setSearchDatabase(context),
    'stet.index.rebuild': () => search.act('rebuild'),
    'stet.index.pause': () => search.act('pause'),
    'stet.index.resume': () => search.act('resume'),
    'stet.index.clear': () => search.act('clear'),
  };
  context.subscriptions.push(
    search.tree,
    client.onDidChangeStatus(onStatus),
    ...registerSearchTools(client),
    ...Object.entries(handlers).map(([id, handler]) => commands.registerCommand(id, handler)),
  );
  return {
    search: (query, limit) => client.search({ query }, limit === undefined ? {} : { limit }),
    indexStatus: () => client.status,
    shown: () => ({ results: search.tree.results, message: search.tree.message }),
    pick: () => search.pick?.view,
  };
}

class Search {
  readonly tree: ResultTree;
  private current: SearchPick | undefined;

  constructor(
    private readonly client: SearchClient,
    private readonly history: SearchHistory,
  ) {
    this.tree = new ResultTree(client);
  }

  get pick(): SearchPick | undefined {
    return this.current?.isOpen ? this.current : undefined;
  }

  openPick(query = ''): void {
    this.current?.dispose();
    const onShowAll = (asked: string, response: SearchResponse) => {
      this.tree.show({ query: asked }, `“${asked}”`, response);
      void this.tree.focus();
    };
    const onOpened = (asked: string, response: SearchResponse) =>
      this.tree.show({ query: asked }, `“${asked}”`, response);
    this.current = new SearchPick({ client: this.client, history: this.history, onShowAll, onOpened }, query);
  }

  /** The query of the view, to be changed. */
  refine(): void {
    this.openPick(this.tree.subject?.query || this.history.entries[0]);
  }

  async searchSelection(): Promise<void> {
    const editor = window.activeTextEditor;
    if (!editor) return this.openPick();
    const { document, selection } = editor;
    const word = document.getWordRangeAtPosition(selection.active);
    const text = document.getText(selection.isEmpty ? word : selection).trim();
    if (selection.isEmpty && !word) return this.openPick();
    if (text.length > maxSelectionChars || text.includes('\n')) return this.findSimilar();
    this.openPick(text);
  }

  async findSimilar(): Promise<void> {
    const editor = window.activeTextEditor;
    const code = editor && (await codeAtCursor(editor));
    if (!code) {
      void window.showInformationMessage('Stet: put the cursor into some code first.');
      return;
    }
    await this.fill({ query: '', similarTo: code.similarTo }, `Similar to ${code.title}`);
  }

  openToSide(node: TreeNode | undefined): unknown {
    if (this.pick) return this.pick.accept('beside');
    return this.withResult(node, (result) => openResult(result, 'beside'));
  }

  /** Of the node that a menu names, else of the one that is selected; of a file, its first result. */
  withResult(node: TreeNode | undefined, act: (result: SearchResult) => unknown): unknown {
    const chosen = node ?? this.tree.selected;
    const leaf: ResultNode | undefined = chosen && ('results' in chosen ? chosen.results[0] : chosen);
    return leaf && act(leaf.result);
  }

  async act(action: 'rebuild' | 'pause' | 'resume' | 'clear'): Promise<void> {
    const problem = await this.client.act(action);
    if (problem) void window.showErrorMessage(`Stet: ${problem}`);
  }

  /** Puts results into the view, earlier ones as they come. */
  private fill(subject: SearchSubject, title: string): Thenable<void> {
    return window.withProgress({ location: { viewId } }, async () => {
      let isFocused = false;
      const show = (response: SearchResponse) => {
        this.tree.show(subject, title, response);
        if (!isFocused) void this.tree.focus();
        isFocused = true;
      };
      const onUpdate = ({ results }: { readonly results: readonly SearchResult[] }) =>
        show({ results, ms: 0 });
      const response = await this.client.search(subject, { onUpdate });
      if (response) show(response);
    });
  }
}
