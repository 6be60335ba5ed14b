/** attachStatistics: counts what is accepted in this editor, and “Stet: Show Statistics”. */

import {
  commands,
  type Disposable,
  type ExtensionContext,
  Uri,
  ViewColumn,
  type WebviewPanel,
  window,
  workspace,
} from 'vscode';
import { defaultSettings } from '../../../protocol/settings.ts';
import { pageRoots, webviewPage } from '../webview-page.ts';
import type { AcceptedSuggestions } from './accepted-suggestions.ts';
import { type Figures, Statistics } from './statistics.ts';
import { statisticsPage } from './statistics-html.ts';

/** In VS Code's own storage on this machine; not named for its synchronisation. */
const mementoKey = 'statistics';
const folder = 'statistics';
const title = 'Stet: Statistics';

export interface StatisticsApi extends Disposable {
  readonly figures: Figures;
}

export function attachStatistics(context: ExtensionContext, accepted: AcceptedSuggestions): StatisticsApi {
  const { globalState, extensionUri } = context;
  const isEnabled = () =>
    workspace.getConfiguration('stet').get('statistics.enable', defaultSettings()['statistics.enable']);
  const statistics = new Statistics({
    load: () => globalState.get<Figures>(mementoKey),
    save: (figures) => void globalState.update(mementoKey, figures),
    after: (seconds, act) => {
      const timer = setTimeout(act, seconds * 1000);
      return () => clearTimeout(timer);
    },
    isEnabled,
  });

  let panel: WebviewPanel | undefined;
  const draw = (shown: WebviewPanel) => {
    const body = statisticsPage(statistics.figures, isEnabled());
    shown.webview.html = webviewPage(shown.webview, extensionUri, { folder, title, body });
  };
  const show = () => {
    panel?.dispose();
    const opened = window.createWebviewPanel('stet.statistics', title, ViewColumn.Active, {
      enableScripts: true,
      ...pageRoots(extensionUri, folder),
    });
    panel = opened;
    opened.iconPath = Uri.joinPath(extensionUri, 'media', 'icon.svg');
    opened.onDidDispose(() => {
      if (panel === opened) panel = undefined;
    });
    opened.webview.onDidReceiveMessage(({ action }: { action?: unknown }) => {
      if (action !== 'reset') return;
      statistics.reset();
      draw(opened);
    });
    draw(opened);
  };

  const parts: Disposable[] = [
    commands.registerCommand('stet.showStatistics', show),
    accepted.onDidAccept(({ editor: { document }, range }) => {
      const [start, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
      statistics.accepted(document.uri.toString(), document.languageId, start, end);
    }),
    workspace.onDidChangeTextDocument(({ document, contentChanges }) =>
      statistics.edited(document.uri.toString(), contentChanges),
    ),
    workspace.onDidCloseTextDocument(({ uri }) => statistics.closed(uri.toString())),
  ];
  return {
    get figures() {
      return statistics.figures;
    },
    dispose() {
      statistics.dispose();
      for (const part of parts) part.dispose();
      panel?.dispose();
    },
  };
}
