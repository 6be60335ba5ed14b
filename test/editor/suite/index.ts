/** What VS Code calls to run the suite: finds the compiled test files and runs them with mocha. */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';

/** Resolves when every test passed; VS Code turns a rejection into exit code 1. */
export async function run(): Promise<void> {
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: 'spec',
    color: false, // the console of a workbench in a browser shows no colours
    timeout: 240_000, // a suggestion takes well under a second, but the machine may be busy
    slow: 10_000,
    forbidOnly: process.env.CI !== undefined,
  });
  // One file an editor, see run-electron.mjs.
  mocha.addFile(path.join(__dirname, process.env.STET_SUITE_FILE as string));
  const stats = await new Promise<Mocha.Stats | undefined>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats));
  });
  writeReport(stats);
  if (!stats || stats.failures > 0) throw new Error(`${stats?.failures ?? 'all'} tests failed`);
  if (stats.passes === 0) throw new Error('no test was run');
}

/** For run-electron.mjs, which adds up the counts of all files. */
function writeReport(stats: Mocha.Stats | undefined): void {
  const file = process.env.STET_SUITE_REPORT;
  if (!file || !stats) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const { passes, failures, pending } = stats;
  writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
}
