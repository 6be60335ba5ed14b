/** Places: where this machine keeps caches, and how many threads suit it. */

import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';

/** The user's cache folder for converted models, by the platform's custom. */
export function userCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (process.platform === 'win32') {
    return join(environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'stet', 'models');
  }
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'stet', 'models');
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'stet', 'models');
}

/** The user's cache folder for search indexes, beside the one for models. */
export function userIndexFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(userCacheFolder(environment), '..', 'search');
}

/** Where downloaded models are kept: data, since downloading gigabytes again is no small thing. */
export function userModelLibrary(environment: NodeJS.ProcessEnv = process.env): string {
  if (process.platform === 'win32') {
    return join(environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'stet', 'library');
  }
  if (process.platform === 'darwin')
    return join(homedir(), 'Library', 'Application Support', 'stet', 'library');
  return join(environment.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'stet', 'library');
}

/** More threads than this only heat the laptop: small models are bound by memory, not by cores. */
const maxThreads = 4;

/** The thread setting made concrete: 0 leaves half of the cores to the editor, but takes two if there are two. */
export function threadCount(setting: number): number {
  if (setting > 0) return setting;
  const nCore = availableParallelism();
  return Math.max(1, Math.min(maxThreads, nCore <= 2 ? nCore : Math.ceil(nCore / 2)));
}
