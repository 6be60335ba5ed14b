/** downloadModel: fetches a model's files from a host that the user named, resumably, and checks every byte. */

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../engine/base/error.ts';
import { type Owner, ownOrVisit } from '../search/owner-lock.ts';
import { type Hub, type HubFile, type HubRevision, unreachable } from './hub.ts';

export interface DownloadOptions {
  readonly hub: Hub;
  /** `Qwen/Qwen2.5-Coder-0.5B`. */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision?: string;
  /** The model's own folder; made when absent. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  /** Between the first two tries; it doubles from try to try. Tests choose less than the default of 500. */
  readonly pauseMs?: number;
}

/** What a finished download leaves beside the files; a folder without it is not a model yet. */
export const receiptFile = 'download.json';

/** A host that sends nothing for so long has gone away. */
const stallMs = 30_000;
/** Tries in a row that bring no byte before it is given up. */
const maxTries = 5;
const defaultPauseMs = 500;
/** Room that must be left on the disk, for the converted model too. */
const spareBytes = 512e6;

/**
 * Resolves when every file is there and is what the host says it is. What was loaded before an abort or
 * a failure is kept as `*.part` and gone on from. Rejects with EngineError('download-failed') naming
 * the way out, or with the signal's reason.
 */
export async function downloadModel(options: DownloadOptions): Promise<HubRevision> {
  const { hub, repo, revision = 'main', folder, signal } = options;
  const found = await hub.revision(repo, revision, signal);
  await prepare(folder, found);
  const lock = await takeFolder(folder, repo);
  const receipt = { host: hub.host, repo, commit: found.commit, files: found.files };
  try {
    // Files of two revisions are no model, however far this comes.
    if ((await receiptOf(folder))?.commit !== found.commit)
      await rm(join(folder, receiptFile), { force: true });
    await fetchFiles(options, found);
    await writeFile(join(folder, receiptFile), `${JSON.stringify(receipt, undefined, 2)}\n`);
  } finally {
    await lock?.release().catch(() => {});
  }
  return found;
}

/** Two downloads into one folder would write into each other's parts. Undefined on a disk without sockets. */
async function takeFolder(folder: string, repo: string): Promise<Owner | undefined> {
  const file = join(folder, 'download.lock');
  const place = await ownOrVisit(file, (socket) => socket.destroy()).catch(() => undefined);
  if (place?.kind !== 'guest') return place;
  place.socket.destroy();
  throw new EngineError(
    'download-failed',
    `${repo} is being downloaded already, here or in another window. Wait for that, or cancel it and try again.`,
  );
}

async function fetchFiles(options: DownloadOptions, { commit, files }: HubRevision): Promise<void> {
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  for (const file of files) {
    const before = doneBytes;
    const onBytes = (fileBytes: number) => options.onProgress?.(before + fileBytes, totalBytes);
    await fetchFile(options, commit, file, onBytes);
    doneBytes += file.sizeBytes;
    onBytes(file.sizeBytes);
  }
}

/** Makes the folder and sees to it that the disk has room for what is still to come. */
async function prepare(folder: string, { files }: HubRevision): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const sizes = await Promise.all(
      files.flatMap(({ path }) => [path, `${path}.part`].map((name) => sizeOf(join(folder, name)))),
    );
    const missingBytes =
      files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) - sizes.reduce((sum, size) => sum + size, 0);
    const { bavail, bsize } = await statfs(folder);
    if (missingBytes + spareBytes <= bavail * bsize) return;
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  throw new EngineError(
    'download-failed',
    `The disk of ${folder} has no room for the model. Make room, or choose another folder with the setting stet.model.libraryFolder.`,
  );
}

