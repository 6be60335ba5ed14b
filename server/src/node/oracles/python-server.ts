/** The bundled pyright: how it is started so that it reads Python and runs nothing. */

// Pyright would ask a Python interpreter for its search paths, run with the workspace as working
// folder. Ours can start no program at all (no-children.cjs), finds packages of virtual environments
// by their folders, and knows the standard library from its own copy of typeshed. So it may run in
// workspaces that are not trusted.

import { join } from 'node:path';
import type { ListTraits } from './completion-names.ts';
import { sitePackages } from './on-disk.ts';
import type { ServerLaunch } from './server-child.ts';

export const pyrightName = 'pyright';
export const pyrightLanguages = ['python'];
export const pythonRootMarkers = [
  'pyrightconfig.json',
  'pyproject.toml',
  'setup.py',
  'setup.cfg',
  'requirements.txt',
  '.git',
];
/** Read in pyright 1.1.414 (`setCompletionIncomplete`): it says `isIncomplete` so that editors ask again. */
export const pyrightTraits: ListTraits = { keywordsMeanNoMembers: true, isAlwaysWhole: true };

export interface PyrightFiles {
  /** The folder of pyright's package: `langserver.index.js` and `dist`. */
  readonly pyrightFolder: string;
  /** no-children.cjs. */
  readonly preload: string;
}

export async function pyrightLaunch(
  { pyrightFolder, preload }: PyrightFiles,
  root: string | undefined,
  memoryMb: number,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ServerLaunch> {
  const extraPaths = root === undefined ? [] : await sitePackages(root, environment);
  return {
    command: process.execPath,
    args: [
      `--max-old-space-size=${memoryMb}`,
      '--require',
      preload,
      join(pyrightFolder, 'langserver.index.js'),
      '--stdio',
    ],
    // Inside VS Code `execPath` is Electron; and without PATH there is no interpreter to be found.
    env: { ...environment, ELECTRON_RUN_AS_NODE: '1', PATH: '', NODE_OPTIONS: '' },
    root,
    settings: {
      python: {
        analysis: {
          diagnosticMode: 'openFilesOnly',
          autoSearchPaths: true,
          autoImportCompletions: true, // what an accepted text lacks is found in it (python-imports.ts)
          indexing: false,
          useLibraryCodeForTypes: true,
          typeCheckingMode: 'basic',
          extraPaths,
          logLevel: 'Error',
        },
      },
      pyright: { disableTaggedHints: true, disableOrganizeImports: true },
    },
  };
}
