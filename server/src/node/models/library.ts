/** ModelLibrary: the models that a user can choose from: the embedded one, downloaded ones, and a curated list. */

import { readdir, rm, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { EngineError } from '../../engine/base/error.ts';
import { readModelFolder } from '../model-files.ts';
import { receiptFile, receiptOf } from './download.ts';

/** What is said of a model before it is there. Sizes and counts are the publishers'. */
interface CatalogEntry {
  readonly repo: string;
  readonly title: string;
  readonly licence: string;
  /** Millions of parameters. */
  readonly parametersM: number;
  /** Of what is downloaded. */
  readonly sizeBytes: number;
}

/** Models with fill-in-the-middle training, an architecture that Stet writes a graph for, and a free licence. */
const catalog: readonly CatalogEntry[] = [
  {
    repo: 'Qwen/Qwen2.5-Coder-0.5B',
    title: 'Qwen2.5-Coder 0.5B',
    licence: 'Apache-2.0',
    parametersM: 494,
    sizeBytes: 1.0e9,
  },
  {
    repo: 'Qwen/Qwen2.5-Coder-1.5B',
    title: 'Qwen2.5-Coder 1.5B',
    licence: 'Apache-2.0',
    parametersM: 1540,
    sizeBytes: 3.1e9,
  },
];

export interface ListedModel {
  /** Where it lies; undefined: it would have to be downloaded. */
  readonly folder?: string;
  /** Where it came or would come from: `owner/name`. */
  readonly repo?: string;
  readonly title: string;
  readonly licence?: string;
  readonly parametersM?: number;
  /** On disk, or to be downloaded. */
  readonly sizeBytes: number;
  /** Megabytes of memory while it runs in int8, with its cache. */
  readonly memoryMb?: number;
  /** It needs more than half of this machine's memory. */
  readonly isTooLarge?: boolean;
}

export class ModelLibrary {
  private readonly folder: string;

  /** `folder` holds a folder for each model; it need not exist. */
  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  /** Downloaded models first, then the rest of the curated list. */
  async list(): Promise<ListedModel[]> {
    const names = await readdir(this.folder).catch(() => []);
    const here = (await Promise.all(names.map((name) => this.describe(join(this.folder, name))))).flatMap(
      (model) => model ?? [],
    );
    const isHere = ({ repo }: CatalogEntry) => here.some((model) => model.repo === repo);
    return [...here, ...catalog.filter((entry) => !isHere(entry)).map(offered)];
  }

  /** Where a model of this name is downloaded to. */
  folderOf(repo: string): string {
    return join(this.folder, repo.replaceAll('/', '--').replace(/[^\w.-]/g, '_'));
  }

  /** Deletes a model that lies in the library, and nothing else. */
  async delete(folder: string): Promise<void> {
    const target = resolve(folder);
    const isOurs =
      target.startsWith(this.folder + sep) && !target.slice(this.folder.length + 1).includes(sep);
    if (!isOurs || !(await receiptOf(target))) {
      throw new EngineError(
        'model-missing',
        `${folder} was not downloaded by Stet, so it is not deleted. Delete it yourself if you do not need it.`,
      );
    }
    await rm(join(target, receiptFile), { force: true }); // from now on it is no model, whatever happens
    await rm(target, { recursive: true, force: true });
  }

  private async describe(folder: string): Promise<ListedModel | undefined> {
    const receipt = await receiptOf(folder);
    if (!receipt) return undefined;
    const entry = catalog.find(({ repo }) => repo === receipt.repo);
    const { config } = await readModelFolder(folder).catch(() => ({ config: undefined }));
    if (!config) return undefined; // someone took files out of it
    const { repo } = receipt;
    const base = entry ? offered(entry) : { title: repo, repo };
    return { ...base, folder, repo, sizeBytes: await sizeOfFolder(folder) };
  }
}

/** int8 weights with their scales, and what a runtime, a cache of 2,048 tokens and an extension need besides. */
const bytesPerParameter = 1.1;
const fixedMb = 250;

function offered({ repo, title, licence, parametersM, sizeBytes }: CatalogEntry): ListedModel {
  const memoryMb = Math.round(parametersM * bytesPerParameter + fixedMb);
  return {
    repo,
    title,
    licence,
    parametersM,
    sizeBytes,
    memoryMb,
    isTooLarge: memoryMb * 1e6 > totalmem() / 2,
  };
}

async function sizeOfFolder(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
