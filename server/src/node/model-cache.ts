/** ModelCache: converted models on disk, each in a folder named after what it was made from. */

// A folder appears by one rename, whole or not at all, so two processes may convert the same model at
// once. Nothing in it is believed before its manifest's versions, sizes and checksums agree.

import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { convertWeights, type WeightSink } from '../engine/model/convert.ts';
import { decoderGraph, graphVersion } from '../engine/model/graph.ts';
import type { WeightFormat } from '../engine/model/weights.ts';
import { quickHashFile } from './file-hash.ts';
import { type ModelFolder, withWeights } from './model-files.ts';

/** Increase when the manifest's own form changes. */
const manifestVersion = 1;

const manifestFile = 'manifest.json';
const weightsFile = 'weights.bin';
const inPlaceFile = 'in-place.onnx';
const deltaFile = 'delta.onnx';

/** ONNX Runtime maps pages of the file into memory; 4096 is the least page size of our platforms. */
const pageBytes = 4096;

const buildPrefix = '.building-';
/** A build that is older than this was left behind by a process that died. */
const buildAgeLimitMs = 24 * 3600 * 1000;

/** Paths of a converted model's two graphs; the weights lie beside them. */
export interface ConvertedModel {
  readonly folder: string;
  readonly inPlace: string;
  readonly delta: string;
  readonly sizeBytes: number;
}

interface Manifest {
  readonly manifestVersion: number;
  readonly graphVersion: number;
  readonly format: WeightFormat;
  readonly files: Readonly<Record<string, { readonly sizeBytes: number; readonly sha256: string }>>;
}

interface BuildOptions {
  readonly format: WeightFormat;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** The folder's name within the cache. */
export function cacheName(contentHash: string, format: WeightFormat): string {
  return `${contentHash.slice(0, 32)}-${format}-v${graphVersion}`;
}

/** The converted model if it is there and sound, 'absent' or 'corrupt' if not. */
export async function findConverted(
  cacheFolder: string,
  name: string,
  signal?: AbortSignal,
): Promise<ConvertedModel | 'absent' | 'corrupt'> {
  const folder = join(cacheFolder, name);
  const exists = await stat(folder).then(
    () => true,
    () => false,
  );
  if (!exists) return 'absent';
  const manifest = await readManifest(folder);
  if (manifest === undefined) return 'corrupt';
  let sizeBytes = 0;
  try {
    for (const [file, expected] of Object.entries(manifest.files)) {
      const { size } = await stat(join(folder, file));
      if (size !== expected.sizeBytes) return 'corrupt';
      if ((await quickHashFile(join(folder, file), signal)) !== expected.sha256) return 'corrupt';
      sizeBytes += size;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!isFileError(error)) throw error;
    return 'corrupt'; // a file of it is gone or cannot be read
  }
  return { folder, inPlace: join(folder, inPlaceFile), delta: join(folder, deltaFile), sizeBytes };
}

/**
 * Converts the model into the cache. Rejects with EngineError for a bad model, the signal's reason,
 * or the file system's own error when the cache cannot be written.
 */
export async function buildConverted(
  cacheFolder: string,
  name: string,
  model: ModelFolder,
  options: BuildOptions,
): Promise<ConvertedModel> {
  await mkdir(cacheFolder, { recursive: true });
  await removeLeftovers(cacheFolder);
  const building = await mkdtemp(join(cacheFolder, buildPrefix));
  try {
    await writeFiles(building, model, options);
    await moveInto(building, cacheFolder, name, options.signal);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  const built = await findConverted(cacheFolder, name, options.signal);
  if (typeof built !== 'string') return built;
  throw Object.assign(new Error(`what was written to ${cacheFolder} reads back as something else`), {
    code: 'EIO',
  });
}

/** A failure of the file system, as opposed to ours or the model's. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    typeof (error as NodeJS.ErrnoException).code === 'string' &&
    error.name === 'Error'
  );
}

async function writeFiles(folder: string, model: ModelFolder, options: BuildOptions): Promise<void> {
  const { config } = model;
  const sink = await FileSink.open(join(folder, weightsFile));
  try {
    const weights = await withWeights(model.weightFiles, (source) =>
      convertWeights(config, source, sink, options),
    );
    const graph = (kvOutputs: 'in-place' | 'delta') =>
      decoderGraph(config, weights, { format: options.format, kvOutputs, weightsFile });
    await writeFile(join(folder, inPlaceFile), graph('in-place'));
    await writeFile(join(folder, deltaFile), graph('delta'));
  } finally {
    await sink.close();
  }
  const files: Record<string, { sizeBytes: number; sha256: string }> = {};
  for (const file of [weightsFile, inPlaceFile, deltaFile]) {
    const { size } = await stat(join(folder, file));
    files[file] = { sizeBytes: size, sha256: await quickHashFile(join(folder, file), options.signal) };
  }
  const manifest: Manifest = { manifestVersion, graphVersion, format: options.format, files };
  await writeFile(join(folder, manifestFile), JSON.stringify(manifest, undefined, 2));
}

/** Gives the finished folder its name, unless another process was faster. */
async function moveInto(
  building: string,
  cacheFolder: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const target = join(cacheFolder, name);
  if ((await findConverted(cacheFolder, name, signal)) === 'corrupt') {
    const away = await mkdtemp(join(cacheFolder, buildPrefix));
    await rename(target, join(away, 'corrupt')); // a rename, so that no one sees half a folder
    await rm(away, { recursive: true, force: true });
  }
  try {
    await rename(building, target);
  } catch (error) {
    if (typeof (await findConverted(cacheFolder, name, signal)) === 'string') throw error;
  }
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(await readFile(join(folder, manifestFile), 'utf8'));
  } catch {
    return undefined;
  }
  const isOurs = manifest?.manifestVersion === manifestVersion && manifest.graphVersion === graphVersion;
  const files = isOurs && typeof manifest.files === 'object' ? manifest.files : {};
  return [weightsFile, inPlaceFile, deltaFile].every((file) => files[file] !== undefined)
    ? manifest
    : undefined;
}

/** Deletes builds that nobody works on any more. */
export async function removeLeftovers(cacheFolder: string): Promise<void> {
  for (const entry of await readdir(cacheFolder)) {
    if (!entry.startsWith(buildPrefix)) continue;
    const path = join(cacheFolder, entry);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0, // its owner has just finished
    );
    if (age > buildAgeLimitMs) await rm(path, { recursive: true, force: true });
  }
}

class FileSink implements WeightSink {
  private offset = 0;

  private constructor(private readonly handle: Awaited<ReturnType<typeof open>>) {}

  static async open(path: string): Promise<FileSink> {
    return new FileSink(await open(path, 'wx'));
  }

  async put(
    parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<{ offset: number; lengthBytes: number }> {
    const offset = Math.ceil(this.offset / pageBytes) * pageBytes;
    this.offset = offset;
    for await (const part of parts) {
      for (let at = 0; at < part.length; ) {
        const { bytesWritten } = await this.handle.write(part, at, part.length - at, this.offset);
        at += bytesWritten;
        this.offset += bytesWritten;
      }
    }
    return { offset, lengthBytes: this.offset - offset };
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
