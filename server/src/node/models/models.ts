/** Models: what the command line and the editor can do with models that lie on this machine or could. */

import { freemem, totalmem } from 'node:os';
import { resolve } from 'node:path';
import type { EngineSpeed } from '../../engine/engine.ts';
import { footprintOf } from '../../engine/model/footprint.ts';
import { knownMachine } from '../../engine/model/speed.ts';
import { readModelFolder } from '../model-files.ts';
import { downloadModel } from './download.ts';
import { Hub } from './hub.ts';
import { ModelLibrary, type RunConditions } from './library.ts';
import type { ListedModel } from './listed-model.ts';
import { SpeedMemory } from './speed-memory.ts';
import { objectionTo, recommendedOf } from './suitability.ts';

export interface ModelsOptions extends RunConditions {
  readonly libraryFolder: string;
  readonly host: string;
  readonly embeddedFolder: string;
  /** The model that runs, wherever it lies. */
  readonly modelFolder: string;
}

export interface ModelList {
  /** The embedded one first, then the one that runs if it is a folder of the user's, then the library's. */
  readonly models: readonly ListedModel[];
  readonly memory: MachineMemory;
  /** Whether this machine was measured with these threads: without that no speed can be predicted. */
  readonly isMeasured: boolean;
}

interface MachineMemory {
  readonly totalBytes: number;
  /** Absent where the system counts what it keeps for later as used (macOS). */
  readonly freeBytes?: number;
}

export const models = {
  async list(options: ModelsOptions): Promise<ModelList> {
    const { embeddedFolder, modelFolder } = options;
    const library = new ModelLibrary(options.libraryFolder, options);
    const embedded = await library.describe(embeddedFolder, 'Embedded model');
    const listed = await library.list();
    const isOther = ({ folder }: ListedModel) => folder !== resolve(modelFolder);
    const isImported = resolve(modelFolder) !== resolve(embeddedFolder) && listed.every(isOther);
    const imported = isImported ? await library.describe(modelFolder) : undefined;
    const all = [
      ...(embedded ? [{ ...embedded, isEmbedded: true }] : []),
      ...(imported ? [imported] : []),
      ...listed,
    ];
    const memory = machineMemory();
    const best = recommendedOf(all, memory.totalBytes);
    return {
      models: all.map((model) => {
        const objection = model.isEmbedded ? undefined : objectionTo(model, memory.totalBytes);
        return { ...model, ...(objection && { objection }), ...(model === best && { isRecommended: true }) };
      }),
      memory,
      isMeasured: (await new SpeedMemory(options.cacheFolder).machine(options)) !== undefined,
    };
  },

  /** Keeps what the running model was found to take. */
  async keepSpeed(options: ModelsOptions, { times, machine }: EngineSpeed): Promise<void> {
    const { format } = options;
    const { config } = await readModelFolder(options.modelFolder);
    const known = machine && knownMachine(machine, footprintOf(config, format), times);
    await new SpeedMemory(options.cacheFolder).keep(options, config, format, times, known);
  },

  /** Resolves to the model's folder. Rejects with EngineError or the signal's reason; goes on where it stopped. */
  async download(
    { libraryFolder, host }: Pick<ModelsOptions, 'libraryFolder' | 'host'>,
    repo: string,
    proxy: string | undefined,
    signal: AbortSignal,
    onProgress: (doneBytes: number, totalBytes: number) => void,
  ): Promise<string> {
    const hub = new Hub({ host, ...(proxy && { proxy }) });
    try {
      const folder = new ModelLibrary(libraryFolder).folderOf(repo);
      await downloadModel({ hub, repo, folder, signal, onProgress });
      return folder;
    } finally {
      await hub.close();
    }
  },

  delete: ({ libraryFolder }: Pick<ModelsOptions, 'libraryFolder'>, folder: string): Promise<void> =>
    new ModelLibrary(libraryFolder).delete(folder),
};

function machineMemory(): MachineMemory {
  const totalBytes = totalmem();
  return process.platform === 'darwin' ? { totalBytes } : { totalBytes, freeBytes: freemem() };
}
