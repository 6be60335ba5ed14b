/** What a person sees of search: types a query, results stream in, one is looked at and opened; similar code. */

// Real keys in Chromium. What is found is asserted by what the files of the test workspace hold, not by
// an order that a better ranking may change.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import {
  coldStartMs,
  failedAt,
  pickRow,
  prepareWorkbench,
  runCommand,
  takePicture,
} from '../open-workbench.mjs';
import { testSettings } from '../settings.mjs';

const testTimeoutMs = 150_000;

const pick = '.quick-input-widget:visible';
const tree = '.pane-body:has(.tree-explorer-viewlet-tree-view)';
const treeRow = `${tree} .monaco-list-row`;

describe('search in the workbench', { timeout: 600_000 }, () => {
  let workbench;
  let page;

  before(
    async () => {
      const settings = { ...testSettings, 'workbench.editor.enablePreview': true };
      workbench = await prepareWorkbench({ folderName: 'library', settings }).startReady('src/fines.ts');
      page = workbench.page;
      await indexed();
    },
    { timeout: 2 * coldStartMs },
  );

  afterEach(async (context) => {
    const name = context.name.replace(/\W+/g, '-').slice(0, 30);
    if (context.error) await failedAt(page, `search-${name}`)().catch(() => {});
    await page.keyboard.press('Escape');
  });

  after(() => workbench?.close());

  it('finds code while one types, shows it, and Esc puts back what was there', {
    timeout: testTimeoutMs,
  }, async () => {
    await openPick('how many days is a book late');
    await page.waitForSelector(`${pickRow}[aria-label*="daysLate"]`);
    // The chosen result is on screen and highlighted, and the keyboard is still in the input.
    await page.waitForSelector('.part.editor .monaco-editor .rangeHighlight, .part.editor .cdr');
    await chooseRow('daysLate');
    await page.waitForSelector('.tab.active[aria-label*="loans.ts"]');
    await takePicture(page, 'search');
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
    await runCommand(page, 'View: Close All Editors');
  });

  it('finds similar code of the function at the cursor, and lists it by file', {
    timeout: testTimeoutMs,
  }, async () => {
    await openPick('loan days late');
    await chooseRow('daysLate');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.tab.active[aria-label*="loans.ts"]');
    await runCommand(page, 'Stet: Find Similar Code');
    await page.waitForSelector(`${treeRow}[aria-label*="days_late"], ${treeRow}[aria-label*="Loan"]`);
    await page.waitForSelector(`${treeRow}[aria-label*="report.py"]`);
    assert.ok((await page.locator(treeRow).count()) > 2);
    await takePicture(page, 'similar-code');
    // Enter opens the result that has the keyboard.
    await page.keyboard.press('Enter');
    await page.waitForSelector('.tab.active');
  });

  it('says what it does not find', { timeout: testTimeoutMs }, async () => {
    await openPick('"no such words anywhere"');
    await page.waitForSelector(`${pickRow}[aria-label*="o such code"], ${pickRow}[aria-label*="info"]`);
  });

  it('asked nothing of the outside', () => assert.deepEqual(workbench.outside, []));

  /** Waits until the status item says, to screen readers too, that the files are indexed. */
  async function indexed() {
    await page
      .waitForSelector('.part.statusbar [aria-label*="files indexed"]', {
        state: 'attached',
        timeout: coldStartMs,
      })
      .catch(failedAt(page, 'search'));
  }

  async function openPick(query) {
    await runCommand(page, 'Stet: Search Code');
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
});
