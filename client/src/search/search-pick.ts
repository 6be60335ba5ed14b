/** SearchPick: “Stet: Search Code”: results stream into a quick pick while one types, the chosen one is previewed. */

import {
  CancellationTokenSource,
  commands,
  type Disposable,
  type QuickPick,
  type QuickPickItem,
  QuickPickItemKind,
  ThemeIcon,
  window,
} from 'vscode';
import type { SearchResponse, SearchResult } from '../../../protocol/messages.ts';
import { openResult, ResultPreview } from './open-result.ts';
import { firstLineOf, iconOf, indexLine, placeOf, titleOf, withoutIcons } from './result-lines.ts';
import type { SearchClient } from './search-client.ts';
import type { SearchHistory } from './search-history.ts';

/** The context key of the pick's own keys. */
const visibleKey = 'stet.searchPickVisible';

/** After the last key; the words' results come in less than a person's next key takes. */
const debounceMs = 80;

/** A file is opened to be looked at only when the choice rests on it for this time. */
const previewMs = 150;

interface PickItem extends QuickPickItem {
  readonly result?: SearchResult;
  /** What choosing it writes into the input. */
  readonly query?: string;
}

export interface SearchPickParts {
  readonly client: SearchClient;
  readonly history: SearchHistory;
  /** All results are wanted in the view. */
  readonly onShowAll: (query: string, response: SearchResponse) => void;
  /** One of them was opened. */
  readonly onOpened: (query: string, response: SearchResponse) => void;
}

/** What a pick shows, for tests. */
export interface PickView {
  readonly labels: readonly string[];
  readonly nResults: number;
  readonly isBusy: boolean;
  readonly stages: readonly string[];
}

const besideButton = {
  iconPath: new ThemeIcon('split-horizontal'),
  tooltip: 'Open to the side (Ctrl+\\)',
};
const showAllButton = { iconPath: new ThemeIcon('list-tree'), tooltip: 'Show all in the side bar' };
const clearHistoryButton = { iconPath: new ThemeIcon('clear-all'), tooltip: 'Forget these queries' };

export class SearchPick implements Disposable {
  private readonly pick: QuickPick<PickItem>;
  private readonly subscriptions: Disposable[];
  private readonly preview = new ResultPreview();
  private running = new CancellationTokenSource();
  private response: SearchResponse = { results: [], ms: 0 };
  private stages: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private previewTimer: NodeJS.Timeout | undefined;
  private isAccepted = false;
  private isOver = false;

  constructor(
    private readonly parts: SearchPickParts,
    initialQuery = '',
  ) {
    const pick = window.createQuickPick<PickItem>();
    this.pick = pick;
    pick.title = 'Search Code';
    pick.placeholder = 'What the code does, or names in it (lang: path: kind: changed: "exact" /regex/)';
    pick.buttons = [showAllButton];
    pick.keepScrollPosition = true;
    // Results come ranked. The property is not in the stable API, but every version has it.
    (pick as { sortByLabel?: boolean }).sortByLabel = false;
    this.subscriptions = [
      pick,
      pick.onDidChangeValue(() => this.queryChanged()),
      pick.onDidChangeActive(([item]) => this.activeChanged(item)),
      pick.onDidAccept(() => this.accept('here')),
      pick.onDidHide(() => this.dispose()),
      pick.onDidTriggerButton(() => this.showAll()),
      pick.onDidTriggerItemButton(({ item }) => this.itemButton(item)),
      parts.client.onDidChangeStatus(() => this.draw()),
    ];
    pick.value = initialQuery;
    void commands.executeCommand('setContext', visibleKey, true);
    pick.show();
    this.queryChanged();
  }

  get isOpen(): boolean {
    return !this.isOver;
  }

  get view(): PickView {
    return {
      labels: this.pick.items.map(({ label }) => label),
      nResults: this.response.results.length,
      isBusy: this.pick.busy,
      stages: this.stages,
    };
  }

  /** Enter opens here, Ctrl+\ to the side; a query of the history goes into the input. */
  accept(how: 'here' | 'beside'): void {
    const item = this.pick.activeItems[0];
    if (item?.query !== undefined) {
      this.pick.value = item.query;
      this.queryChanged();
    }
    if (!item?.result) return;
    this.isAccepted = true;
    clearTimeout(this.previewTimer);
    this.parts.history.add(this.pick.value);
    this.parts.onOpened(this.pick.value.trim(), this.response);
    this.pick.hide();
    const { result } = item;
    void this.preview.finish().then(() => openResult(result, how));
  }

