/** Opens VS Code's workbench in a headless Chromium and reads from it what a person would see. */

import { chromium } from 'playwright-core';
import { UserError } from '../../scripts/command.mjs';
import { findChromium } from '../../scripts/system-packages.mjs';

/**
 * No sandbox: Chromium's needs what containers and root do not have, and these pages come from this
 * machine only. The rest keeps it from calling its maker at every start.
 */
const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** A browser with one page that may speak to this machine only; `outside` records what it tried besides. */
export async function openBrowser() {
  const executablePath = findChromium();
  if (!executablePath) throw new UserError('No Chromium found; `node scripts/setup.mjs --editor` gets one.');
  const browser = await chromium.launch({ executablePath, args: chromiumArguments });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const outside = [];
  await context.route(
    (url) => /^https?:$/.test(url.protocol) && url.hostname !== '127.0.0.1',
    (route) => {
      outside.push(route.request().url());
      return route.abort();
    },
  );
  return { browser, page, outside };
}

/** Ghost text as drawn: what stands in the line, then the lines below it; '' when there is none. */
export function readGhostText(page) {
  return page.evaluate(() => {
    const textOf = (element) =>
      element.textContent.replace(/[\u00a0\u00b7]/g, ' ').replace(/[\u200b-\u200d\ufeff]/g, '');
    const top = (element) => Number.parseInt(element.style.top, 10) || 0;
    const editor = document.querySelector('.part.editor .monaco-editor');
    if (!editor) return '';
    const inLine = [...editor.querySelectorAll('.view-lines .ghost-text-decoration')].map(textOf);
    const below = [...editor.querySelectorAll('.suggest-preview-text .view-line')]
      .sort((a, b) => top(a) - top(b))
      .map(textOf);
    return [inLine.join(''), ...below].join('\n');
  });
}

/** Waits until the ghost text is there and has stood still for a moment, and gives it back. */
export async function waitForGhostText(page, { timeoutMs = 30_000, accepts = (text) => text !== '' } = {}) {
  const stillMs = 400;
  let last = '';
  let since = Date.now();
  for (const start = Date.now(); Date.now() - start < timeoutMs; ) {
    const text = await readGhostText(page);
    if (text !== last) {
      last = text;
      since = Date.now();
    } else if (accepts(text) && Date.now() - since >= stillMs) return text;
    await page.waitForTimeout(50);
  }
  throw new Error(`no ghost text within ${timeoutMs / 1000} s; last seen: ${JSON.stringify(last)}`);
}
