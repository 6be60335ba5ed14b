/** modelHandlers: the requests behind “Stet: Choose Model…”: list, download, delete. */

import type { Connection } from 'vscode-languageserver/node';
import {
  type DeleteModelParams,
  type DownloadModelParams,
  type DownloadProgressParams,
  deleteModelRequest,
  downloadModelRequest,
  downloadProgressNotification,
  type ListedModelParams,
  type ModelsResponse,
  modelsRequest,
} from '../../../protocol/messages.ts';
import { guardCommand } from './guard.ts';
import type { Reporter } from './reporter.ts';

/** Where models are kept, and where they are downloaded from. */
export interface ModelPlaces {
  readonly libraryFolder: string;
  readonly host: string;
}

/** Made real by node/models. */
export interface Models {
  list(places: ModelPlaces): Promise<ListedModelParams[]>;
  download(
    places: ModelPlaces,
    repo: string,
    proxy: string | undefined,
    signal: AbortSignal,
    onProgress: (doneBytes: number, totalBytes: number) => void,
  ): Promise<string>;
  delete(places: ModelPlaces, folder: string): Promise<void>;
}

/** Progress is sent this often at most. */
const progressMs = 200;

export function attachModelHandlers(
  connection: Connection,
  reporter: Reporter,
  models: Models,
  places: () => ModelPlaces,
): void {
  const answer = <P>(method: string, handle: (params: P, signal: AbortSignal) => Promise<unknown>) =>
    connection.onRequest(method, guardCommand<P, unknown>(method, reporter, handle));

  answer(modelsRequest, async (): Promise<ModelsResponse> => {
    return { models: await models.list(places()), ...places() };
  });
  answer(downloadModelRequest, async ({ repo, proxy }: DownloadModelParams, signal) => {
    let sentMs = 0;
    const onProgress = (doneBytes: number, totalBytes: number) => {
      if (Date.now() - sentMs < progressMs && doneBytes < totalBytes) return;
      sentMs = Date.now();
      const params: DownloadProgressParams = { repo, doneBytes, totalBytes };
      void connection.sendNotification(downloadProgressNotification, params);
    };
    return models.download(places(), String(repo), proxy || undefined, signal, onProgress);
  });
  answer(deleteModelRequest, async ({ folder }: DeleteModelParams) => {
    await models.delete(places(), String(folder));
    return null;
  });
}
