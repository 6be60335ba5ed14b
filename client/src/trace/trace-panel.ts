/** TracePanel: “Why This Suggestion?”, the last requests with their reasons, followed as they come. */

import { type Disposable, type ExtensionContext, Uri, ViewColumn, type WebviewPanel, window } from 'vscode';
import { pageRoots, webviewPage } from '../webview-page.ts';
import type { RequestLog } from './request-log.ts';
import { traceHtml, tracePage } from './trace-html.ts';

const folder = 'trace-panel';
/** Keys come fast; a page that changes with each of them cannot be read. */
const redrawMs = 250;

export class TracePanel implements Disposable {
  private panel: WebviewPanel | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly subscriptions: readonly Disposable[];

  constructor(
    private readonly context: ExtensionContext,
    private readonly log: RequestLog,
    /** Told whether the panel is open, whenever that may have changed or been forgotten. */
    private readonly tellWatched: (isWatched: boolean) => void,
  ) {
    const redrawSoon = () => {
      if (!this.panel || this.timer) return;
      this.timer = setTimeout(() => this.redraw(), redrawMs);
    };
    this.subscriptions = [log.onDidAdd(redrawSoon), log.onDidLearn(redrawSoon)];
  }

  show(): void {
    if (this.panel) {
      this.panel.reveal();
      return;
    }
    const { extensionUri } = this.context;
    const title = 'Stet: Why This Suggestion?';
    const panel = window.createWebviewPanel('stet.trace', title, ViewColumn.Beside, {
      enableScripts: true,
      ...pageRoots(extensionUri, folder),
    });
    panel.iconPath = Uri.joinPath(extensionUri, 'media', 'icon.svg');
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.tellWatched(false);
    });
    const draw = () => {
      const body = tracePage(this.log.all);
      panel.webview.html = webviewPage(panel.webview, extensionUri, { folder, title, body });
    };
    let wasVisible = true;
    // A page out of sight is forgotten, and hears of nothing: shown again, it would be as it was at first.
    panel.onDidChangeViewState(() => {
      if (panel.visible && !wasVisible) draw();
      wasVisible = panel.visible;
    });
    this.panel = panel;
    this.tellWatched(true);
    draw();
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
    this.panel?.dispose();
  }

  private redraw(): void {
    this.timer = undefined;
    this.tellWatched(this.panel !== undefined); // a server that was started again knows nothing of it
    void this.panel?.webview.postMessage({ html: traceHtml(this.log.all) });
  }
}
