/** Every page of ours in VS Code's four kinds of theme: axe finds nothing wrong, the keyboard reaches everything. */

// The pages are made by the extension's own functions and shown without a workbench, so this is quick.
// benchmark.test.mjs looks at two of them once more where a person has them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { root } from '../../../scripts/setup.mjs';
import { openBrowser } from '../workbench.mjs';
import { themes } from './themes.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Nobody listens there: every answer is made below. */
const base = 'http://127.0.0.1:9';

const { pageHtml, pageNames } = await loadPages();

/** Bundles pages.ts; of VS Code it needs no more than the joining of addresses. */
async function loadPages() {
  const vscode = {
    name: 'vscode',
    setup(on) {
      on.onResolve({ filter: /^vscode$/ }, () => ({ path: 'vscode', namespace: 'stub' }));
      on.onLoad({ filter: /.*/, namespace: 'stub' }, () => ({
        contents: "export const Uri = { joinPath: (...parts) => parts.join('/') };",
      }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, 'pages.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    plugins: [vscode],
  });
  const source = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${source}`);
}

describe('pages', { timeout: 300_000 }, () => {
  let browser;
  let page;
  let html;
  const complaints = [];

  before(async () => {
    ({ browser, page } = await openBrowser());
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.addInitScript(() => {
      globalThis.acquireVsCodeApi = () => ({ postMessage: () => {} });
    });
    await page.route(`${base}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html });
      return route.fulfill({ path: path.join(root, pathname) });
    });
  });

  after(() => browser?.close());

  for (const name of pageNames) {
    it(`${name}: nothing that axe complains about, in any theme`, async () => {
      await open(name);
      await page.evaluate(axe);
      for (const [i, [theme, colours]] of Object.entries(themes).entries()) {
        // Only colours differ from theme to theme; all the rest is looked at once.
        const rules = i === 0 ? {} : { runOnly: ['color-contrast', 'link-in-text-block'] };
        await page.evaluate((values) => {
          const { style } = document.documentElement;
          style.cssText = Object.entries(values)
            .map(([key, value]) => `--vscode-${key}: ${value};`)
            .join('');
          document.body.style.background = 'var(--vscode-editor-background)'; // as every webview has it
        }, colours);
        const { violations } = await page.evaluate((only) => globalThis.axe.run(document, only), rules);
        const words = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
        assert.deepEqual(words, [], theme);
      }
      assert.deepEqual(complaints, [], 'the page broke its own policy, or failed');
    });

    it(`${name}: the Tab key reaches whatever can be pressed or scrolled`, async () => {
      await open(name);
      const selector = 'button:not([disabled]), summary, [tabindex="0"], a[href], input, select';
      const nWanted = await page.evaluate((wanted) => {
        const all = [...document.querySelectorAll(wanted)].filter((element) => element.checkVisibility());
        for (const [i, element] of all.entries()) element.setAttribute('data-nth', i);
        return all.length;
      }, selector);
      const reached = new Set();
      for (let i = 0; i < nWanted; i++) {
        await page.keyboard.press('Tab');
        reached.add(await page.evaluate(() => document.activeElement.getAttribute('data-nth')));
      }
      assert.deepEqual(
        [...reached].map(Number).sort((a, b) => a - b),
        Array.from({ length: nWanted }, (_, i) => i),
      );
    });
  }

  it('axe does find what is wrong: else the tests above could not fail', async () => {
    html = '<!DOCTYPE html><html lang="en"><title>x</title><main><h1>x</h1><button></button></main></html>';
    await page.goto(`${base}/`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document));
    assert.ok(violations.some(({ id }) => id === 'button-name'));
  });

  async function open(name) {
    complaints.length = 0;
    html = pageHtml(name, base);
    await page.goto(`${base}/`);
  }
});
