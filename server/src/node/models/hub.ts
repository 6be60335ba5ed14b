/** Hub: what a model repository on a host with Hugging Face's API holds, at one commit. */

// Only three addresses of the API are used, so mirrors inside a company serve as well:
// /api/models/REPO/revision/REV, /api/models/REPO/tree/COMMIT and /REPO/resolve/COMMIT/FILE.
// https://huggingface.co/docs/hub/api

import { type Dispatcher, fetch, type Response } from 'undici';
import { EngineError } from '../../engine/base/error.ts';
import { dispatcherFor } from '../dispatcher.ts';

/** One file, with what tells whether it came through whole. */
export interface HubFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Weights are named by the SHA-256 of their content, small files by their git blob's SHA-1. */
  readonly checksum: { readonly algorithm: 'sha256' | 'git-sha1'; readonly hex: string };
}

export interface HubRevision {
  /** 40 hex digits. */
  readonly commit: string;
  /** The files that a model needs, and no others. */
  readonly files: readonly HubFile[];
}

export interface HubOptions {
  /** `https://huggingface.co`, or a mirror with the same API. */
  readonly host: string;
  /** Else HTTPS_PROXY and NO_PROXY of the environment count. */
  readonly proxy?: string;
}

/** What a model in Hugging Face layout consists of; nothing else is ever downloaded. */
const wanted =
  /^(config\.json|tokenizer\.json|tokenizer_config\.json|stet\.json|model\.safetensors\.index\.json|[\w.-]+\.safetensors)$/;

/** A model of more would not fit into the memory of the machines that this is for. */
const maxTotalBytes = 40e9;
const maxListingBytes = 8 << 20;
const listingTimeoutMs = 30_000;

export class Hub {
  readonly host: string;
  private readonly dispatcher: Dispatcher;

  /** Throws EngineError('download-failed') when the host or the proxy is no address. */
  constructor({ host, proxy }: HubOptions) {
    this.host = checkedAddress(host, 'The download host').replace(/\/+$/, '');
    this.dispatcher = dispatcherFor(proxy && checkedAddress(proxy, 'The proxy'));
  }

  /** Rejects with EngineError('download-failed') saying what is wrong, or with the signal's reason. */
  async revision(repo: string, revision: string, signal: AbortSignal): Promise<HubRevision> {
    checkRepo(repo);
    const place = `/api/models/${repo}`;
    const named = await this.json(`${place}/revision/${encodeURIComponent(revision)}`, signal);
    const commit = (named as { sha?: unknown }).sha;
    if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit)) throw this.strange(repo, 'no commit');
    const listed = await this.json(`${place}/tree/${commit}`, signal);
    if (!Array.isArray(listed)) throw this.strange(repo, 'no list of files');
    const files = listed.flatMap((entry) => toHubFile(entry) ?? []);
    for (const name of ['config.json', 'tokenizer.json']) {
      if (!files.some(({ path }) => path === name)) throw this.strange(repo, `no ${name}`);
    }
    if (!files.some(({ path }) => path.endsWith('.safetensors')))
      throw this.strange(repo, 'no *.safetensors');
    const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (totalBytes > maxTotalBytes) throw this.strange(repo, `${Math.round(totalBytes / 1e9)} GB`);
    return { commit, files };
  }

  /** The file's content from `startByte` on, if the host can do that: status 206, else 200 from the beginning. */
  content(
    repo: string,
    commit: string,
    path: string,
    startByte: number,
    signal: AbortSignal,
  ): Promise<Response> {
    const address = `${this.host}/${repo}/resolve/${commit}/${encodeURIComponent(path)}`;
    const headers: Record<string, string> = startByte > 0 ? { range: `bytes=${startByte}-` } : {};
    return fetch(address, { headers, signal, dispatcher: this.dispatcher });
  }

  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }

  private async json(place: string, signal: AbortSignal): Promise<unknown> {
    const both = AbortSignal.any([signal, AbortSignal.timeout(listingTimeoutMs)]);
    try {
      const response = await fetch(this.host + place, { signal: both, dispatcher: this.dispatcher });
      if (!response.ok) {
        const why =
          response.status === 404 || response.status === 401
            ? 'it has no such model, or not for everyone'
            : `it answered ${response.status}`;
        throw new EngineError(
          'download-failed',
          `${this.host} cannot give the model: ${why}. Check its name.`,
        );
      }
      const text = await response.text();
      if (text.length > maxListingBytes) throw new Error('its answer is too long');
      return JSON.parse(text);
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof EngineError) throw cause;
      throw new EngineError('download-failed', unreachable(this.host, cause), true, { cause });
    }
  }

  private strange(repo: string, what: string): EngineError {
    return new EngineError(
      'download-failed',
      `${repo} on ${this.host} is no model that can be used: ${what}. Stet needs config.json, tokenizer.json and *.safetensors.`,
    );
  }
}

/** `owner/name`, as hosts spell it; anything else could lead elsewhere on the host. */
function checkRepo(repo: string): void {
  if (/^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}$/.test(repo) && !repo.includes('..')) return;
  throw new EngineError(
    'download-failed',
    `“${repo.slice(0, 100)}” is no model's name. It is written owner/name.`,
  );
}

function checkedAddress(text: string, what: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new EngineError('download-failed', `${what} “${text.slice(0, 100)}” is no http or https address.`);
}

function toHubFile(entry: unknown): HubFile | undefined {
  const { type, path, size, oid, lfs } = (entry ?? {}) as Record<string, unknown>;
  if (type !== 'file' || typeof path !== 'string' || !wanted.test(path)) return undefined;
  const large = lfs as { oid?: unknown; size?: unknown } | undefined;
  const sizeBytes = Number(large?.size ?? size);
  const hex = String(large?.oid ?? oid).replace(/^sha256:/, ''); // mirrors write the prefix
  const algorithm = large ? 'sha256' : 'git-sha1';
  const isChecksum = large ? /^[0-9a-f]{64}$/.test(hex) : /^[0-9a-f]{40}$/.test(hex);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || !isChecksum) return undefined;
  return { path, sizeBytes, checksum: { algorithm, hex } };
}

/** What to say of a host that does not answer. */
export function unreachable(host: string, cause: unknown): string {
  const { cause: inner, message } = cause as Error & { cause?: { code?: string } };
  return `${host} cannot be reached (${inner?.code ?? message}). Check the connection and the proxy, or download the model elsewhere and import its folder.`;
}
