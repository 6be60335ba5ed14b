#!/usr/bin/env node
/** Takes the place of VS Code's desktop executable: same arguments, same exit code, no desktop. */

// @vscode/test-electron starts this file as if it were VS Code. It opens the workbench of VS Code's
// server in a headless Chromium, and the suite runs in that server's extension host.

import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import { startCodeServer } from '../../scripts/code-server.mjs';
import { codeServerPlan } from '../../scripts/code-server-install.mjs';
import { runMain, UserError } from '../../scripts/command.mjs';
import { root } from '../../scripts/setup.mjs';
import { testSettings } from './settings.mjs';
import { openBrowser } from './workbench.mjs';

/** The whole suite on a busy two-core machine takes one to two minutes. */
const suiteTimeoutMs = 570_000;

/** What the workbench itself writes to the console, as opposed to the suite. */
const noise =
  /^(Resolv(ing|ed) connection token|Creating a socket|Ignoring fetching additional builtin|Updating additional builtin|\[Service Worker\]|ChatSessionStore|Creation of workbench contribution|\[reconnection-grace-time\]|\[AgentHost|\[AccountPolicyGate\]|Timed out waiting for authentication provider)/;

/** VS Code's native logger and watchdog are not compiled here (scripts/code-server-install.mjs); both are missed, not needed. */
const missingNatives = /Could not locate the bindings file|Cannot find module '\.\/build\/Release\/watchdog'/;

/** The arguments that matter here; the desktop's own switches have no meaning in a browser. */
function readArguments(args) {
  const options = { development: [] };
  for (let i = 0; i < args.length; i++) {
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/.exec(args[i]) ?? [];
    if (name === undefined) {
      if (existsSync(args[i]) && statSync(args[i]).isDirectory()) options.folder = path.resolve(args[i]);
      continue;
    }
    const value = () => path.resolve((inline ?? args[++i]).replace(/^file:\/\//, ''));
    if (name === 'extensionDevelopmentPath') options.development.push(value());
    else if (name === 'extensionTestsPath') options.tests = value();
    else if (name === 'user-data-dir') options.user = value();
  }
  if (!options.tests || !options.user) {
    throw new UserError('code-shim runs tests only: it needs --extensionTestsPath and --user-data-dir.');
  }
  return options;
}

async function main() {
  const { development, tests, user, folder } = readArguments(process.argv.slice(2));
  const server = await startCodeServer({
    plan: codeServerPlan(root),
    home: path.dirname(user),
    settings: testSettings,
    isTest: true,
  });
  const { browser, page, outside } = await openBrowser();
  try {
    const exitCode = new Promise((resolve, reject) => {
      const late = () => reject(new UserError(`The suite was not done after ${suiteTimeoutMs / 1000} s.`));
      setTimeout(late, suiteTimeoutMs).unref();
      page.on('crash', () => reject(new UserError("The workbench's page crashed.")));
      // The workbench calls these two hooks, as for @vscode/test-web.
      const hooks = [
        page.exposeFunction('codeAutomationExit', (code) => resolve(code)),
        page.exposeFunction('codeAutomationLog', (_type, args) => printLog(args)),
      ];
      const payload = [
        ...development.map((place) => ['extensionDevelopmentPath', server.remote(place)]),
        ['extensionTestsPath', server.remote(tests)],
      ];
      Promise.all(hooks)
        .then(() => page.goto(server.address({ folder, payload })))
        .catch(reject);
    });
    const code = await exitCode;
    if (outside.length > 0) throw new UserError(`The workbench asked the outside for ${outside.join(', ')}`);
    return code;
  } catch (error) {
    const picture = path.join(root, 'out', 'editor', 'suite-failed.png');
    await page.screenshot({ path: picture }).catch(() => {});
    throw error;
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** The suite's console arrives as printf arguments, with %c for styles that a terminal cannot show. */
function printLog(args) {
  const [first, ...rest] = args;
  const text = format(typeof first === 'string' ? first.replace(/%c/g, '') : first, ...rest);
  if (noise.test(text) || missingNatives.test(text)) return;
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

await runMain(main);
