/** What a person sees of search: types a query, results stream in, one is looked at and opened; similar code. */

// Real keys in Chromium. What is found is asserted by what the files of the test workspace hold, not by
// an order that a better ranking may change.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { startCodeServer } from '../../../scripts/code-server.mjs';
import { codeServerPlan } from '../../../scripts/code-server-install.mjs';
import { root } from '../../../scripts/setup.mjs';
import { testSettings } from '../settings.mjs';
import { openBrowser } from '../workbench.mjs';

const pictures = path.join(root, 'out', 'editor');
const readmePictures = path.join(root, 'docs', 'images');
const testTimeoutMs = 150_000;
/** A workbench, an extension host and a model to convert, on a machine that is busy with other things. */
const coldStartMs = 150_000;

const pick = '.quick-input-widget:visible';
const pickRow = `${pick} .quick-input-list .monaco-list-row`;
const tree = '.pane-body:has(.tree-explorer-viewlet-tree-view)';
const treeRow = `${tree} .monaco-list-row`;

describe('search in the workbench', { timeout: 600_000 }, () => {
  const home = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'stet-ui-'));
  const workspace = path.join(home, 'library');
  // Also when a signal ends the tests.
  process.once('exit', () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  let server;
  let browser;
  let page;
  let outside;

  before(
    async () => {
      mkdirSync(pictures, { recursive: true });
      cpSync(path.join(root, 'test', 'fixtures', 'workspace'), workspace, { recursive: true });
      const settings = { ...testSettings, 'workbench.editor.enablePreview': true };
      server = await startCodeServer({ plan: codeServerPlan(root), home, settings, isTest: true });
      ({ browser, page, outside } = await openBrowser());
      page.setDefaultTimeout(60_000);
      const payload = [
        ['extensionDevelopmentPath', server.remote(root)],
        ['openFile', server.remote(path.join(workspace, 'src/fines.ts'))],
      ];
      await page.goto(server.address({ folder: workspace, payload }));
      await page
        .waitForSelector('.statusbar-item:has-text("Stet"):has(.codicon-ellipsis)', { timeout: coldStartMs })
        .catch(failed);
      await page.click('.part.editor .monaco-editor .view-line >> nth=0');
      await indexed();
    },
    { timeout: 2 * coldStartMs },
  );

  afterEach(async (context) => {
    const name = context.name.replace(/\W+/g, '-').slice(0, 30);
    if (context.error) await page?.screenshot({ path: path.join(pictures, `search-failed-${name}.png`) });
    await page.keyboard.press('Escape');
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('finds code while one types, shows it, and Esc puts back what was there', {
    timeout: testTimeoutMs,
  }, async () => {
    await openPick('how many days is a book late');
    await page.waitForSelector(`${pickRow}[aria-label*="daysLate"]`);
    // The chosen result is on screen and highlighted, and the keyboard is still in the input.
    await page.waitForSelector('.part.editor .monaco-editor .rangeHighlight, .part.editor .cdr');
    await chooseRow('daysLate');
    await page.waitForSelector('.tab.active[aria-label*="loans.ts"]');
    await takePicture('search');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.tab.active[aria-label*="fines.ts"]');
    await page.waitForSelector('.tab[aria-label*="loans.ts"]', { state: 'detached' });
  });

  it('opens a result with Enter, and remembers the query', { timeout: testTimeoutMs }, async () => {
    await openPick('parse shelf mark');
    await chooseRow('parseShelfMark');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.quick-input-widget', { state: 'hidden' });
    await page.waitForSelector('.tab.active[aria-label*="shelf-mark.ts"]');
    await openPick('');
    await page.waitForSelector(`${pickRow}[aria-label*="parse shelf mark"]`);
    await page.waitForSelector(`${pickRow}[aria-label*="lang:python"]`);
  });

  it('opens a result to the side with Ctrl+\\', { timeout: testTimeoutMs }, async () => {
    await openPick('fine in cents');
    await chooseRow('fineInCents');
    await page.keyboard.press('Control+\\');
    await page.waitForSelector('.quick-input-widget', { state: 'hidden' });
    await page.waitForFunction(() => document.querySelectorAll('.editor-group-container').length === 2);
    await runCommand('View: Close All Editors');
  });

  it('finds similar code of the function at the cursor, and lists it by file', {
    timeout: testTimeoutMs,
  }, async () => {
    await openPick('loan days late');
    await chooseRow('daysLate');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.tab.active[aria-label*="loans.ts"]');
    await runCommand('Stet: Find Similar Code');
    await page.waitForSelector(`${treeRow}[aria-label*="days_late"], ${treeRow}[aria-label*="Loan"]`);
    await page.waitForSelector(`${treeRow}[aria-label*="report.py"]`);
    assert.ok((await page.locator(treeRow).count()) > 2);
    await takePicture('similar-code');
    // Enter opens the result that has the keyboard.
    await page.keyboard.press('Enter');
    await page.waitForSelector('.tab.active');
  });

  it('says what it does not find', { timeout: testTimeoutMs }, async () => {
    await openPick('"no such words anywhere"');
    await page.waitForSelector(`${pickRow}[aria-label*="o such code"], ${pickRow}[aria-label*="info"]`);
  });

  it('asked nothing of the outside', () => assert.deepEqual(outside, []));

  async function failed(error) {
    await page.screenshot({ path: path.join(pictures, 'search-failed.png') });
    throw error;
  }

  /** Waits until the status item says, to screen readers too, that the files are indexed. */
  async function indexed() {
    await page
      .waitForSelector('.part.statusbar [aria-label*="files indexed"]', {
        state: 'attached',
        timeout: coldStartMs,
      })
      .catch(failed);
  }

  async function openPick(query) {
    await runCommand('Stet: Search Code');
    await page.waitForSelector(`${pick} .quick-input-titlebar:has-text("Search Code")`);
    await page.keyboard.type(query, { delay: 25 });
  }

  /** Moves down to the row, as a person would. */
  async function chooseRow(name) {
    await page.waitForSelector(`${pickRow}[aria-label*="${name}"]`);
    // Until the last results are there, another row may take its place.
    await page.waitForFunction(
      () => !document.querySelector('.quick-input-widget .monaco-progress-container.active'),
    );
    for (let nLooks = 0; nLooks < 40; nLooks++) {
      const focused = page.locator(`${pickRow}.focused`).first();
      const label = await focused.getAttribute('aria-label', { timeout: 1000 }).catch(() => null);
      if (label?.includes(name)) return;
      await page.keyboard.press('ArrowDown');
      await page.waitForTimeout(50);
    }
    throw new Error(`${name} could not be reached`);
  }

  /** Text goes into the palette's own input: one that is still closing would let it through to the editor. */
  async function runCommand(title) {
    await page.waitForSelector('.quick-input-widget', { state: 'hidden' });
    await page.keyboard.press('F1');
    await page.waitForSelector(`${pick} input`);
    await page.fill(`${pick} input`, `>${title}`);
    await page.waitForSelector(`${pickRow}[aria-label*="${title}"]`);
    await page.keyboard.press('Enter');
  }

  async function takePicture(name) {
    await page.waitForTimeout(600); // what fades in has come
    await page.screenshot({ path: path.join(pictures, `${name}.png`) });
    if (process.env.STET_SCREENSHOT)
      await page.screenshot({ path: path.join(readmePictures, `${name}.png`) });
  }
});
