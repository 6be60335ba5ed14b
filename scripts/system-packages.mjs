/** Finds, or installs where it may, what the editor tests need from the system, a Chromium above all. */

// Playwright could download a browser of its own; the system's is taken instead so that the tests
// also run where only the package registries can be reached.

import { existsSync } from 'node:fs';
import { isExecutable, mustRun, onPath, UserError } from './command.mjs';

const chromiumNames = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
];

/** apt's own limit for waiting on another apt, in seconds. */
const lockTimeoutS = 300;

/** A Chromium that playwright-core can drive: CHROMIUM, PATH, then the usual places. */
export function findChromium() {
  const chosen = process.env.CHROMIUM;
  if (chosen) {
    if (!isExecutable(chosen)) throw new UserError(`CHROMIUM=${chosen} is not an executable file.`);
    return chosen;
  }
  return onPath(...chromiumNames) ?? usualPlaces().find(isExecutable);
}

function usualPlaces() {
  const { ProgramFiles, LOCALAPPDATA } = process.env;
  const programs = [ProgramFiles, process.env['ProgramFiles(x86)'], LOCALAPPDATA].filter(Boolean);
  return [
    ...['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    ),
    ...programs.flatMap((folder) => [
      `${folder}\\Google\\Chrome\\Application\\chrome.exe`,
      `${folder}\\Chromium\\Application\\chrome.exe`,
      `${folder}\\Microsoft\\Edge\\Application\\msedge.exe`,
    ]),
  ];
}

/** ripgrep, which VS Code's server calls for workspace.findFiles and search. */
export function findRipgrep() {
  return onPath('rg');
}

/** Makes sure of all; installs them with apt as root on Debian and Ubuntu, else says what to install. */
export async function ensureSystemPackages(say) {
  const missing = [
    ...(findChromium() ? [] : ['chromium', 'fonts-dejavu-core']),
    ...(findRipgrep() ? [] : ['ripgrep']),
    ...(onPath('ps') ? [] : ['procps']), // the suite looks for the processes that it is to kill
  ];
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  const hasApt = existsSync('/etc/debian_version') && onPath('apt-get') !== undefined;
  if (!isRoot || !hasApt) throw new UserError(howToInstall(missing, hasApt));
  say(`installing ${missing.join(', ')} with apt`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const lock = ['-o', `DPkg::Lock::Timeout=${lockTimeoutS}`];
  await aptUpdate(lock, env);
  await mustRun('apt-get', [...lock, 'install', '-y', '--no-install-recommends', ...missing], {
    env,
    timeoutMs: 900_000,
  });
  if (!findChromium() || !findRipgrep()) throw new UserError(howToInstall(missing, true));
}

/** The lists have a lock of their own, which DPkg::Lock::Timeout does not wait for. */
async function aptUpdate(lock, env) {
  for (let nTries = 1; ; nTries++) {
    try {
      await mustRun('apt-get', [...lock, 'update'], { env, timeoutMs: 300_000 });
      return;
    } catch (error) {
      if (nTries === 5 || !/Could not get lock/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10_000));
    }
  }
}

function howToInstall(missing, hasApt) {
  const needs = missing.filter((name) => !name.startsWith('fonts-'));
  const lines = [`The editor tests need ${needs.join(', ')}, which this machine does not have.`];
  if (hasApt) lines.push(`  sudo apt-get install ${missing.join(' ')}`);
  else if (process.platform === 'darwin') lines.push(`  brew install ${needs.join(' ')}`);
  else lines.push(`  install ${needs.join(', ')} with your system's package manager`);
  lines.push('Any Chrome, Chromium or Edge will do: CHROMIUM=/path/to/it names one that was not found.');
  lines.push('`npm test -- --unit` runs everything that needs none of this.');
  return lines.join('\n');
}
