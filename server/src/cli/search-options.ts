/** The command-line options of search, and the index that the commands hold in their own process. */

import { resolve } from 'node:path';
import { defaultSettings } from '../../../protocol/settings.ts';
import { EngineError } from '../engine/base/error.ts';
import type { SearchRoot } from '../engine/search/code-search.ts';
import { LocalSearch } from '../node/search/local-search.ts';
import { installFolder, stderrTracer } from './model-options.ts';

export const searchOptions = {
  folder: { type: 'string', multiple: true, default: ['.'] as string[] },
  exclude: { type: 'string', multiple: true, default: [] as string[] },
  'index-folder': { type: 'string' },
} as const;

export const searchOptionHelp = [
  '--folder FOLDER      the folder that is searched; may be given several times (default: this one)',
  '--exclude GLOB       leave files out; may be given several times',
  '--index-folder PATH  where indexes are kept',
];

interface SearchValues {
  readonly folder: readonly string[];
  readonly exclude: readonly string[];
  readonly 'index-folder'?: string | undefined;
  readonly verbose: boolean;
}

/** Absolute, with forward slashes. */
export function rootsOf(folders: readonly string[]): SearchRoot[] {
  return folders.map((folder) => {
    const path = resolve(folder).replaceAll('\\', '/');
    return { path, name: path.split('/').at(-1) || path };
  });
}

/** The index of these folders, up to date. Rejects with EngineError. */
export async function openSearch(folders: readonly string[], options: SearchValues): Promise<LocalSearch> {
  const isTerminal = process.stderr.isTTY;
  const search = new LocalSearch({
    modelFolder: `${installFolder()}/model`,
    grammarsFolder: `${installFolder()}/grammars`,
    tracer: stderrTracer(options.verbose),
    onStatus: ({ detail }) => void (isTerminal && process.stderr.write(`\r\u001b[K${detail}`)),
  });
  const settings = defaultSettings();
  search.open(rootsOf(folders), {
    isEnabled: true,
    exclude: [...settings['search.exclude'], ...options.exclude],
    maxFileSizeKb: settings['search.maxFileSizeKb'],
    maxFiles: settings['search.maxFiles'],
    indexFolder: options['index-folder'] ? resolve(options['index-folder']) : '',
  });
  await search.settled();
  if (isTerminal) process.stderr.write('\r\u001b[K');
  if (search.status.state === 'error') {
    const { detail } = search.status;
    await search.dispose();
    throw new EngineError('index-unavailable', detail);
  }
  return search;
}
