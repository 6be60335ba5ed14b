/** modelHandlers: the requests behind “Stet: Choose Model…”: list, download, delete. */

import type { Connection } from 'vscode-languageserver/node';
import {
  type DeleteModelParams,
  type DownloadModelParams,
  type DownloadProgressParams,
  deleteModelRequest,
  downloadModelRequest,
  downloadProgressNotification,
  type ModelsResponse,
  measureModelRequest,
  modelsRequest,
} from '../../../protocol/messages.ts';
import { guardCommand } from './guard.ts';
import type { Reporter } from './reporter.ts';

/** Made real by node/models, for the settings as they are. */
export interface Models {
  list(): Promise<ModelsResponse>;
  /** Measures the running model and this machine, and keeps that. Rejects with EngineError or the signal's reason. */
  measure(signal: AbortSignal): Promise<void>;
  download(
    repo: string,
    proxy: string | undefined,
    signal: AbortSignal,
    onProgress: (doneBytes: number, totalBytes: number) => void,
  ): Promise<string>;
  delete(folder: string): Promise<void>;
}

/** Progress is sent this often at most. */
const progressMs = 200;

export function attachModelHandlers(connection: Connection, reporter: Reporter, models: () => Models): void {
  const answer = <P>(method: string, handle: (params: P, signal: AbortSignal) => Promise<unknown>) =>
    connection.onRequest(method, guardCommand<P, unknown>(method, reporter, handle));

  answer(modelsRequest, () => models().list());
  answer(measureModelRequest, async (_, signal) => {
    await models().measure(signal);
    return models().list();
  });
  answer(downloadModelRequest, async ({ repo, proxy }: DownloadModelParams, signal) => {
    let sentMs = 0;
    const onProgress = (doneBytes: number, totalBytes: number) => {
      if (Date.now() - sentMs < progressMs && doneBytes < totalBytes) return;
      sentMs = Date.now();
      const params: DownloadProgressParams = { repo, doneBytes, totalBytes };
      void connection.sendNotification(downloadProgressNotification, params);
    };
    return models().download(String(repo), proxy || undefined, signal, onProgress);
  });
  answer(deleteModelRequest, async ({ folder }: DeleteModelParams) => {
    await models().delete(String(folder));
    return null;
  });
}
