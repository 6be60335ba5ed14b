/** Runs the extension-host suite in VS Code: the desktop one, or whatever VSCODE_EXECUTABLE names. */

// On an ordinary machine @vscode/test-electron downloads VS Code (VSCODE_VERSION, by default the
// newest). `npm test` sets VSCODE_EXECUTABLE to code-shim.mjs, which takes the same arguments and runs
// the same suite in VS Code's server, so nothing needs to be downloaded and no screen is needed.
// Each file of the suite has an editor of its own: VS Code holds closed documents for minutes, and what
// one file leaves open would change what the model writes, and how search ranks, in the next.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runTests, TestRunFailedError } from '@vscode/test-electron';
import { runMain } from '../../scripts/command.mjs';
import { root } from '../../scripts/setup.mjs';
import { buildSuite } from './build-suite.mjs';
import { testSettings } from './settings.mjs';

async function main() {
  const tests = await buildSuite();
  const only = process.env.STET_SUITE_ONLY ?? ''; // one file while it is worked on: STET_SUITE_ONLY=benchmark
  const names = readdirSync(path.dirname(tests))
    .filter((name) => name.startsWith(only) && name.endsWith('.test.cjs'))
    .sort();
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const name of names) {
    const counts = await runFile(tests, name);
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
  const report = process.env.STET_SUITE_REPORT;
  if (report) writeFileSync(report, JSON.stringify(total));
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** Runs one file of the suite; one that ends without a word counts as a failed test. */
async function runFile(tests, name) {
  // A short path: VS Code puts sockets in it, and a socket's path has at most 107 characters.
  const home = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'stet-host-'));
  const remove = () => rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove); // also when a signal ends this script
  const report = path.join(home, 'report.json');
  try {
    const workspace = path.join(home, 'workspace');
    cpSync(path.join(root, 'test', 'fixtures', 'workspace'), workspace, { recursive: true });
    const user = path.join(home, 'user');
    mkdirSync(path.join(user, 'User'), { recursive: true });
    writeFileSync(path.join(user, 'User', 'settings.json'), JSON.stringify(testSettings));
    const executable = process.env.VSCODE_EXECUTABLE;
    await runTests({
      ...(executable
        ? { vscodeExecutablePath: executable }
        : { version: process.env.VSCODE_VERSION ?? 'stable' }),
      extensionDevelopmentPath: process.env.STET_EXTENSION ?? root, // a package's folder, or ours
      extensionTestsPath: tests,
      extensionTestsEnv: { STET_SUITE_FILE: name, STET_SUITE_REPORT: report },
      launchArgs: [workspace, `--user-data-dir=${user}`, `--extensions-dir=${path.join(home, 'extensions')}`],
    });
  } catch (error) {
    if (!(error instanceof TestRunFailedError)) throw error; // mocha has said what and why
  }
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  process.off('exit', remove);
  remove();
  return counts ?? { passed: 0, failed: 1, skipped: 0 };
}

await runMain(main);
