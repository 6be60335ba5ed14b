/** readModelFolder: the files of a model in Hugging Face layout, read and checked. */

import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngineError } from '../engine/base/error.ts';
import { MemoryGuard, memoryGuardFile } from '../engine/completion/memory-guard.ts';
import { type ModelConfig, parseModelConfig } from '../engine/model/contract.ts';
import { type ModelMetadata, parseModelMetadata } from '../engine/model/metadata.ts';
import { openSafetensors, type RandomAccessFile, type TensorSource } from '../engine/model/safetensors.ts';

/** Everything of a model but its weights, which are only named. */
export interface ModelFolder {
  readonly folder: string;
  readonly config: ModelConfig;
  readonly metadata: ModelMetadata;
  /** The parsed `tokenizer.json`. */
  readonly tokenizerJson: unknown;
  /** The parsed `tokenizer_config.json`, or an empty object when there is none. */
  readonly tokenizerConfig: unknown;
  /** What the model may not repeat; absent when there is no such file. */
  readonly guard?: MemoryGuard;
  /** Paths of the `.safetensors` files, in the order of their names. */
  readonly weightFiles: readonly string[];
}

/** Qwen2.5's tokenizer.json has 7 MB; a file of ten times that is something else. */
const jsonLimitBytes = 128 << 20;

/** Rejects with EngineError naming the file and the way out. */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const entries = await readdir(folder).catch((cause) => {
    throw new EngineError(
      'model-missing',
      `There is no model folder ${folder}. Choose another with “Stet: Choose Model…”, or correct the setting stet.model.folder; empty, it means the embedded model.`,
      true,
      { cause },
    );
  });
  const names = new Set(entries);
  const config = parseModelConfig(await readJson(folder, names, 'config.json'));
  const tokenizerJson = await readJson(folder, names, 'tokenizer.json');
  const stetJson = names.has('stet.json') ? await readJson(folder, names, 'stet.json') : undefined;
  const tokenizerConfig = names.has('tokenizer_config.json')
    ? await readJson(folder, names, 'tokenizer_config.json')
    : {};
  const guard = names.has(memoryGuardFile) ? await readGuard(folder) : undefined;
  return {
    folder,
    config,
    metadata: parseModelMetadata(stetJson, tokenizerJson),
    tokenizerJson,
    tokenizerConfig,
    ...(guard && { guard }),
    weightFiles: await findWeights(folder, names),
  };
}

/** Gives `use` the tensors of the files, which are open as long as it runs. */
export async function withWeights<T>(
  paths: readonly string[],
  use: (source: TensorSource) => Promise<T>,
): Promise<T> {
  const handles: FileHandle[] = [];
  try {
    const files: RandomAccessFile[] = [];
    for (const path of paths) {
      const handle = await open(path).catch((cause) => {
        throw unreadable(basename(path), cause);
      });
      handles.push(handle);
      const { size } = await handle.stat();
      files.push({
        name: basename(path),
        sizeBytes: size,
        read: (start, length) => readAt(handle, basename(path), start, length),
      });
    }
    return await use(await openSafetensors(files));
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

async function readAt(handle: FileHandle, name: string, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at, start + at).catch((cause) => {
      throw unreadable(name, cause);
    });
    if (bytesRead === 0) throw unreadable(name, new Error('the file ended early'));
    at += bytesRead;
  }
  return bytes;
}

async function readJson(folder: string, names: ReadonlySet<string>, name: string): Promise<unknown> {
  if (!names.has(name)) throw missing(folder, name);
  const bytes = await readFile(join(folder, name)).catch((cause) => {
    throw unreadable(name, cause);
  });
  if (bytes.length > jsonLimitBytes) throw corruptJson(name, `it has ${bytes.length} bytes`);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw corruptJson(name, (cause as Error).message, cause);
  }
}

async function readGuard(folder: string): Promise<MemoryGuard> {
  const read = (name: string) =>
    readFile(join(folder, name)).catch((cause) => {
      throw unreadable(name, cause);
    });
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
  return MemoryGuard.parse(await read(memoryGuardFile), await read('tokenizer.json'), sha256);
}

/** The shards that the index names, or the one `model.safetensors`, or whatever weights there are. */
async function findWeights(folder: string, names: ReadonlySet<string>): Promise<string[]> {
  const index = 'model.safetensors.index.json';
  if (names.has(index)) {
    const json = (await readJson(folder, names, index)) as { weight_map?: unknown } | null;
    const map = json?.weight_map;
    if (typeof map !== 'object' || map === null) throw corruptJson(index, 'it has no "weight_map"');
    const shards = [...new Set(Object.values(map))].sort();
    return shards.map((shard) => {
      const isPlain =
        typeof shard === 'string' && basename(shard) === shard && shard.endsWith('.safetensors');
      if (!isPlain) throw corruptJson(index, `it names the file ${String(shard).slice(0, 80)}`);
      if (!names.has(shard)) throw missing(folder, shard);
      return join(folder, shard);
    });
  }
  if (names.has('model.safetensors')) return [join(folder, 'model.safetensors')];
  const found = [...names].filter((name) => name.endsWith('.safetensors')).sort();
  if (found.length === 0) throw missing(folder, 'model.safetensors');
  return found.map((name) => join(folder, name));
}

function missing(folder: string, name: string): EngineError {
  return new EngineError(
    'model-missing',
    `The model folder ${folder} has no ${name}. A model is a folder with config.json, tokenizer.json and *.safetensors, as Hugging Face publishes it: download all of them, or choose another model with “Stet: Choose Model…” or the setting stet.model.folder.`,
  );
}

function unreadable(name: string, cause: unknown): EngineError {
  return new EngineError(
    'model-corrupt',
    `The model's file ${name} cannot be read (${(cause as Error).message}). Check its permissions, or download it again.`,
    true,
    { cause },
  );
}

function corruptJson(name: string, problem: string, cause?: unknown): EngineError {
  return new EngineError(
    'model-corrupt',
    `The model's file ${name} is not what it should be: ${problem.slice(0, 200)}. Download it again.`,
    true,
    { cause },
  );
}
