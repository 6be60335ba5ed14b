/** qualityFiles: source files to measure with, from folders or from bare git directories, in a fixed order. */

// Only for reading: nothing of these files enters the repository or the model.

import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import type { SourceFile } from './setting.ts';

/** A file with what else might be open beside it. */
export interface QualityFile extends SourceFile {
  /** Up to `maxNeighbours` files of the same language, those of the same folder first. */
  readonly neighbours: readonly SourceFile[];
}

export const languageOf: Readonly<Record<string, string>> = {
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.tsx': 'typescriptreact',
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.py': 'python',
};

/** Folders and names that hold no hand-written code; the corpus builder leaves them out as well. */
const excluded =
  /(^|\/)(node_modules|vendor|_vendor|third_party|dist|build|out|generated|fixtures?|testdata|snapshots|__snapshots__|locales?|migrations|\.[^/]+)\/|\.min\.|\.d\.ts$|\.generated\./;

const minChars = 1_500;
const maxChars = 60_000;
const maxLineChars = 500;
const maxNeighbours = 4;

/** All suitable files under `folder`. */
export async function filesOfFolder(folder: string): Promise<QualityFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  const texts = await Promise.all(
    paths.filter(isWanted).map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const),
  );
  return withNeighbours(basename(folder), texts);
}

/** All suitable files of the newest commit of a bare git directory. */
export function filesOfRepository(gitDir: string): QualityFile[] {
  const git = (...args: string[]) =>
    execFileSync('git', ['--git-dir', gitDir, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const paths = git('ls-tree', '-r', '--name-only', '-z', 'HEAD').split('\0').filter(isWanted);
  const texts = paths.map((path) => [path, git('cat-file', 'blob', `HEAD:${path}`)] as const);
  const name = basename(gitDir) === 'repo' ? basename(join(gitDir, '..')) : basename(gitDir);
  return withNeighbours(name, texts);
}

/** `n` of the files, spread evenly over languages; the same for the same files. */
export function sampleFiles(files: readonly QualityFile[], n: number): QualityFile[] {
  const random = seededRandom(7);
  const shuffled = files
    .map((file) => ({ file, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ file }) => file);
  const languages = [...new Set(shuffled.map(({ languageId }) => languageId))];
  const groups = languages.map((language) => shuffled.filter(({ languageId }) => languageId === language));
  const rounds = Array.from({ length: Math.max(0, ...groups.map((group) => group.length)) }, (_, i) => i);
  return rounds.flatMap((i) => groups.flatMap((group) => group[i] ?? [])).slice(0, n);
}

function isWanted(path: string): boolean {
  return extname(path) in languageOf && !excluded.test(path);
}

function withNeighbours(repository: string, texts: readonly (readonly [string, string])[]): QualityFile[] {
  const files = texts
    .filter(([, text]) => text.length >= minChars && text.length <= maxChars && isPlain(text))
    .map(([path, text]) => ({
      name: `${repository}/${path}`,
      languageId: languageOf[extname(path)] as string,
      text: text.replaceAll('\r\n', '\n'),
    }));
  const folderOf = (name: string) => name.slice(0, name.lastIndexOf('/'));
  return files.map((file, i) => {
    // By path order, which is how a project groups what belongs together.
    const near = files
      .map((other, k) => ({
        other,
        distance: Math.abs(k - i) + (folderOf(other.name) === folderOf(file.name) ? 0 : 1e6),
      }))
      .filter(({ other }) => other !== file && other.languageId === file.languageId)
      .sort((a, b) => a.distance - b.distance);
    return { ...file, neighbours: near.slice(0, maxNeighbours).map(({ other }) => other) };
  });
}

function isPlain(text: string): boolean {
  return !/[\0\uFFFD]/.test(text) && text.split('\n').every((line) => line.length <= maxLineChars);
}
