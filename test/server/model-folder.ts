/** A tiny model on disk for a test file, with a cache of its own; removed afterwards. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TinyModelOptions, writeTinyModel } from '../fixtures/tiny-model.ts';

export interface ModelFolder {
  readonly folder: string;
  /** Settings that name it. */
  readonly settings: Record<string, unknown>;
  /** A path beside the model, for whatever a test needs on disk. */
  path(name: string): string;
  remove(): void;
}

export async function tinyModelFolder(options: TinyModelOptions = {}): Promise<ModelFolder> {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-server-test-'));
  const folder = path.join(base, 'model');
  // Untied, a random model says something; this seed says short things, most of them valid UTF-8.
  await writeTinyModel(folder, { tied: false, seed: 16, ...options });
  return {
    folder,
    settings: { model: { folder, cacheFolder: path.join(base, 'cache') }, threads: 1 },
    path: (name) => path.join(base, name),
    remove: () => fs.rmSync(base, { recursive: true, force: true }),
  };
}
