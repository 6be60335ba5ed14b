/** What a new user does: installs the VSIX into an empty profile, opens a folder, types, has a suggestion, searches. */

// No development mode, no setting of ours: the extension as VS Code installed it, with its defaults.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { quietSettings } from '../../../scripts/code-server.mjs';
import { mustRun } from '../../../scripts/command.mjs';
import { root } from '../../../scripts/setup.mjs';
import { coldStartMs, failedAt, pickRow, prepareWorkbench, runCommand } from '../open-workbench.mjs';
import { waitForGhostText } from '../workbench.mjs';

const run = promisify(execFile);
const target = `${process.platform}-${process.arch}`;

describe('the installed package', { timeout: 600_000 }, () => {
  let workbench;
  let page;

  before(
    async () => {
      const prepared = prepareWorkbench({ settings: quietSettings });
      await install(prepared, await ownPackage());
      workbench = await prepared.start();
      page = workbench.page;
    },
    { timeout: 2 * coldStartMs },
  );

  after(() => workbench?.close());

  it('suggests in the first file that is opened and typed in', { timeout: coldStartMs }, () =>
    suggestsInNewFile().catch(failedAt(page, 'installed')),
  );

  it('finds code by what it does', { timeout: coldStartMs }, () =>
    findsCode().catch(failedAt(page, 'installed-search')),
  );

  it('asked nothing of the outside', () => assert.deepEqual(workbench.outside, []));

  async function suggestsInNewFile() {
    await page.waitForSelector('.part.statusbar');
    await page.keyboard.press('Control+P');
    await page.waitForSelector('.quick-input-widget input');
    await page.keyboard.type('fines.ts');
    await page.waitForSelector('.quick-input-list .monaco-list-row[aria-label*="fines.ts"]');
    await page.keyboard.press('Enter');
    await page.click('.part.editor .monaco-editor .view-line >> nth=0');
    await page.keyboard.press('Control+End');
    await page.keyboard.type('\nexport function feeOf(', { delay: 40 });
    const ghost = await ghostTextSooner();
    sayWhen(`the first suggestion: ${JSON.stringify(ghost)}`);
  }

  async function findsCode() {
    await page.keyboard.press('Escape'); // the suggestion
    await runCommand(page, 'Stet: Search Code');
    await page.waitForSelector('.quick-input-widget:visible .quick-input-titlebar:has-text("Search Code")');
    await page.keyboard.type('how many days is a book late', { delay: 20 });
    await page.waitForSelector(`${pickRow}[aria-label*="daysLate"]`);
    sayWhen('the first search’s result');
  }

  function sayWhen(what) {
    const seconds = ((Date.now() - workbench.openedAtMs) / 1000).toFixed(1);
    console.log(`new user: ${seconds} s from opening the folder to ${what}`);
  }

  /** The model may still be loading while the first keys are typed; a person goes on typing. */
  async function ghostTextSooner() {
    for (const key of ['loan', ': ', 'Loan', ', ', 'rate', ': ']) {
      const ghost = await waitForGhostText(page, { timeoutMs: 2_500 }).catch(() => undefined);
      if (ghost !== undefined) return ghost;
      await page.keyboard.type(key, { delay: 40 });
    }
    return waitForGhostText(page, { timeoutMs: coldStartMs / 2 });
  }

  /** As `code --install-extension` does. */
  async function install({ plan, home }, vsix) {
    const { stdout } = await run(plan.node, [
      path.join(plan.vscode, 'out', 'server-main.js'),
      '--accept-server-license-terms',
      ...['--server-data-dir', path.join(home, 'server')],
      ...['--user-data-dir', path.join(home, 'user')],
      ...['--extensions-dir', path.join(home, 'extensions')],
      ...['--install-extension', vsix],
    ]);
    assert.match(stdout, /was successfully installed/);
  }
});

/** This platform's VSIX: the one that the package tests built, or a new one. */
async function ownPackage() {
  const folder = path.join(root, 'out', 'vsix');
  const find = () => {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names.find((name) => name.startsWith(`stet-${target}-`));
  };
  if (!process.env.STET_EXTENSION || !find()) {
    await mustRun(process.execPath, [path.join(root, 'scripts', 'package.mjs'), '--target', target], {
      cwd: root,
      timeoutMs: 300_000,
      step: 'npm run package',
    });
  }
  return path.join(folder, find());
}
