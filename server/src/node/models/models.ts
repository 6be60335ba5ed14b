/** Models: what the command line and the editor can do with models that lie on this machine or could. */

import { downloadModel } from './download.ts';
import { Hub } from './hub.ts';
import { type ListedModel, ModelLibrary } from './library.ts';

export interface ModelsOptions {
  readonly libraryFolder: string;
  readonly host: string;
}

export const models = {
  list: ({ libraryFolder }: ModelsOptions): Promise<ListedModel[]> => new ModelLibrary(libraryFolder).list(),

  /** Resolves to the model's folder. Rejects with EngineError or the signal's reason; goes on where it stopped. */
  async download(
    { libraryFolder, host }: ModelsOptions,
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

  delete: ({ libraryFolder }: ModelsOptions, folder: string): Promise<void> =>
    new ModelLibrary(libraryFolder).delete(folder),
};
