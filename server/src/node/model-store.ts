/** openModel: from a folder that someone downloaded to graphs that can be loaded, converted only once. */

import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { EngineError } from '../engine/base/error.ts';
import type { Tracer } from '../engine/base/ports.ts';
import type { MemoryGuard } from '../engine/completion/memory-guard.ts';
import type { ModelConfig } from '../engine/model/contract.ts';
import type { ModelMetadata } from '../engine/model/metadata.ts';
import type { WeightFormat } from '../engine/model/weights.ts';
import { HashMemory } from './file-hash.ts';
import {
  buildConverted,
  type ConvertedModel,
  cacheName,
  findConverted,
  isFileError,
  removeLeftovers,
} from './model-cache.ts';
import { type ModelFolder, readModelFolder } from './model-files.ts';

export interface OpenModelOptions {
  /** Where converted models are kept; made when absent, and may be deleted at any time. */
  readonly cacheFolder: string;
  readonly format: WeightFormat;
  readonly signal?: AbortSignal;
  /** Called with a growing fraction in [0, 1] while a conversion runs. */
  readonly onProgress?: (fraction: number) => void;
  readonly tracer?: Tracer;
  /** Where to convert to when the cache cannot be written. Default: the system's. */
  readonly temporaryFolder?: string;
}

/** A model that `loadForward` can load, with what is needed to talk to it. */
export interface OpenedModel {
  /** From `stet.json`, else the folder's name. */
  readonly name: string;
  readonly config: ModelConfig;
  readonly metadata: ModelMetadata;
  /** The parsed `tokenizer.json`. */
  readonly tokenizerJson: unknown;
  /** The parsed `tokenizer_config.json`, or an empty object. */
  readonly tokenizerConfig: unknown;
  /** What the model may not repeat, when its folder says so. */
  readonly guard?: MemoryGuard;
  readonly format: WeightFormat;
  /** Paths for `loadForward`. */
  readonly graphs: { readonly inPlace: string; readonly delta: string };
  /** Of config and weights, hex: the same for the same model wherever it lies. */
  readonly contentHash: string;
  /** Whether this call converted it, as opposed to finding it in the cache. */
  readonly wasConverted: boolean;
  /** The converted model's folder and its size on disk. */
  readonly convertedFolder: string;
  readonly sizeBytes: number;
  /** For the user's eyes: a damaged cache, an unwritable one. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks the folder, and converts its weights unless the cache has them. Rejects with
 * EngineError naming the file or setting that is wrong, or with the signal's reason.
 */
export async function openModel(folder: string, options: OpenModelOptions): Promise<OpenedModel> {
  const { cacheFolder, format, signal, tracer } = options;
  signal?.throwIfAborted();
  const model = await readModelFolder(resolve(folder));
  const contentHash = await hashModel(model, cacheFolder, signal);
  const name = model.metadata.name ?? basename(model.folder);
  const warnings: string[] = [];
  const warn = (message: string) => {
    warnings.push(message);
    tracer?.({ kind: 'log', level: 'warn', message });
  };
  const found = await findConverted(cacheFolder, cacheName(contentHash, format), signal);
  if (found === 'corrupt')
    warn(`The converted model in ${cacheFolder} was damaged, so it is converted again.`);
  const isThere = typeof found !== 'string';
  if (isThere) await removeLeftovers(cacheFolder).catch(() => {}); // gigabytes, where a conversion was killed
  if (!isThere) tracer?.({ kind: 'log', level: 'info', message: `Converting ${name} to ${format}` });
  const converted = isThere ? found : await convert(model, contentHash, options, warn);
  const { config, metadata, tokenizerJson, tokenizerConfig, guard } = model;
  return {
    name,
    config,
    metadata,
    tokenizerJson,
    tokenizerConfig,
    ...(guard && { guard }),
    format,
    graphs: { inPlace: converted.inPlace, delta: converted.delta },
    contentHash,
    wasConverted: !isThere,
    convertedFolder: converted.folder,
    sizeBytes: converted.sizeBytes,
    warnings,
  };
}

/** `stet model import FOLDER`: converts the model if need be and says what came of it. */
export async function importModel(folder: string, options: OpenModelOptions): Promise<OpenedModel> {
  const model = await openModel(folder, options);
  options.onProgress?.(1);
  return model;
}

/** In the cache, or else in a temporary folder of this user, which is a cache too until a restart. */
async function convert(
  model: ModelFolder,
  contentHash: string,
  options: OpenModelOptions,
  warn: (message: string) => void,
): Promise<ConvertedModel> {
  const { cacheFolder, format, signal } = options;
  const name = cacheName(contentHash, format);
  try {
    return await buildConverted(cacheFolder, name, model, options);
  } catch (error) {
    if (!isFileError(error)) throw error;
    warn(
      `The converted model could not be stored in ${cacheFolder} (${error.code}), so a temporary folder is used and the next start may be slow. Choose a writable folder with the setting stet.model.cacheFolder.`,
    );
  }
  try {
    const fallback = await ownTemporaryFolder(options.temporaryFolder ?? tmpdir());
    const found = await findConverted(fallback, name, signal);
    return typeof found === 'string' ? await buildConverted(fallback, name, model, options) : found;
  } catch (cause) {
    if (!isFileError(cause)) throw cause;
    throw new EngineError(
      'cache-unwritable',
      `The converted model can be stored neither in ${cacheFolder} nor in the temporary folder (${cause.code}). Make room on the disk, or choose a writable folder with the setting stet.model.cacheFolder.`,
      true,
      { cause },
    );
  }
}

/** A folder under a shared one that belongs to this user; another user's must not be believed. */
async function ownTemporaryFolder(parent: string): Promise<string> {
  const { uid } = userInfo(); // -1 on Windows, where the temporary folder is the user's own
  const folder = join(parent, `stet-models-${uid}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (found.isDirectory() && (uid === -1 || found.uid === uid)) return folder;
  throw Object.assign(new Error(`${folder} belongs to someone else`), { code: 'EACCES' });
}

async function hashModel(
  { config, weightFiles }: ModelFolder,
  cacheFolder: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const memory = new HashMemory(join(cacheFolder, 'hashes.json'));
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const path of weightFiles) {
    try {
      hash.update(`\n${await memory.hash(path, signal)}`);
    } catch (cause) {
      if (!isFileError(cause)) throw cause;
      throw new EngineError(
        'model-corrupt',
        `The model's file ${basename(path)} cannot be read (${cause.code}). Check its permissions, or download it again.`,
        true,
        { cause },
      );
    }
  }
  return hash.digest('hex');
}
