/** The page of the statistics: its button asks the extension. */

const vscode = acquireVsCodeApi();

for (const button of document.querySelectorAll('button[data-action]')) {
  button.addEventListener('click', () => vscode.postMessage({ action: button.dataset.action }));
}
