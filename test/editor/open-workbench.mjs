/** openWorkbench: VS Code's workbench on a copy of the test workspace, in an empty profile, as tests of keys and screen need it. */

import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startCodeServer } from '../../scripts/code-server.mjs';
import { codeServerPlan } from '../../scripts/code-server-install.mjs';
import { root } from '../../scripts/setup.mjs';
import { testSettings } from './settings.mjs';
import { openBrowser } from './workbench.mjs';

/** Where pictures of what failed go. */
const pictures = path.join(root, 'out', 'editor');
/** The pictures of README and docs, written anew by `npm test -- --screenshot`. */
const docPictures = path.join(root, 'docs', 'images');
/** A workbench, an extension host and a model to convert, on a machine that is busy with other things. */
export const coldStartMs = 150_000;
const patienceMs = 90_000;

/** Rows of the quick pick that is open. */
export const pickRow = '.quick-input-widget:visible .quick-input-list .monaco-list-row';

/**
 * Makes the profile and the copy of the workspace at once, so that a test can name its files; `start`
 * then opens the workbench. Whatever ends the tests, a signal too, the folders go.
 */
export function prepareWorkbench({ folderName = 'workspace', settings = testSettings } = {}) {
  const home = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'stet-ui-'));
  process.once('exit', () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  const workspace = path.join(home, folderName);
  cpSync(path.join(root, 'test', 'fixtures', 'workspace'), workspace, { recursive: true });
  mkdirSync(pictures, { recursive: true });
  return {
    home,
    workspace,
    plan: codeServerPlan(root),
    /** Opens the workspace with the extensions that the profile has, and waits for nothing. */
    start: () => start({ home, workspace, settings, payload: () => [] }),
    /** Opens `file` of the workspace with the extension of this folder, and waits until the model is there. */
    async startReady(file) {
      const workbench = await start({
        home,
        workspace,
        settings,
        payload: (server) => [
          ['extensionDevelopmentPath', server.remote(root)],
          ['openFile', server.remote(path.join(workspace, file))],
        ],
      });
      const { page } = workbench;
      // The proofreader's dots: the status item is past loading and neither off nor in error.
      try {
        await page.waitForSelector('.statusbar-item:has-text("Stet"):has(.codicon-ellipsis)', {
          timeout: coldStartMs,
        });
        await page.click('.part.editor .monaco-editor .view-line >> nth=0');
      } catch (error) {
        await failedAt(page, folderName)(error).finally(workbench.close);
      }
      return workbench;
    },
  };
}

async function start({ home, workspace, settings, payload }) {
  const server = await startCodeServer({ plan: codeServerPlan(root), home, settings, isTest: true });
  const { browser, page, outside } = await openBrowser().catch(async (error) => {
    await server.stop(); // nobody else knows of it yet
    throw error;
  });
  const close = async () => {
    await browser.close();
    await server.stop();
  };
  page.setDefaultTimeout(patienceMs);
  const openedAtMs = Date.now();
  try {
    await page.goto(server.address({ folder: workspace, payload: payload(server) }));
  } catch (error) {
    await close();
    throw error;
  }
  // `outside`: what the page asked of other machines.
  return { page, outside, openedAtMs, close };
}

/** For `.catch`: a picture of what the page showed, and the error as it was. */
export function failedAt(page, name) {
  return async (error) => {
    await page?.screenshot({ path: path.join(pictures, `${name}-failed.png`) }).catch(() => {});
    throw error;
  };
}

/**
 * Runs a command from the palette, as a person does. Text goes into the palette's own input: one that is
 * still closing would let it through to the editor. A palette closes by itself when an editor that is
 * still opening takes the focus; then it is opened again.
 */
export async function runCommand(page, title) {
  const input = '.quick-input-widget:visible input';
  const row = `${pickRow}[aria-label*="${title}"]`;
  await page.waitForSelector('.quick-input-widget', { state: 'hidden' });
  const open = async () => {
    await page.keyboard.press('F1');
    await page.fill(input, `>${title}`, { timeout: patienceMs / 6 });
    await page.waitForSelector(row, { timeout: patienceMs / 6 });
  };
  for (let nTries = 1; ; nTries++) {
    const error = await open().catch((reason) => reason);
    if (!error) break;
    if (nTries === 6) throw error;
  }
  await page.keyboard.press('Enter');
}

/** A picture of docs/images, where `npm test -- --screenshot` asks for it. */
export async function takePicture(page, name) {
  if (!process.env.STET_SCREENSHOT) return;
  await page.waitForTimeout(600); // what fades in has come
  mkdirSync(docPictures, { recursive: true });
  await page.screenshot({ path: path.join(docPictures, `${name}.png`) });
}
