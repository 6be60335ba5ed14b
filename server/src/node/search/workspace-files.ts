/** WorkspaceFiles: the files of the folders that are indexed, without what is ignored, secret, binary or too large. */

// Folders are walked here, and no git is asked: a repository's configuration can make git start programs.
// Symbolic links are not followed, so there are no loops, and nothing outside the folders is read.

import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isSecretFile } from '../../engine/completion/secrets.ts';
import { globSource } from '../../engine/search/glob.ts';
import type { FileText, FoundFile, IndexableFiles } from '../../engine/search/indexer.ts';
import { languageOf } from '../language-of.ts';
import { decodeText, isMinified } from './file-text.ts';
import { IgnoreRules, ruleFileNames } from './ignore-rules.ts';

export interface WorkspaceFilesOptions {
  /** Absolute folders, forward slashes. */
  readonly roots: readonly string[];
  /** Glob patterns, relative to each root. */
  readonly exclude: readonly string[];
  readonly maxFileSizeKb: number;
}

/** Never code, whatever the rules say; editors hide them too. */
const skippedFolders = new Set([
  '.git',
  '.hg',
  '.svn',
  '.jj',
  'node_modules',
  'bower_components',
  '__pycache__',
]);

const skippedNames =
  /^(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|Cargo\.lock|go\.sum|composer\.lock|Gemfile\.lock|\.DS_Store)$/;

/** Told by their names not to be text that people write; the content of others is looked at. */
const skippedExtensions =
  /\.(min\.(js|css)|map|snap|lock|svg|csv|tsv|log|png|jpe?g|gif|webp|avif|bmp|ico|icns|tiff?|psd|pdf|docx?|xlsx?|pptx?|odt|zip|gz|tgz|bz2|xz|zst|7z|rar|jar|war|class|pyc|pyo|so|dylib|dll|exe|a|o|obj|lib|bin|dat|db|sqlite3?|wasm|woff2?|ttf|otf|eot|mp[34]|m4a|wav|ogg|flac|avi|mov|mkv|webm|onnx|safetensors|pt|pth|npy|npz|parquet|pkl|h5)$/i;

/** Deeper than people nest folders. */
const maxDepth = 64;

/** Files of one step of a listing; between steps others get their turn. */
const listingStep = 500;

export class WorkspaceFiles implements IndexableFiles {
  private readonly excluded: RegExp | undefined;
  private readonly maxBytes: number;
  private readonly roots: readonly string[];

  constructor(options: WorkspaceFilesOptions) {
    const sources = options.exclude.filter((glob) => glob.trim() !== '').map(globSource);
    this.excluded =
      sources.length > 0 ? new RegExp(sources.map((source) => `(?:${source})`).join('|')) : undefined;
    this.maxBytes = options.maxFileSizeKb * 1024;
    const roots = options.roots.map((root) => root.replace(/(?<=.)\/+$/, ''));
    // A root inside another one is walked with it.
    this.roots = roots.filter(
      (root) => !roots.some((other) => other !== root && root.startsWith(`${other}/`)),
    );
  }

  async *all(signal: AbortSignal): AsyncGenerator<readonly FoundFile[]> {
    for (const root of this.roots) {
      yield* this.walk(root, root, await rulesAbove(root), 0, signal);
    }
  }

  async at(path: string, signal: AbortSignal): Promise<readonly FoundFile[]> {
    const root = this.roots.find((folder) => path.startsWith(`${folder}/`));
    if (root === undefined) return [];
    let rules = await rulesAbove(root);
    const names = path.slice(root.length + 1).split('/');
    for (let depth = 0; depth < names.length; depth++) {
      const folder = [root, ...names.slice(0, depth)].join('/');
      const found = await readdir(folder, { withFileTypes: true }).catch(() => [] as Dirent[]);
      rules = await rules.enter(folder, ruleFilesIn(found));
      const entry = found.find(({ name }) => name === names[depth]);
      if (!entry) return [];
      const judged = this.judge(root, `${folder}/${entry.name}`, entry, rules);
      if (!judged) return [];
      rules = judged.rules;
      if (depth < names.length - 1) continue;
      if (entry.isFile()) return await foundAt(path, this.maxBytes);
      const below: FoundFile[] = [];
      for await (const files of this.walk(root, path, rules, depth + 1, signal)) below.push(...files);
      return below;
    }
    return [];
  }

