/** ResultTree: the view of results, grouped by file. */

import {
  commands,
  type Disposable,
  EventEmitter,
  MarkdownString,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  Uri,
  window,
} from 'vscode';
import type { SearchResponse, SearchResult } from '../../../protocol/messages.ts';
import {
  countLine,
  firstLineOf,
  folderOf,
  groupByFile,
  iconOf,
  indexLine,
  nameOfFile,
  titleOf,
} from './result-lines.ts';
import type { SearchClient, SearchSubject } from './search-client.ts';

export const viewId = 'stet.searchResults';

/** Opens a result; its argument is the tree's node. */
export const openCommand = 'stet.search.open';

/** The context key of the commands that need results. */
const hasResultsKey = 'stet.hasSearchResults';

export interface FileNode {
  readonly uri: string;
  readonly results: readonly ResultNode[];
}

export interface ResultNode {
  readonly result: SearchResult;
  readonly file: FileNode;
}

export type TreeNode = FileNode | ResultNode;

export class ResultTree implements TreeDataProvider<TreeNode>, Disposable {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: TreeView<TreeNode>;
  private readonly subscription: Disposable;
  private files: FileNode[] = [];
  private what: SearchSubject | undefined;
  private title = '';
  private response: SearchResponse | undefined;

  constructor(private readonly client: SearchClient) {
    this.view = window.createTreeView(viewId, { treeDataProvider: this, showCollapseAll: true });
    this.subscription = client.onDidChangeStatus(() => this.drawMessage());
  }

  get subject(): SearchSubject | undefined {
    return this.what;
  }

  /** In the order of the view. */
  get results(): readonly SearchResult[] {
    return this.files.flatMap(({ results }) => results.map(({ result }) => result));
  }

  /** What stands above the results. */
  get message(): string {
    return this.view.message ?? '';
  }

  get selected(): TreeNode | undefined {
    return this.view.selection[0];
  }

  /** Replaces what is shown; `title` says what was asked. */
  show(subject: SearchSubject, title: string, response: SearchResponse): void {
    this.what = subject;
    this.title = title;
    this.response = response;
    this.files = [...groupByFile(response.results)].map(([uri, results]) => fileNode(uri, results));
    void commands.executeCommand('setContext', hasResultsKey, true);
    this.drawMessage();
    this.changed.fire();
  }

  clear(): void {
    this.what = undefined;
    this.response = undefined;
    this.files = [];
    void commands.executeCommand('setContext', hasResultsKey, false);
    this.drawMessage();
    this.changed.fire();
  }

  /** Brings the view to the front, with the keyboard on the first result. */
  async focus(): Promise<void> {
    await commands.executeCommand(`${viewId}.focus`);
    const first = this.files[0]?.results[0];
    if (first) await this.view.reveal(first, { focus: true, select: true });
  }

  getChildren(node?: TreeNode): TreeNode[] {
    if (!node) return this.files;
    return 'results' in node ? [...node.results] : [];
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return 'file' in node ? node.file : undefined;
  }

  getTreeItem(node: TreeNode): TreeItem {
    return 'results' in node ? fileItem(node) : resultItem(node);
  }

  dispose(): void {
    this.subscription.dispose();
    this.view.dispose();
    this.changed.dispose();
  }

  private drawMessage(): void {
    const { response } = this;
    const status = this.client.status;
    const lines = response
      ? [
          `${this.title}: ${response.results.length > 0 ? countLine(response.results) : 'no such code was found'}.`,
        ]
      : [];
    if (response?.note) lines.push(response.note);
    else if (status && status.state !== 'ready') lines.push(indexLine(status));
    // Without a message the view shows its welcome.
    this.view.message = lines.join(' ');
    this.view.description = status ? indexLine(status) : '';
  }
}

function fileNode(uri: string, results: readonly SearchResult[]): FileNode {
  const nodes: ResultNode[] = [];
  const file: FileNode = { uri, results: nodes };
  for (const result of results) nodes.push({ result, file });
  return file;
}

function fileItem({ uri, results }: FileNode): TreeItem {
  const path = results[0]?.result.path ?? uri;
  const item = new TreeItem(nameOfFile(path), TreeItemCollapsibleState.Expanded);
  item.id = uri;
  item.resourceUri = Uri.parse(uri);
  item.iconPath = ThemeIcon.File;
  item.description = folderOf(path);
  item.contextValue = 'file';
  item.tooltip = path;
  return item;
}

function resultItem(node: ResultNode): TreeItem {
  const { result } = node;
  const item = new TreeItem(titleOf(result));
  // Several pieces may stand on one line.
  item.id = `${result.uri}#${result.startLine}-${result.endLine}#${node.file.results.indexOf(node)}`;
  item.iconPath = new ThemeIcon(iconOf(result.kind));
  item.description = result.name
    ? `${result.startLine + 1} · ${firstLineOf(result)}`
    : `${result.startLine + 1}`;
  item.contextValue = 'result';
  item.tooltip = new MarkdownString().appendCodeblock(result.text, result.languageId);
  item.command = { title: 'Open', command: openCommand, arguments: [node] };
  item.accessibilityInformation = {
    label: `${titleOf(result)}, ${result.kind}, line ${result.startLine + 1} of ${nameOfFile(result.path)}`,
  };
  return item;
}
