/** `npm start`: from a fresh clone to a VS Code with Stet in it, with one completion on the way. */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { quietSettings, startCodeServer } from './code-server.mjs';
import { mustRun, onPath, run, runMain, UserError } from './command.mjs';
import { root, say, setUp, setUpVscodeServer } from './setup.mjs';

const usage = `npm start -- [options]

  --once       end after the completion in the terminal
  --browser    VS Code in the browser even if a desktop VS Code is there
  --port N     the browser's VS Code listens here (default: any free port), on 127.0.0.1 only
  --help
`;

const cli = path.join(root, 'dist', 'cli.cjs');

/** A real file of this repository, and the text behind which the cursor stands. */
const demo = {
  file: 'server/src/engine/text/line-index.ts',
  behind: 'constructor(private readonly text: string) {',
};

async function main() {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  await setUp();
  await completeOnce();
  if (options.once) return 0;
  return hasDesktop() && !options.browser ? openDesktop() : serveInBrowser(Number(options.port));
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      browser: { type: 'boolean', default: false },
      port: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65535) {
    throw new UserError(`--port takes a number from 0 to 65535.\n\n${usage}`);
  }
  return values;
}

/** Prepares the model for this machine and shows what it writes at one place. */
async function completeOnce() {
  say('preparing the model');
  const imported = await mustRun(process.execPath, [cli, 'model', 'import', path.join(root, 'model')], {
    cwd: root,
    timeoutMs: 300_000,
    step: 'preparing the model',
  });
  process.stdout.write(imported);
  const at = placeOf(demo);
  console.log(`\n$ npx stet complete ${at}\n`);
  const { code } = await run(process.execPath, [cli, 'complete', at], { cwd: root, timeoutMs: 120_000 });
  if (code !== 0) throw new UserError(`The completion failed with exit code ${code}.`);
}

/** FILE:LINE:COL, both counted from 1. */
function placeOf({ file, behind }) {
  const text = readFileSync(path.join(root, file), 'utf8');
  const at = text.indexOf(behind);
  const offset = at < 0 ? text.indexOf('{\n') + 1 : at + behind.length; // the file may have moved on
  const lines = text.slice(0, offset).split('\n');
  return `${file}:${lines.length}:${lines.at(-1).length + 1}`;
}

/** Whether `code` would open a window in front of the person who typed `npm start`. */
function hasDesktop() {
  if (!onPath('code')) return false;
  if (process.env.VSCODE_IPC_HOOK_CLI) return false; // a remote terminal: its window is elsewhere
  if (process.platform !== 'linux') return true;
  const isRoot = process.getuid() === 0; // VS Code refuses root
  return !isRoot && Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

async function openDesktop() {
  say('opening VS Code with Stet loaded (--browser opens one in the browser instead)');
  await mustRun(onPath('code'), [`--extensionDevelopmentPath=${root}`, root], { timeoutMs: 60_000 });
  return 0;
}

/** Serves VS Code until Ctrl+C. */
async function serveInBrowser(port) {
  const plan = await setUpVscodeServer();
  const server = await startCodeServer({
    plan,
    home: path.join(root, '.cache', 'browser'),
    port,
    settings: quietSettings,
    // Anyone who can open a page of this server can run programs: only who has the address may.
    token: randomBytes(16).toString('hex'),
  });
  const file = path.join(root, demo.file);
  const payload = [
    ['extensionDevelopmentPath', server.remote(root)],
    ['openFile', server.remote(file)],
  ];
  console.log(
    `\nVS Code with Stet is here, until Ctrl+C:\n\n  ${server.address({ folder: root, payload })}\n`,
  );
  const interrupted = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.removeAllListeners(signal); // command.mjs would end at once, with another exit code
      process.on(signal, () => resolve('interrupted'));
    }
  });
  const reason = await Promise.race([interrupted, server.hasEnded]);
  if (reason !== 'interrupted') {
    throw new UserError(`VS Code's server ended by itself. Its log: ${server.logFile}`);
  }
  say('stopping');
  await server.stop();
  return 0;
}

await runMain(main);
