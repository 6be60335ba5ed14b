/** What oracles look up on disk without running anything: programs on PATH, project folders, Python packages. */

import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A project further up than this is none. */
const maxLevels = 24;

/** The absolute path of `program`; undefined when PATH has it not. Relative entries of PATH are never looked at. */
export async function programOnPath(
  program: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const isWindows = process.platform === 'win32';
  const extensions = isWindows ? ['.exe', '.cmd', '.bat', ''] : [''];
  const folders = isAbsolute(program)
    ? ['']
    : (environment.PATH ?? environment.Path ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  if (!isAbsolute(program) && /[\\/]/.test(program)) return undefined; // relative to whatever folder we are in
  for (const folder of folders) {
    for (const extension of extensions) {
      const file = folder ? join(folder, program + extension) : program + extension;
      if (await isProgram(file)) return file;
    }
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/**
 * The nearest folder above the document that holds one of `markers`. Undefined for documents that are
 * not on disk, and where only the home folder or the root would be left: those are no projects.
 */
export async function projectRoot(uri: string, markers: readonly string[]): Promise<string | undefined> {
  const file = pathOf(uri);
  if (file === undefined) return undefined;
  let folder = dirname(file);
  for (let level = 0; level < maxLevels; level++) {
    const parent = dirname(folder);
    if (folder === homedir() || folder === parent) return undefined;
    for (const marker of markers) if (await exists(join(folder, marker))) return folder;
    folder = parent;
  }
  return undefined;
}

/** Folders of third-party packages in the virtual environments that `root` has, found by their custom names. */
export async function sitePackages(
  root: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string[]> {
  const candidates = ['.venv', 'venv', 'env'].map((name) => join(root, name));
  if (environment.VIRTUAL_ENV) candidates.push(environment.VIRTUAL_ENV);
  const found: string[] = [];
  for (const candidate of candidates) {
    if (!(await exists(join(candidate, 'pyvenv.cfg')))) continue;
    const onWindows = join(candidate, 'Lib', 'site-packages');
    if (await exists(onWindows)) found.push(onWindows);
    const versions = await readdir(join(candidate, 'lib')).catch(() => []);
    for (const version of versions.filter((name) => /^(python|pypy)3/.test(name))) {
      const folder = join(candidate, 'lib', version, 'site-packages');
      if (await exists(folder)) found.push(folder);
    }
  }
  return found;
}

function pathOf(uri: string): string | undefined {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : undefined;
  } catch {
    return undefined; // a URI with a host, or with an encoded slash
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
