/** Puts VS Code's own server, from the npm package code-server, into the repository's cache folder. */

// It is the only VS Code that the npm registry has, so it also works where VS Code itself cannot be
// downloaded. It is no devDependency: its post-install script refuses root, wants one major version
// of Node, and fetches binaries from elsewhere. Nothing of it is compiled or run at install time:
// without its native logger and watchdog everything that we use works.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mustRun, UserError } from './command.mjs';
import { findRipgrep } from './system-packages.mjs';

/** Each code-server wants one major version of Node: the newest one known to work with each. */
const versionForNode = new Map([
  [20, '4.100.3'],
  [22, '4.117.0'],
  [24, '4.139.1'],
]);

/** The Node that is fetched beside code-server when this one's major version is not in the table. */
const fallbackNode = '22.23.3';

/**
 * What this machine needs: the version, the folder, and the Node that runs it.
 * `nodeVersion` is undefined when the Node that runs this script will do.
 */
export function codeServerPlan(root, nodeMajor = Number(process.versions.node.split('.')[0])) {
  const own = versionForNode.get(nodeMajor);
  const version = own ?? versionForNode.get(22);
  const folder = path.join(root, '.cache', `code-server-${version}${own ? '' : '-node'}`);
  const nodePackage = `node-linux-${process.arch}`;
  return {
    version,
    folder,
    nodePackage,
    nodeVersion: own ? undefined : fallbackNode,
    node: own ? process.execPath : path.join(folder, 'node_modules', nodePackage, 'bin', 'node'),
    vscode: path.join(folder, 'node_modules', 'code-server', 'lib', 'vscode'),
  };
}

/** Installs what is missing. An interrupted install leaves only a folder that the next one removes. */
export async function installCodeServer(root, say) {
  if (process.platform === 'win32') {
    throw new UserError(
      'VS Code in the browser is not supported on Windows here. Install VS Code and its `code` command instead.',
    );
  }
  const plan = codeServerPlan(root);
  if (existsSync(plan.folder)) return plan;
  say(`installing VS Code's server (code-server ${plan.version}) into .cache, once`);
  const temporary = `${plan.folder}.part-${process.pid}`;
  removeLeftovers(plan.folder);
  mkdirSync(temporary, { recursive: true });
  try {
    await installInto(temporary, plan);
    renameSync(temporary, plan.folder);
  } catch (error) {
    // Another run in the same tree may have been faster; its folder is as good as ours.
    if (!existsSync(plan.folder)) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return plan;
}

async function installInto(folder, plan) {
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  const wanted = [`code-server@${plan.version}`];
  if (plan.nodeVersion) wanted.push(`${plan.nodePackage}@${plan.nodeVersion}`);
  await npmInstall(folder, ...wanted);
  const vscode = path.join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  // VS Code's server and its built-in extensions have package files of their own, with their own lock.
  await npmInstall(vscode, '--omit=dev');
  await npmInstall(path.join(vscode, 'extensions'), '--omit=dev');
  // 250 MB of agents that newer versions carry; nothing here uses them.
  for (const name of readIfThere(path.join(vscode, 'node_modules', '@github'))) {
    if (name.startsWith('copilot')) {
      rmSync(path.join(vscode, 'node_modules', '@github', name), { recursive: true });
    }
  }
  linkWhatPostInstallWould(vscode);
}

/** What code-server's own post-install script does besides compiling, plus the system's ripgrep. */
function linkWhatPostInstallWould(vscode) {
  const links = [
    ['node_modules', 'node_modules.asar'],
    ['code-linux.sh', 'bin/remote-cli/code-server'],
    ['browser-linux.sh', 'bin/helpers/browser.sh'],
  ];
  const ripgrep = findRipgrep();
  const ripgrepPackage = path.join(vscode, 'node_modules', '@vscode', 'ripgrep');
  if (ripgrep && existsSync(ripgrepPackage)) {
    mkdirSync(path.join(ripgrepPackage, 'bin'), { recursive: true });
    links.push([ripgrep, 'node_modules/@vscode/ripgrep/bin/rg']);
  }
  for (const [target, link] of links) {
    const file = path.join(vscode, link);
    if (!existsSync(path.dirname(file))) continue;
    rmSync(file, { force: true });
    symlinkSync(target, file);
  }
}

function npmInstall(folder, ...what) {
  return mustRun('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...what], {
    cwd: folder,
    timeoutMs: 600_000,
    step: `npm install ${what.join(' ')} in ${folder}`,
  });
}

/** Folders of installs that were interrupted, unless their process is still at work. */
function removeLeftovers(folder) {
  for (const name of readIfThere(path.dirname(folder))) {
    const pid = /\.part-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    rmSync(path.join(path.dirname(folder), name), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readIfThere(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}
