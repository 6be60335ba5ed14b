/** File hashes: what a file holds, found out once per change of its size or time. */

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

const chunkBytes = 4 << 20;

/** Files up to this size are hashed whole (0.9 ms per MB on the machine of docs/benchmarks.md). */
const wholeLimitBytes = 256 << 20;

/** A larger file is hashed in this many evenly spaced pieces, its first and last bytes included. */
const nSample = 1024;
const sampleBytes = 64 << 10;

/** SHA-256, hex, of the whole file. */
async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const { size } = await stat(path);
  return hashPieces(path, [[0, size]], signal);
}

/**
 * SHA-256, hex, of the file, or of 64 MB spread over it when it is larger than `wholeLimitBytes`: a
 * check against damage at every start must not take seconds. Truncation is seen by the size.
 */
export async function quickHashFile(path: string, signal?: AbortSignal): Promise<string> {
  const { size } = await stat(path);
  if (size <= wholeLimitBytes) return hashPieces(path, [[0, size]], signal);
  const step = (size - sampleBytes) / (nSample - 1);
  const pieces = Array.from({ length: nSample }, (_, i): [number, number] => [
    Math.floor(i * step),
    sampleBytes,
  ]);
  return hashPieces(path, pieces, signal);
}

/** Remembers hashes in a file, keyed by path, size and modification time; losing it costs only time. */
export class HashMemory {
  constructor(private readonly memoryFile: string) {}

  /** {@link hashFile}, or what it gave for the same path, size and time. */
  async hash(path: string, signal?: AbortSignal): Promise<string> {
    const { size, mtimeNs } = await stat(path, { bigint: true });
    const key = `${resolve(path)} ${size} ${mtimeNs}`;
    const known = (await this.read())[key];
    if (known !== undefined) return known;
    const hash = await hashFile(path, signal);
    await this.remember(key, hash);
    return hash;
  }

  private async read(): Promise<Record<string, string>> {
    try {
      const entries = Object.entries(JSON.parse(await readFile(this.memoryFile, 'utf8')) as object);
      return Object.fromEntries(entries.filter(([, hash]) => /^[0-9a-f]{64}$/.test(String(hash))));
    } catch {
      return {}; // absent, or damaged: then everything is hashed anew
    }
  }

  private async remember(key: string, hash: string): Promise<void> {
    const entries = Object.entries(await this.read()).slice(-63); // the oldest are forgotten
    const temporary = `${this.memoryFile}.${process.pid}`;
    try {
      await mkdir(dirname(this.memoryFile), { recursive: true });
      await writeFile(temporary, JSON.stringify(Object.fromEntries([...entries, [key, hash]]), undefined, 1));
      await rename(temporary, this.memoryFile);
    } catch {
      // A read-only cache: the next start hashes again.
    }
  }
}

async function hashPieces(
  path: string,
  pieces: readonly (readonly [start: number, length: number])[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(chunkBytes);
  const handle = await open(path);
  try {
    for (const [start, length] of pieces) {
      for (let at = 0; at < length; ) {
        signal?.throwIfAborted();
        const { bytesRead } = await handle.read(chunk, 0, Math.min(chunkBytes, length - at), start + at);
        if (bytesRead === 0) break; // shorter than it was: the hash will differ
        hash.update(chunk.subarray(0, bytesRead));
        at += bytesRead;
      }
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}
