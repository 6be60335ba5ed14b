/** Runs the extension-host suite in VS Code: the desktop one, or whatever VSCODE_EXECUTABLE names. */

// On an ordinary machine @vscode/test-electron downloads VS Code (VSCODE_VERSION, by default the
// newest). `npm test` sets VSCODE_EXECUTABLE to code-shim.mjs, which takes the same arguments and runs
// the same suite in VS Code's server, so nothing needs to be downloaded and no screen is needed.

import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runTests, TestRunFailedError } from '@vscode/test-electron';
import { runMain } from '../../scripts/command.mjs';
import { root } from '../../scripts/setup.mjs';
import { buildSuite } from './build-suite.mjs';
import { testSettings } from './settings.mjs';

async function main() {
  // A short path: VS Code puts sockets in it, and a socket's path has at most 107 characters.
  const home = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'stet-host-'));
  // Also when a signal ends this script.
  process.once('exit', () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  try {
    const workspace = path.join(home, 'workspace');
    cpSync(path.join(root, 'test', 'fixtures', 'workspace'), workspace, { recursive: true });
    const user = path.join(home, 'user');
    mkdirSync(path.join(user, 'User'), { recursive: true });
    writeFileSync(path.join(user, 'User', 'settings.json'), JSON.stringify(testSettings));
    const executable = process.env.VSCODE_EXECUTABLE;
    return await runTests({
      ...(executable
        ? { vscodeExecutablePath: executable }
        : { version: process.env.VSCODE_VERSION ?? 'stable' }),
      extensionDevelopmentPath: process.env.STET_EXTENSION ?? root, // a package's folder, or ours
      extensionTestsPath: await buildSuite(),
      launchArgs: [workspace, `--user-data-dir=${user}`, `--extensions-dir=${path.join(home, 'extensions')}`],
    });
  } catch (error) {
    if (error instanceof TestRunFailedError) return error.code ?? 1; // mocha has said what and why
    throw error;
  }
}

await runMain(main);
