/** `npm test`: sets everything up, then runs the unit and server tests, builds the packages, and tests them in an editor. */

// Each runner prints for itself. The last lines add their counts up, and the exit code is 0 only if
// every runner that was asked for passed. Whatever happens, no process is left behind.

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run, runMain, sweep, UserError } from './command.mjs';
import { root, say, setUp, setUpEditorTests } from './setup.mjs';

const usage = `npm test -- [options]

  --unit         only the unit and server tests
  --editor       only the tests in a real VS Code, of this folder as it is, without packaging it
  --screenshot   also write the pictures in the README (docs/images)
  --help
`;

/** Every process that the tests start inherits this variable, so that none can hide. */
const markName = 'STET_TEST_RUN';
const mark = randomUUID();

const reports = path.join(root, 'out', 'test');
const isWindows = process.platform === 'win32';

/** name → the command, its time limit, and how to read its counts from its report. */
const runners = {
  unit: {
    title: 'unit and server tests',
    timeoutMs: 1_500_000,
    args: () => [
      path.join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      ...['run', '--reporter=default', '--reporter=json'],
      `--outputFile.json=${path.join(reports, 'unit')}`,
    ],
    count: (text) => {
      const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests, success } =
        JSON.parse(text);
      // A file that cannot be loaded counts no test; it must not count as nothing.
      const failed = numFailedTests || (success ? 0 : Math.max(1, numFailedTestSuites));
      return { passed: numPassedTests, failed, skipped: numPendingTests };
    },
  },
  package: {
    title: 'packages',
    timeoutMs: 600_000,
    args: () => nodeTestArguments('package', path.join(root, 'test', 'package')),
    count: countTap,
  },
  suite: {
    title: 'editor tests: the extension in a VS Code',
    timeoutMs: 1_500_000,
    args: () => [path.join(root, 'test', 'editor', 'run-electron.mjs')],
    env: {
      // Windows runs the suite in a downloaded desktop VS Code, as `npm run test:electron` does.
      ...(!isWindows && { VSCODE_EXECUTABLE: path.join(root, 'test', 'editor', 'code-shim.mjs') }),
      STET_SUITE_REPORT: path.join(reports, 'suite'),
    },
    count: (text) => JSON.parse(text),
  },
  ui: {
    title: 'editor tests: keys and screen',
    timeoutMs: 1_500_000,
    args: () => nodeTestArguments('ui', path.join(root, 'test', 'editor', 'ui')),
    count: countTap,
  },
};

/** Node's own test runner, for people on the terminal and for us in a report. */
function nodeTestArguments(name, folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.mjs'));
  return [
    ...['--test', '--test-concurrency=1'],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=tap', `--test-reporter-destination=${path.join(reports, name)}`],
    ...files.map((file) => path.join(folder, file)),
  ];
}

function countTap(text) {
  const number = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return {
    passed: number('pass'),
    failed: number('fail') + number('cancelled'),
    skipped: number('skipped') + number('todo'),
  };
}

/** Unpacks this platform's VSIX, so that the suite runs in what a user gets; undefined where there is none. */
async function unpackOwnPackage() {
  const vsixFolder = path.join(root, 'out', 'vsix');
  const start = `stet-${process.platform}-${process.arch}-`;
  const name = existsSync(vsixFolder) && readdirSync(vsixFolder).find((name) => name.startsWith(start));
  if (!name) return undefined;
  const folder = path.join(root, 'out', 'package', 'unpacked');
  rmSync(folder, { recursive: true, force: true });
  const { unpackVsix } = await import('../test/package/vsix.mjs'); // its packages are installed by now
  return unpackVsix(path.join(vsixFolder, name), folder);
}

async function main() {
  const { values: options } = parseArgs({
    options: Object.fromEntries(
      ['unit', 'editor', 'screenshot', 'help'].map((name) => [name, { type: 'boolean', default: false }]),
    ),
  });
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const wantsAll = !options.unit && !options.editor;
  const wantsEditor = options.editor || wantsAll;
  await setUp();
  if (wantsEditor && !isWindows) await setUpEditorTests();

  process.env[markName] = mark;
  process.env.STET_POWER_SUPPLY = 'nowhere'; // a laptop on battery tests the same
  process.on('exit', () => sweep(markName, mark));
  if (options.screenshot) process.env.STET_SCREENSHOT = '1';
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const total = { passed: 0, failed: 0, skipped: 0 };
  const names = [
    ...(options.unit || wantsAll ? ['unit'] : []),
    ...(wantsAll ? ['package'] : []),
    ...(wantsEditor ? ['suite'] : []),
    ...(wantsEditor && !process.env.STET_SUITE_ONLY ? ['ui'] : []), // one file of the suite is meant, and no more
  ];
  for (const name of names) {
    if (name === 'ui' && isWindows) {
      say('the tests of keys and screen need VS Code in a browser, which Windows does not have here');
      continue;
    }
    const counts = await runOne(name);
    if (name === 'package') process.env.STET_EXTENSION = (await unpackOwnPackage()) ?? root;
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 ? 0 : 1;
}

/** Runs one runner; a runner that fails without naming a test counts as one failed test. */
async function runOne(name) {
  const { title, args, env, timeoutMs, count } = runners[name];
  console.log(`\n━━ ${title}`);
  let code = 1;
  try {
    ({ code } = await run(process.execPath, args(), {
      cwd: root,
      env: { ...process.env, ...env },
      timeoutMs,
      step: title,
    }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
  }
  const nLeft = sweep(markName, mark);
  if (nLeft > 0) say(`ended ${nLeft} processes that were left running`);
  const report = path.join(reports, name);
  const counts = existsSync(report)
    ? count(readFileSync(report, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0 };
  const isFailure = code !== 0 || counts.passed === 0;
  return isFailure && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

await runMain(main);
