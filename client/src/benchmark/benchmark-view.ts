/** BenchmarkView: the report in a webview, and what its buttons do. */

import { type ExtensionContext, env, Uri, ViewColumn, type WebviewPanel, window, workspace } from 'vscode';
import { pageRoots, webviewPage } from '../webview-page.ts';
import type { BenchmarkReport } from './report.ts';
import { reportHtml } from './report-html.ts';
import { compareReports, reportMarkdown } from './report-markdown.ts';

const folder = 'benchmark-view';

export class BenchmarkView {
  private panel: WebviewPanel | undefined;

  constructor(private readonly context: ExtensionContext) {}

  /** Shows `report` in the one panel; `previous` is what it may be compared with. */
  show(report: BenchmarkReport, previous: BenchmarkReport | undefined): void {
    const { extensionUri } = this.context;
    const title = 'Stet: Benchmark';
    this.panel?.dispose();
    const panel = window.createWebviewPanel('stet.benchmark', title, ViewColumn.Active, {
      enableScripts: true,
      retainContextWhenHidden: true, // a comparison that was asked for stays
      ...pageRoots(extensionUri, folder),
    });
    this.panel = panel;
    panel.iconPath = Uri.joinPath(extensionUri, 'media', 'icon.svg');
    panel.onDidDispose(() => {
      if (this.panel === panel) this.panel = undefined;
    });
    panel.webview.onDidReceiveMessage(async ({ action }: { action?: unknown }) => {
      if (action === 'copy') {
        await env.clipboard.writeText(reportMarkdown(report));
        await panel.webview.postMessage({ said: 'Copied.' });
      } else if (action === 'save') {
        const file = await save(report);
        if (file) await panel.webview.postMessage({ said: `Saved as ${file}.` });
      } else if (action === 'compare' && previous) {
        await panel.webview.postMessage({ comparison: compareReports(report, previous) });
      }
    });
    const body = reportHtml(report, previous !== undefined);
    panel.webview.html = webviewPage(panel.webview, extensionUri, { folder, title, body });
  }
}

/** Asks where to, and gives back the file's name. */
async function save(report: BenchmarkReport): Promise<string | undefined> {
  const name = `stet-benchmark-${report.date.replace(/[^0-9]+/g, '-')}.json`;
  const start = workspace.workspaceFolders?.[0]?.uri;
  const file = await window.showSaveDialog({
    filters: { JSON: ['json'] },
    ...(start && { defaultUri: Uri.joinPath(start, name) }),
  });
  if (!file) return undefined;
  await workspace.fs.writeFile(file, new TextEncoder().encode(`${JSON.stringify(report, undefined, 1)}\n`));
  return file.path.split('/').at(-1);
}