  dispose(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    clearTimeout(this.previewTimer);
    this.running.cancel();
    void commands.executeCommand('setContext', visibleKey, false);
    for (const subscription of this.subscriptions) subscription.dispose();
    if (!this.isAccepted) void this.preview.takeBack();
  }

  private queryChanged(): void {
    this.running.cancel();
    clearTimeout(this.timer);
    const query = this.pick.value.trim();
    if (query === '') {
      this.response = { results: [], ms: 0 };
      this.pick.busy = false;
      this.draw();
      return;
    }
    this.pick.busy = true;
    this.timer = setTimeout(() => void this.search(query), debounceMs);
  }

  private async search(query: string): Promise<void> {
    const running = new CancellationTokenSource();
    this.running = running;
    this.stages = [];
    const show = (response: SearchResponse) => {
      if (this.isOver || running.token.isCancellationRequested) return;
      this.response = response;
      this.draw();
    };
    const response = await this.parts.client.search(
      { query },
      {
        token: running.token,
        onUpdate: ({ stage, results }) => {
          this.stages.push(stage);
          show({ results, ms: 0 });
        },
      },
    );
    if (!response || running !== this.running) return;
    this.stages.push('final');
    this.pick.busy = false;
    show(response);
  }

  /** Items are replaced as a whole; the one that was chosen stays so if it is still there. */
  private draw(): void {
    if (this.isOver) return;
    const { pick, response } = this;
    const chosen = pick.activeItems[0]?.result;
    const items = pick.value.trim() === '' ? this.emptyItems() : this.resultItems(response);
    pick.items = items;
    const status = this.parts.client.status;
    pick.title = status && status.state !== 'ready' ? `Search Code · ${indexLine(status)}` : 'Search Code';
    const same = chosen && items.find(({ result }) => result && placeOf(result) === placeOf(chosen));
    const wasMoved = chosen && response.results[0] && placeOf(chosen) !== placeOf(response.results[0]);
    if (same && wasMoved) pick.activeItems = [same];
  }

  private resultItems({ results, note }: SearchResponse): PickItem[] {
    const items: PickItem[] = results.map((result) => ({
      label: `$(${iconOf(result.kind)}) ${withoutIcons(titleOf(result))}`,
      description: placeOf(result),
      detail: withoutIcons(firstLineOf(result)),
      alwaysShow: true, // the server has filtered already
      buttons: [besideButton],
      result,
    }));
    if (note) items.push({ label: `$(info) ${note}`, alwaysShow: true });
    else if (items.length === 0 && !this.pick.busy)
      items.push({ label: '$(info) No such code was found.', alwaysShow: true });
    return items;
  }

  private emptyItems(): PickItem[] {
    const help = (query: string, description: string): PickItem => ({
      label: `$(filter) ${query}`,
      description,
      alwaysShow: true,
      query: `${query} `,
    });
    const queries = this.parts.history.entries.map((query) => ({
      label: `$(history) ${withoutIcons(query)}`,
      alwaysShow: true,
      buttons: [clearHistoryButton],
      query,
    }));
    const separator = (label: string) => ({ label, kind: QuickPickItemKind.Separator });
    return [
      ...(queries.length > 0 ? [separator('searched before'), ...queries] : []),
      separator('narrow it down'),
      help('lang:python', 'only this language'),
      help('path:src', 'only files below this folder, or that match a glob'),
      help('kind:function', 'function, method, class, interface, type, enum'),
      help('changed:7d', 'only files that changed in the last days'),
      help('"exact words"', 'only code that holds exactly this'),
      help('/regular expression/', 'only code that matches'),
    ];
  }

  private activeChanged(item: PickItem | undefined): void {
    clearTimeout(this.previewTimer);
    const result = item?.result;
    if (result) this.previewTimer = setTimeout(() => this.preview.show(result), previewMs);
  }

  private itemButton(item: PickItem): void {
    if (item.result) {
      this.pick.activeItems = [item];
      this.accept('beside');
    } else {
      this.parts.history.clear();
      this.draw();
    }
  }

  private showAll(): void {
    const query = this.pick.value.trim();
    if (query === '') return;
    this.parts.history.add(query);
    this.parts.onShowAll(query, this.response);
    this.pick.hide();
  }
}
