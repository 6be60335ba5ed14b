/** shareFileOf: the lock by which windows find the process that has their model, named after all that must be the same. */

import { createHash } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { EngineProcessOptions } from '../engine-wire.ts';
import { threadCount } from '../places.ts';

/** What each window may have its own of: it is no part of the model. */
const ofTheWindow: ReadonlySet<string> = new Set<keyof EngineProcessOptions>([
  'shareFolder',
  'environment',
  'grammarsFolder',
  'cacheMemoryMb',
]);

/**
 * Other files (another model, or another version of Stet), another format or number of threads give another name. Files
 * are told apart by size and time, which is enough to tell that they were replaced. Rejects where the
 * model is not to be seen.
 */
export async function shareFileOf(
  folder: string,
  enginePath: string,
  options: EngineProcessOptions,
): Promise<string> {
  const { modelFolder, threads, ...rest } = options;
  const common = Object.entries(rest).filter(([name]) => !ofTheWindow.has(name));
  const model = await realpath(modelFolder);
  const names = (await readdir(model)).sort();
  const identity = [
    hostname(), // a home folder may be on a network
    process.execPath,
    await stampOf(await realpath(enginePath)),
    await Promise.all(names.map((name) => stampOf(join(model, name)))),
    threadCount(threads),
    common.sort(),
  ];
  const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  return join(folder, `engine-${hash.slice(0, 16)}.lock`);
}

async function stampOf(file: string) {
  const { size, mtimeMs } = await stat(file);
  return [file, size, mtimeMs];
}
