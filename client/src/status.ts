/** Status: the status bar item, from what the server says, what is toggled, and the active editor. */

import {
  type Disposable,
  MarkdownString,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  window,
  workspace,
} from 'vscode';
import type { IndexStatusParams, OracleParams, StatusParams, TraceParams } from '../../protocol/messages.ts';
import type { OffReason } from './overrides.ts';
import { statusView } from './status-view.ts';
import type { Toggles } from './toggles.ts';

export class Status implements Disposable {
  private readonly item: StatusBarItem;
  private readonly subscriptions: Disposable[];
  private server: StatusParams = { state: 'loading', detail: 'Starting…' };
  private trace: TraceParams | undefined;
  private readonly oracles = new Map<string, OracleParams>(); // by language
  private index: IndexStatusParams | undefined;
  private resolveReady!: (status: StatusParams) => void;
  /** The first status that is not `loading`. */
  readonly ready = new Promise<StatusParams>((resolve) => {
    this.resolveReady = resolve;
  });

  constructor(
    private readonly toggles: Toggles,
    command: string,
  ) {
    this.item = window.createStatusBarItem('stet.status', StatusBarAlignment.Right, 100);
    this.item.name = 'Stet';
    this.item.command = command;
    this.subscriptions = [
      this.item,
      window.onDidChangeActiveTextEditor(() => this.draw()),
      workspace.onDidOpenTextDocument(() => this.draw()), // so VS Code tells of another language of a document
      toggles.onDidChange(() => this.draw()),
    ];
    this.draw();
    this.item.show();
  }

  get current(): StatusParams {
    return this.server;
  }

  get lastTrace(): TraceParams | undefined {
    return this.trace;
  }

  /** Why the active editor, or none, gets no suggestions while typing. */
  get off(): OffReason | undefined {
    return this.toggles.offReason(window.activeTextEditor?.document.languageId);
  }

  setServer(status: StatusParams): void {
    this.server = status;
    if (status.state !== 'loading') this.resolveReady(status);
    this.draw();
  }

  setTrace(trace: TraceParams): void {
    this.trace = trace;
    this.draw();
  }

  setOracle(oracle: OracleParams): void {
    for (const languageId of oracle.languageIds) this.oracles.set(languageId, oracle);
    this.draw();
  }

  /** Static analysis of the active editor's language, as far as it is known. */
  get oracle(): OracleParams | undefined {
    return this.oracles.get(window.activeTextEditor?.document.languageId ?? '');
  }

  setIndex(index: IndexStatusParams): void {
    this.index = index;
    this.draw();
  }

  get currentIndex(): IndexStatusParams | undefined {
    return this.index;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private draw(): void {
    const view = statusView({
      server: this.server,
      off: this.off,
      languageId: window.activeTextEditor?.document.languageId,
      snoozedUntil: this.toggles.snoozedUntil?.toLocaleTimeString([], { timeStyle: 'short' }),
      trace: this.trace,
      oracle: this.oracle,
      index: this.index,
    });
    this.item.text = view.text;
    this.item.tooltip = new MarkdownString(view.hover);
    this.item.backgroundColor = view.isError ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    this.item.accessibilityInformation = { label: view.label };
  }
}

export const serverStopped: StatusParams = {
  state: 'error',
  detail: 'The language server stopped. Run “Stet: Restart Server”; “Stet: Show Log” says why.',
};