async function fetchFile(
  options: DownloadOptions,
  commit: string,
  file: HubFile,
  onBytes: (fileBytes: number) => void,
): Promise<void> {
  const { folder, signal, hub } = options;
  const whole = join(folder, file.path);
  const part = `${whole}.part`;
  if (
    (await sizeOf(whole)) === file.sizeBytes &&
    (await checksumOf(whole, file, signal)) === file.checksum.hex
  )
    return;
  let nTriesInVain = 0;
  let lastProblem: unknown = new Error('it sends less than it says');
  for (let startBytes = await sizeOf(part); startBytes !== file.sizeBytes || startBytes === 0; ) {
    if (startBytes > file.sizeBytes) await rm(part, { force: true });
    try {
      await fetchRest(options, commit, file, part, onBytes);
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof EngineError) throw cause;
      lastProblem = cause;
    }
    const nowBytes = await sizeOf(part);
    nTriesInVain = nowBytes > startBytes ? 0 : nTriesInVain + 1;
    if (nowBytes === file.sizeBytes) break;
    if (nTriesInVain >= maxTries) {
      throw new EngineError('download-failed', unreachable(hub.host, lastProblem), true, {
        cause: lastProblem,
      });
    }
    await pause((options.pauseMs ?? defaultPauseMs) * 2 ** nTriesInVain, signal);
    startBytes = nowBytes;
  }
  if ((await checksumOf(part, file, signal)) !== file.checksum.hex) {
    await rm(part, { force: true });
    throw new EngineError(
      'download-failed',
      `${file.path} is not what ${hub.host} says it should be (its checksum differs), so it was deleted. Try again; if it happens again, something between here and there changes files.`,
    );
  }
  await rename(part, whole);
}

/** One request for what is missing, appended to `part` as it comes. */
async function fetchRest(
  { hub, repo, signal }: DownloadOptions,
  commit: string,
  file: HubFile,
  part: string,
  onBytes: (fileBytes: number) => void,
): Promise<void> {
  const stalled = new AbortController();
  let stallTimer: NodeJS.Timeout | undefined;
  const restartStallTimer = () => {
    clearTimeout(stallTimer);
    stallTimer = setTimeout(() => stalled.abort(new Error(`no data for ${stallMs / 1000} s`)), stallMs);
  };
  restartStallTimer();
  const handle = await open(part, 'a').catch((cause) => {
    throw unwritable(part, cause);
  });
  try {
    let at = (await handle.stat()).size;
    const both = AbortSignal.any([signal, stalled.signal]);
    const response = await hub.content(repo, commit, file.path, at, both);
    if (!response.ok || !response.body) throw new Error(`it answered ${response.status}`);
    if (response.status !== 206 && at > 0) {
      await handle.truncate(0); // a host that does not know ranges starts again
      at = 0;
    }
    for await (const chunk of response.body) {
      restartStallTimer();
      if (at + chunk.length > file.sizeBytes) throw new Error('it sent more than it had said');
      await handle.write(chunk).catch((cause) => {
        throw unwritable(part, cause);
      });
      at += chunk.length;
      onBytes(at);
    }
  } finally {
    clearTimeout(stallTimer);
    await handle.close();
  }
}

async function checksumOf(
  path: string,
  { sizeBytes, checksum }: HubFile,
  signal: AbortSignal,
): Promise<string> {
  const hash: Hash = createHash(checksum.algorithm === 'sha256' ? 'sha256' : 'sha1');
  if (checksum.algorithm === 'git-sha1') hash.update(`blob ${sizeBytes}\0`);
  try {
    for await (const chunk of createReadStream(path, { signal })) hash.update(chunk);
  } catch (error) {
    signal.throwIfAborted(); // its reason, not the stream's own
    throw error;
  }
  return hash.digest('hex');
}

/** Where a downloaded model came from; undefined for any other folder. */
export async function receiptOf(
  folder: string,
): Promise<{ repo: string; commit: string; host: string } | undefined> {
  try {
    const { repo, commit, host } = JSON.parse(await readFile(join(folder, receiptFile), 'utf8'));
    return typeof repo === 'string' && typeof commit === 'string' ? { repo, commit, host } : undefined;
  } catch {
    return undefined; // absent, or half-written: the download is not done
  }
}

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function unwritable(path: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return new EngineError(
    'download-failed',
    `${path} cannot be written (${code ?? message}). Make room on the disk, or choose another folder with the setting stet.model.libraryFolder.`,
    true,
    { cause },
  );
}
