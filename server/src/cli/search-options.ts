/** The command-line options of search, and the index that the commands hold in their own process. */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { defaultSettings } from '../../../protocol/settings.ts';
import { EngineError } from '../engine/base/error.ts';
import type { SearchRoot } from '../engine/search/code-search.ts';
import { LocalSearch } from '../node/search/local-search.ts';
import { UsageError } from './command.ts';
import { installFolder, stderrTracer } from './model-options.ts';

/** The environment variable with the connection string; a command line would show it to everybody. */
const databaseVariable = defaultSettings()['search.postgres.connectionVariable'];

export const searchOptions = {
  folder: { type: 'string', multiple: true, default: ['.'] as string[] },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
  'index-folder': { type: 'string' },
  backend: { type: 'string', default: 'sqlite' },
} as const;

export const searchOptionHelp = [
  '--folder FOLDER      the folder that is searched; may be given several times (default: this one)',
  '--exclude GLOB       leave files out; may be given several times',
  '--index-folder PATH  where indexes are kept',
  `--backend NAME       sqlite (default), or postgres: the database that ${databaseVariable} names`,
];

interface SearchValues {
  readonly folder: readonly string[];
  readonly exclude: readonly string[];
  readonly 'index-folder'?: string | undefined;
  readonly backend: string;
  readonly verbose: boolean;
}

/** Absolute, with forward slashes. */
export function rootsOf(folders: readonly string[]): SearchRoot[] {
  return folders.map((folder) => {
    const path = resolve(folder).replaceAll('\\', '/');
    return { path, name: path.split('/').at(-1) || path };
  });
}

/** The index of these folders, which begins to come up to date. Problems are its status. */
export function startSearch(folders: readonly string[], options: SearchValues): LocalSearch {
  const { backend } = options;
  if (backend !== 'sqlite' && backend !== 'postgres') {
    throw new UsageError('--backend is sqlite or postgres.');
  }
  const roots = rootsOf(folders);
  const missing = roots.find(({ path }) => !statSync(path, { throwIfNoEntry: false })?.isDirectory());
  if (missing) throw new UsageError(`There is no folder ${missing.path}.`, false);
  const isTerminal = process.stderr.isTTY;
  const search = new LocalSearch({
    modelFolder: `${installFolder()}/model`,
    grammarsFolder: `${installFolder()}/grammars`,
    tracer: stderrTracer(options.verbose),
    onStatus: ({ detail }) => void (isTerminal && process.stderr.write(`\r\u001b[K${detail}`)),
  });
  const settings = defaultSettings();
  search.open(roots, {
    isEnabled: true,
    exclude: [...settings['search.exclude'], ...options.exclude],
    maxFileSizeKb: settings['search.maxFileSizeKb'],
    maxFiles: settings['search.maxFiles'],
    indexFolder: options['index-folder'] ? resolve(options['index-folder']) : '',
    ...(backend === 'postgres' && { database: process.env[databaseVariable] ?? '' }),
  });
  return search;
}

/** The same, up to date. Rejects with EngineError. */
export async function openSearch(folders: readonly string[], options: SearchValues): Promise<LocalSearch> {
  const search = startSearch(folders, options);
  await search.settled();
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (search.status.state === 'error') {
    const { detail } = search.status;
    await search.dispose();
    throw new EngineError('index-unavailable', detail);
  }
  return search;
}
