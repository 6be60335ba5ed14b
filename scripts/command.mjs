/** Runs other programs with a time limit and leaves none of them behind. */

// Every script here starts programs that start programs (npm, VS Code's server, Chromium). Each one
// gets its own process group, so that a time-out, Ctrl+C or a crash of the script ends the whole
// family and not only its head.

import { spawn } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const isWindows = process.platform === 'win32';

/** How long a program may take to end by itself after SIGTERM, before SIGKILL. */
const graceMs = 5_000;

/** A failure that the person at the terminal can act on: printed without a stack trace. */
export class UserError extends Error {}

/** Everything that runs now; the exit hook below ends what is left. */
const running = new Set();

/** Ends a program and all that it started. */
export function killFamily(child, signal = 'SIGKILL') {
  if (child.pid === undefined) return;
  try {
    if (isWindows) spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
    else process.kill(-child.pid, signal);
  } catch {
    // Already gone: that is what was asked for.
  }
}

process.on('exit', () => {
  for (const child of running) killFamily(child);
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  // scripts/start.mjs, for which Ctrl+C is the proper end, replaces this listener.
  process.on(signal, () => endAll().then(() => process.exit(code)));
}

/** Asks every program to end, so that it can end its own; the exit hook takes what is left. */
async function endAll() {
  const ends = [...running].map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of running) killFamily(child, 'SIGTERM');
  await Promise.race([Promise.all(ends), new Promise((resolve) => setTimeout(resolve, graceMs))]);
}

/** Starts a program as the head of its own process group; it is ended with this process at the latest. */
export function startFamily(file, args, options = {}) {
  // npm and code are .cmd files on Windows, which only a shell can start.
  const shell = isWindows && !/\.exe$/i.test(file);
  const child = spawn(file, args, { detached: !isWindows, shell, ...options });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/**
 * Runs a program to its end and gives back its exit code and, with `capture`, its output.
 * Past `timeoutMs` it is ended and the promise is rejected with the name of the step.
 */
export function run(file, args, { timeoutMs, capture = false, step, ...options }) {
  const name = step ?? [path.basename(file), ...args].join(' ');
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', ...(capture ? ['pipe', 'pipe'] : ['inherit', 'inherit'])];
    const child = startFamily(file, args, { stdio, ...options });
    let output = '';
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      killFamily(child, 'SIGTERM');
      setTimeout(() => killFamily(child), graceMs).unref();
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(limit);
      reject(new UserError(`${name}: ${error.message}`));
    });
    child.once('exit', () => killFamily(child)); // whatever the head left running in its group
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      if (isLate) {
        const tail = output.slice(-2000);
        reject(new UserError(`${name}: not done after ${timeoutMs / 1000} s, ended.\n${tail}`));
      } else resolve({ code: code ?? 1, signal, output });
    });
  });
}

/** As `run`, for a step that must succeed: its output is shown only when it does not. */
export async function mustRun(file, args, options) {
  const { code, output } = await run(file, args, { capture: true, ...options });
  if (code !== 0) {
    const name = options.step ?? [path.basename(file), ...args].join(' ');
    throw new UserError(`${name} failed with exit code ${code}:\n${headAndTail(output)}`);
  }
  return output;
}

/** Tools say what is wrong at the beginning or at the end, and their usage in between. */
function headAndTail(text, nHead = 15, nTail = 25) {
  const lines = text.trimEnd().split('\n');
  if (lines.length <= nHead + nTail) return lines.join('\n');
  return [...lines.slice(0, nHead), '…', ...lines.slice(-nTail)].join('\n');
}

/** The first of these programs that PATH has, as a full path. */
export function onPath(...names) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const endings = isWindows ? ['.exe', '.cmd', ''] : [''];
  for (const name of names) {
    for (const folder of folders) {
      for (const ending of endings) {
        const file = path.join(folder, name + ending);
        if (isExecutable(file)) return file;
      }
    }
  }
  return undefined;
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends processes that left their group but still carry `NAME=value` in their environment, and gives
 * back how many there were. Linux only: elsewhere nothing is looked for.
 */
export function sweep(variable, value) {
  if (process.platform !== 'linux') return 0;
  const mark = `${variable}=${value}`;
  let nEnded = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0').includes(mark)) continue;
      process.kill(Number(entry), 'SIGKILL');
      nEnded += 1;
    } catch {
      // Gone in the meantime, or not ours to read.
    }
  }
  return nEnded;
}

/** Runs a script's main function: a UserError ends it with one clear line, anything else with a stack. */
export async function runMain(main) {
  try {
    process.exit(await main());
  } catch (error) {
    const isWrongOption = String(error?.code).startsWith('ERR_PARSE_ARGS_');
    if (isWrongOption) console.error(`${error.message}\n--help lists the options.`);
    else console.error(error instanceof UserError ? `\n${error.message}` : error);
    process.exit(1);
  }
}
