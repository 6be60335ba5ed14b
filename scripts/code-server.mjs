/** Starts VS Code's server for a browser on this machine: used by `npm start` and by the editor tests. */

// VS Code's own server-main.js is started, not code-server's wrapper: the wrapper needs a compiled
// argon2 and does not know --enable-smoke-test-driver.

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { killFamily, startFamily, UserError } from './command.mjs';

/** Settings without which a fresh VS Code asks questions, shows tours and calls out. */
export const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'files.autoSave': 'off', // in a browser VS Code would save by itself
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'security.workspace.trust.enabled': false,
  'npm.autoDetect': 'off',
  'typescript.disableAutomaticTypeAcquisition': true,
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
};

/** The server says this on its standard output once it takes connections. */
const listening = /Extension host agent listening on (\d+)/;
const startTimeoutMs = 60_000;
/** How long the server may take to end its extension hosts before it is killed. */
const stopTimeoutMs = 3_000;
/** A Unix socket's path has at most 107 characters, and VS Code's names take up to 57 of them. */
const maxSocketFolderLength = 50;

/**
 * Starts the server and waits until it answers.
 * `plan` is codeServerPlan's; `home` holds all that VS Code keeps (settings, extensions, logs).
 */
export async function startCodeServer({ plan, home, port = 0, settings, token, isTest = false, env = {} }) {
  writeSettings(path.join(home, 'user', 'User'), settings);
  const logFile = path.join(home, 'server.log');
  const log = openSync(logFile, 'w');
  const args = [
    path.join(plan.vscode, 'out', 'server-main.js'),
    '--accept-server-license-terms',
    ...['--server-data-dir', path.join(home, 'server')],
    ...['--user-data-dir', path.join(home, 'user')],
    ...['--extensions-dir', path.join(home, 'extensions')],
    ...['--host', '127.0.0.1', '--port', String(port)],
    ...(token ? ['--connection-token', token] : ['--without-connection-token']),
    ...['--telemetry-level', 'off', '--disable-telemetry', '--disable-workspace-trust'],
    // Newer versions load an extension under development from the page's address only with this.
    '--enable-smoke-test-driver',
  ];
  const child = startFamily(plan.node, args, {
    env: serverEnvironment(home, isTest, env),
    stdio: ['ignore', log, log],
    cwd: home,
  });
  closeSync(log);
  const hasEnded = new Promise((resolve) => child.once('close', resolve));
  const actualPort = await waitForPort(child, hasEnded, logFile);
  const origin = `http://127.0.0.1:${actualPort}`;
  return {
    origin,
    logFile,
    hasEnded,
    address: (query) => addressOf(origin, token, query),
    /** How the page names a file on the server's side. */
    remote: (file) => `vscode-remote://127.0.0.1:${actualPort}${encodeURI(file)}`,
    async stop() {
      killFamily(child, 'SIGTERM');
      await Promise.race([hasEnded, new Promise((resolve) => setTimeout(resolve, stopTimeoutMs))]);
      killFamily(child);
      await hasEnded;
    },
  };
}

/** code-server keeps the user's settings on the server: this file is what the workbench reads. */
function writeSettings(folder, settings) {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'settings.json');
  if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(settings, undefined, 2)}\n`);
}

function serverEnvironment(home, isTest, extra) {
  // A script run from a terminal inside VS Code must not hand that VS Code's variables on.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|CODE_SERVER_)|^(NODE_OPTIONS|NODE_ENV|PORT)$/.test(name),
  );
  const env = Object.fromEntries(inherited);
  // With an empty gallery neither the server nor the page asks a marketplace for anything.
  env.EXTENSIONS_GALLERY = JSON.stringify({ serviceUrl: '' });
  if (isTest) {
    const own = path.join(home, 'home');
    env.HOME = own;
    env.XDG_CONFIG_HOME = path.join(own, '.config');
    env.XDG_DATA_HOME = path.join(own, '.local', 'share');
    env.XDG_CACHE_HOME = path.join(own, '.cache');
    mkdirSync(own, { recursive: true });
  }
  const sockets = path.join(home, 'run');
  if (sockets.length <= maxSocketFolderLength) {
    mkdirSync(sockets, { recursive: true, mode: 0o700 });
    env.XDG_RUNTIME_DIR = sockets; // otherwise VS Code's sockets stay behind in the system's folder
  }
  return { ...env, ...extra };
}

async function waitForPort(child, hasEnded, logFile) {
  let isOver = false;
  hasEnded.then(() => {
    isOver = true;
  });
  for (const start = Date.now(); Date.now() - start < startTimeoutMs; ) {
    const text = readFileSync(logFile, 'utf8');
    const port = listening.exec(text)?.[1];
    if (port) return Number(port);
    if (/EADDRINUSE/.test(text)) {
      killFamily(child);
      throw new UserError('That port is in use. Choose another with --port, or 0 for any free one.');
    }
    if (isOver) throw new UserError(`VS Code's server ended at once:\n${text.slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  killFamily(child);
  throw new UserError(`VS Code's server was not up after ${startTimeoutMs / 1000} s. Its log: ${logFile}`);
}

/** The workbench's address; `payload` pairs are VS Code's own (openFile, extensionDevelopmentPath …). */
function addressOf(origin, token, { folder, payload = [] }) {
  const url = new URL(origin);
  if (token) url.searchParams.set('tkn', token);
  if (folder) url.searchParams.set('folder', folder);
  else url.searchParams.set('ew', 'true'); // an empty window
  if (payload.length > 0) url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}
