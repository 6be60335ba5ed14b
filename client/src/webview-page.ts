/** webviewPage: the HTML frame of every page of ours: nothing from outside, scripts by nonce only. */

import { randomBytes } from 'node:crypto';
import { Uri, type Webview } from 'vscode';
import { escapeHtml } from './escape-html.ts';

export interface PageParts {
  /** Folder below media/ with `view.css` and `view.js`. */
  readonly folder: string;
  readonly title: string;
  /** HTML; whoever makes it escapes. */
  readonly body: string;
}

export function webviewPage(webview: Webview, extensionUri: Uri, { folder, title, body }: PageParts): string {
  const nonce = randomBytes(16).toString('hex');
  const file = (name: string) => webview.asWebviewUri(Uri.joinPath(extensionUri, 'media', folder, name));
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="${file('view.css')}">
</head>
<body>
${body}
<script nonce="${nonce}" src="${file('view.js')}"></script>
</body>
</html>`;
}

/** Where a webview of ours may read from. */
export function pageRoots(extensionUri: Uri, folder: string): { localResourceRoots: Uri[] } {
  return { localResourceRoots: [Uri.joinPath(extensionUri, 'media', folder)] };
}