  async read(path: string): Promise<FileText | undefined> {
    const bytes = await readUpTo(path, this.maxBytes);
    const text = bytes && decodeText(bytes);
    if (text === undefined || isMinified(text)) return undefined;
    return {
      text,
      hash: createHash('sha256')
        .update(bytes as Uint8Array)
        .digest('hex'),
    };
  }

  isRuleFile(path: string): boolean {
    // A root itself is told of as changed by those who do not know what changed in it.
    return this.roots.includes(path) || ruleFileNames.includes(basename(path));
  }

  private async *walk(
    root: string,
    folder: string,
    outer: IgnoreRules,
    depth: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly FoundFile[]> {
    signal.throwIfAborted();
    // A folder that is gone or closed to us has nothing to index.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [] as Dirent[]);
    const rules = await outer.enter(folder, ruleFilesIn(entries));
    const folders: { path: string; rules: IgnoreRules }[] = [];
    let files: string[] = [];
    for (const entry of entries) {
      const path = `${folder === '/' ? '' : folder}/${entry.name}`;
      const judged = this.judge(root, path, entry, rules);
      if (!judged) continue;
      if (entry.isDirectory()) folders.push({ path, rules: judged.rules });
      else files.push(path);
      if (files.length >= listingStep) {
        yield await this.stamped(files);
        files = [];
        signal.throwIfAborted();
      }
    }
    if (files.length > 0) yield await this.stamped(files);
    if (depth >= maxDepth) return;
    for (const { path, rules } of folders) yield* this.walk(root, path, rules, depth + 1, signal);
  }

  /** The rules that hold below an entry that is in; undefined when it is out. */
  private judge(
    root: string,
    path: string,
    entry: Dirent,
    rules: IgnoreRules,
  ): { rules: IgnoreRules } | undefined {
    const isFolder = entry.isDirectory();
    if (!isFolder && !entry.isFile()) return undefined; // links, sockets, devices
    if (isFolder ? skippedFolders.has(entry.name) : isSkippedFile(entry.name)) return undefined;
    if (this.excluded?.test(path.slice(root.length + 1))) return undefined;
    const { isIgnored, rules: inner } = rules.judge(path, isFolder);
    return isIgnored ? undefined : { rules: inner };
  }

  private async stamped(paths: readonly string[]): Promise<FoundFile[]> {
    const found = await Promise.all(paths.map((path) => foundAt(path, this.maxBytes)));
    return found.flat();
  }
}

/** Whether a file by its name alone is no text to search, or one that nobody may see. */
export function isSkippedFile(name: string): boolean {
  return skippedNames.test(name) || skippedExtensions.test(name) || isSecretFile(name);
}

function ruleFilesIn(entries: readonly Dirent[]): string[] {
  return ruleFileNames.filter((name) => entries.some((entry) => entry.name === name && entry.isFile()));
}

/** The rules of the folders above `root` up to its repository's top; none outside a repository. */
async function rulesAbove(root: string): Promise<IgnoreRules> {
  const parts = root.split('/');
  for (let n = parts.length; n > 0; n--) {
    const folder = parts.slice(0, n).join('/') || '/';
    if (!(await exists(`${folder}/.git`))) continue;
    let rules = await IgnoreRules.none.enter(
      folder,
      (await exists(`${folder}/.git/info/exclude`)) ? ['.git/info/exclude'] : [],
    );
    for (let above = n; above < parts.length; above++) {
      const path = parts.slice(0, above).join('/') || '/';
      const entries = await readdir(path, { withFileTypes: true }).catch(() => [] as Dirent[]);
      rules = await rules.enter(path, ruleFilesIn(entries));
    }
    return rules;
  }
  return IgnoreRules.none;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The file's stamp, in a list; none when it is gone or too large. */
async function foundAt(path: string, maxBytes: number): Promise<FoundFile[]> {
  const stats = await stat(path).catch(() => undefined); // deleted since it was listed
  if (!stats?.isFile() || stats.size > maxBytes) return [];
  return [{ path, languageId: languageOf(path), mtimeMs: stats.mtimeMs, sizeBytes: stats.size }];
}

/** The bytes of a file; undefined when it is gone or has grown beyond `maxBytes`. */
async function readUpTo(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size > maxBytes) return undefined;
    const buffer = Buffer.allocUnsafe(size);
    const { bytesRead } = await file.read(buffer, 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}
