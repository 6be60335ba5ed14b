/** What a person sees and does: types in a real file, sees ghost text, presses Tab, saves. */

// Chromium gets real key events, and the document is compared as it was saved to disk. The model's
// words are not known here: what was drawn as ghost text is what must be in the file after Tab.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { coldStartMs, failedAt, prepareWorkbench, runCommand, takePicture } from '../open-workbench.mjs';
import { readGhostText, waitForGhostText } from '../workbench.mjs';

const testTimeoutMs = 120_000;
/** How long no ghost text must appear for "off" to be believed. */
const quietMs = 1500;

/** The file, a line of it, and what is typed on a new line below. */
const place = { file: 'src/fines.ts', below: 'let total = 0;', typed: '  for (const ' };

describe('ghost text in the workbench', { timeout: 600_000 }, () => {
  const prepared = prepareWorkbench();
  const file = path.join(prepared.workspace, place.file);
  const original = readFileSync(file, 'utf8');
  let workbench;
  let page;

  before(
    async () => {
      workbench = await prepared.startReady(place.file);
      page = workbench.page;
    },
    { timeout: 2 * coldStartMs },
  );

  afterEach(async (context) => {
    if (context.error) await failedAt(page, 'ghost-text')().catch(() => {});
    await page.keyboard.press('Escape');
    writeFileSync(file, original);
    await run('File: Revert File');
    await page.waitForSelector('.tab.active:not(.dirty)');
    await page.click('.part.editor .monaco-editor .view-line >> nth=0');
  });

  after(() => workbench?.close());

  it('shows a suggestion, takes it with Tab, and undo takes it back', {
    timeout: testTimeoutMs,
  }, async () => {
    const typed = await typeBelow(place);
    const ghost = await waitForGhostText(page);
    await takePicture(page, 'ghost-text');
    await page.keyboard.press('Tab');
    await saveAs(typed.before + ghost + typed.after);
    await page.keyboard.press('Control+Z');
    await saveAs(typed.before + typed.after);
  });

  it('keeps a suggestion on screen while its own text is typed', { timeout: testTimeoutMs }, async () => {
    const typed = await typeBelow(place);
    const ghost = await waitForGhostText(page);
    let rest = ghost;
    for (const key of ghost.split('\n')[0].slice(0, 4)) {
      await page.keyboard.type(key);
      rest = rest.slice(key.length);
      const expected = rest;
      if (expected === '') break;
      await waitForGhostText(page, { accepts: (text) => text.startsWith(expected) });
    }
    if (rest !== '') await page.keyboard.press('Tab');
    await saveThat((text) => text.startsWith(typed.before + ghost));
  });

  it('hides a suggestion on Esc, and the document has no trace of it', {
    timeout: testTimeoutMs,
  }, async () => {
    const typed = await typeBelow(place);
    await waitForGhostText(page);
    await page.keyboard.press('Escape');
    await staysWithoutGhostText();
    await saveAs(typed.before + typed.after);
  });

  it('shows nothing while off, except when asked with Alt+\\', { timeout: testTimeoutMs }, async () => {
    await run('Stet: Toggle Suggestions While Typing');
    await page.waitForSelector('.statusbar-item:has-text("Stet"):has(.codicon-circle-slash)');
    try {
      await page.click('.part.editor .monaco-editor .view-line >> nth=0');
      await typeBelow(place);
      await staysWithoutGhostText();
      await page.keyboard.press('Alt+\\');
      await waitForGhostText(page);
    } finally {
      await page.keyboard.press('Escape');
      await run('Stet: Toggle Suggestions While Typing');
      await page.waitForSelector('.statusbar-item:has-text("Stet"):has(.codicon-ellipsis)');
    }
  });

  it('asked nothing of the outside', () => {
    assert.deepEqual(workbench.outside, []);
  });

  /** Types on a new line below the given one; gives back what the file then holds around the cursor. */
  async function typeBelow({ below, typed }) {
    const end = original.indexOf('\n', original.indexOf(below));
    const nLines = original.slice(0, end).split('\n').length;
    await page.keyboard.press('Control+Home');
    for (let i = 1; i < nLines; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type(typed, { delay: 40 });
    return { before: `${original.slice(0, end)}\n${typed}`, after: original.slice(end) };
  }

  async function run(title) {
    await runCommand(page, title);
    await page.waitForSelector('.quick-input-widget', { state: 'hidden' });
  }

  /** Saves and waits until the file on disk is as expected. */
  async function saveAs(expected) {
    await saveThat((text) => text === expected).catch(() => {
      assert.equal(readFileSync(file, 'utf8'), expected);
    });
  }

  async function saveThat(isRight) {
    await page.keyboard.press('Control+S');
    for (let nLooks = 0; nLooks < 100; nLooks++) {
      if (isRight(readFileSync(file, 'utf8'))) {
        // The editor is done with the file only now; what is written to it before, it takes for its own.
        await page.waitForSelector('.tab.active:not(.dirty)');
        return;
      }
      await page.waitForTimeout(100);
    }
    throw new Error(`what was saved is wrong:\n${readFileSync(file, 'utf8')}`);
  }

  async function staysWithoutGhostText() {
    // Ghost text that was on screen a moment ago may take a frame to go.
    await page.waitForTimeout(200);
    for (const start = Date.now(); Date.now() - start < quietMs; await page.waitForTimeout(50)) {
      assert.equal(await readGhostText(page), '');
    }
  }
});
