/** The pages of the benchmark and of the trace panel as a person has them: read, pressed, and by keyboard. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  coldStartMs,
  failedAt,
  pickRow,
  prepareWorkbench,
  runCommand,
  takePicture,
} from '../open-workbench.mjs';
import { paleTexts } from '../pale-texts.mjs';
import { testSettings } from '../settings.mjs';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Questions under three settings, on a machine that does other things too. */
const benchmarkMs = process.env.STET_SCREENSHOT ? 840_000 : 420_000;
/** One in each bundled session; for the pictures as many as a person gets. */
const nQuestion = process.env.STET_SCREENSHOT ? 72 : 3;

/** Follows the colour scheme that the browser reports, which a test can change while the page is there. */
const settings = {
  ...testSettings,
  'files.simpleDialog.enable': true,
  'window.autoDetectColorScheme': true,
  'workbench.preferredLightColorTheme': 'Default Light Modern',
  'workbench.preferredDarkColorTheme': 'Default Dark Modern',
};

describe('benchmark and trace panel', { timeout: 1_200_000 }, () => {
  const prepared = prepareWorkbench({ settings });
  const { workspace } = prepared;
  let workbench;
  let page;

  before(
    async () => {
      const user = path.join(prepared.home, 'user', 'User');
      mkdirSync(user, { recursive: true });
      const binding = { key: 'ctrl+alt+f9', command: 'stet.benchmark', args: { nQuestion } };
      writeFileSync(path.join(user, 'keybindings.json'), JSON.stringify([binding]));
      workbench = await prepared.startReady('src/loans.ts');
      page = workbench.page;
    },
    { timeout: 2 * coldStartMs },
  );

  after(() => workbench?.close());

  it('runs, reports, and its page, its JSON and its text say the same', {
    timeout: benchmarkMs,
  }, async () => {
    await runCommand(page, 'Stet: Benchmark');
    await page.waitForSelector(`${pickRow}:has-text("Bundled typing sessions")`);
    assert.equal(await page.locator(pickRow).count(), 4);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.quick-input-widget', { state: 'hidden' });
    // A key pressed while the focus is still on its way back from the list is heard by nobody.
    const focused = page.locator(`${pickRow}.focused:has-text("Bundled typing sessions")`);
    for (let nTry = 1; !(await focused.isVisible()); nTry++) {
      await page.keyboard.press('Control+Alt+F9');
      await focused.waitFor({ timeout: 10_000 }).catch((error) => {
        if (nTry === 9) throw error;
      });
    }
    await page.keyboard.press('Enter');
    const frame = await frameWith('.verdict', benchmarkMs);
    const figures = Object.fromEntries(
      await frame.$$eval('[data-figure]', (all) => all.map((e) => [e.dataset.figure, e.textContent])),
    );
    const report = await saveReport(frame);
    const [product] = report.variants;
    const digits = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1));
    assert.equal(figures.p50, `${digits(product.latencyMs.p50)} ms`);
    assert.equal(figures.p95, `${digits(product.latencyMs.p95)} ms`);
    assert.equal(figures.shown, `${digits(product.shownPercent)} %`);
    assert.equal(figures.speed, `${digits(product.decodeTokensPerSecond)} tokens/s`);
    assert.equal(figures.memory, `${digits(product.rssMb)} MB`);
    const cells = await frame.$$eval('[aria-label="Settings side by side"] tbody tr', (rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent)),
    );
    assert.deepEqual(
      cells.map(([name, p50]) => [name, p50]),
      report.variants.map(({ name, latencyMs }) => [name, digits(latencyMs.p50)]),
    );
    const dots = await frame.$$eval('.plot circle', (all) => all.length);
    assert.equal(dots, report.variants.flatMap(({ samples }) => samples).length);
    await readableInBothThemes(frame, 'benchmark');
  });

  it('the trace panel says why, by keyboard too', { timeout: 120_000 }, async () => {
    await runCommand(page, 'Stet: Why This Suggestion?');
    const frame = await frameWith('#requests details');
    const summary = await frame.$('summary');
    await summary.focus();
    const isOpen = () => frame.$eval('details', (details) => details.open);
    const was = await isOpen();
    await page.keyboard.press('Enter');
    assert.equal(await isOpen(), !was);
    await page.keyboard.press('Enter');
    assert.match(await frame.$eval('#requests', (e) => e.textContent), /reason code/);
    await readableInBothThemes(frame, 'trace');
  });

  it('asked nothing of the outside', () => assert.deepEqual(workbench.outside, []));

  /** The webview's document: webviews are frames in frames. */
  async function frameWith(selector, patienceMs = 60_000) {
    for (const start = Date.now(); Date.now() - start < patienceMs; await page.waitForTimeout(100)) {
      for (const frame of page.frames()) {
        const found = await frame.$(selector).catch(() => null);
        if (found && (await found.isVisible().catch(() => false))) return frame;
      }
    }
    return failedAt(page, 'benchmark')(new Error(`no page with ${selector}`));
  }

  /** accessibility.test.mjs has axe look at every theme's colours; here the editor itself changes the theme. */
  async function readableInBothThemes(frame, name) {
    await assertAccessible(frame);
    for (const scheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme: scheme });
      await frame.waitForSelector(`body.vscode-${scheme}`);
      await takePicture(page, `${name}-${scheme}`);
      assert.deepEqual(await paleTexts(frame), []);
    }
  }

  /** Serious and critical violations; the page's own policy lets axe run since it is injected from outside. */
  async function assertAccessible(frame) {
    await frame.evaluate(readFileSync(axeFile, 'utf8'));
    const { violations } = await frame.evaluate(() => globalThis.axe.run(document.body));
    const words = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    assert.deepEqual(words, []);
  }

  /** Under the name that is offered, in the workspace: the dialog completes what is typed as it likes. */
  async function saveReport(frame) {
    const find = () => readdirSync(workspace).find((name) => /^stet-benchmark-.*\.json$/.test(name));
    await frame.click('button[data-action="save"]');
    await page.waitForSelector('.quick-input-widget input');
    for (const start = Date.now(); Date.now() - start < 60_000; await page.waitForTimeout(1000)) {
      const name = find();
      if (name) return JSON.parse(readFileSync(path.join(workspace, name), 'utf8'));
      await page.keyboard.press('Enter'); // taken only once the dialog has looked at the folder
    }
    return failedAt(page, 'benchmark')(new Error('the report was not saved'));
  }
});
