/** The benchmark report's page: its buttons ask the extension, which answers in words. */

const vscode = acquireVsCodeApi();
const said = document.getElementById('said');
const previous = document.getElementById('previous');

for (const button of document.querySelectorAll('button[data-action]')) {
  button.addEventListener('click', () => vscode.postMessage({ action: button.dataset.action }));
}

window.addEventListener('message', ({ data }) => {
  if (typeof data?.said === 'string') said.textContent = data.said;
  if (Array.isArray(data?.comparison)) {
    const heading = document.createElement('h2');
    heading.textContent = 'Against the previous run';
    const sentences = data.comparison.map((text) => {
      const paragraph = document.createElement('p');
      paragraph.textContent = text;
      return paragraph;
    });
    previous.replaceChildren(heading, ...sentences);
    previous.hidden = false;
    previous.scrollIntoView({ block: 'nearest' });
  }
});
