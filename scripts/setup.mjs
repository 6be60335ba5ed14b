/** Makes a fresh clone ready: packages, build and, for the editor tests, a VS Code and a browser. */

// Safe to run at any time and quick when nothing changed. `npm start` and `npm test` call it, so
// nobody has to.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installCodeServer } from './code-server-install.mjs';
import { mustRun, runMain, UserError } from './command.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** package.json's engines.node says the same. */
const oldestNode = 20;

/** Packages and build: all that `npm start` in a terminal and the unit tests need. */
export async function setUp() {
  checkNode();
  await installPackages();
  say('building');
  await mustRun(process.execPath, [path.join(root, 'scripts', 'build.mjs')], {
    cwd: root,
    timeoutMs: 180_000,
    step: 'build',
  });
}

/** The VS Code that runs without a desktop. */
export function setUpVscodeServer() {
  return installCodeServer(root, say);
}

/** What the editor tests need besides: a Chromium and ripgrep, found before VS Code is linked to them. */
export async function setUpEditorTests() {
  await ensureSystemPackages(say);
  return setUpVscodeServer();
}

export function say(text) {
  console.log(`· ${text}`);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= oldestNode) return;
  throw new UserError(
    `Stet needs Node ${oldestNode} or newer, and this is ${process.version}. Install a newer one (nodejs.org, or nvm install ${oldestNode}) and try again.`,
  );
}

async function installPackages() {
  if (isInstalled()) return;
  say('installing packages (npm ci)');
  await mustRun('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    timeoutMs: 600_000,
    step: 'npm ci',
  });
}

/**
 * Whether node_modules holds what package-lock.json says. npm writes node_modules/.package-lock.json
 * as its last act, so after an interrupted install it is missing, and after a pull it differs.
 */
function isInstalled() {
  const installed = readLock(path.join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  const wanted = readLock(path.join(root, 'package-lock.json')) ?? {};
  return Object.entries(wanted).every(([place, { version, optional }]) => {
    if (place === '') return true; // the project itself
    const found = installed[place];
    return found === undefined ? optional === true : found.version === version;
  });
}

function readLock(file) {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined; // half-written: as good as missing
  }
}

async function main() {
  const { values } = parseArgs({ options: { editor: { type: 'boolean', default: false } } });
  await setUp();
  if (values.editor) await setUpEditorTests();
  say('ready');
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(main);
