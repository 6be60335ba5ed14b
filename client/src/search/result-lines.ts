/** result-lines: what a person reads of results and of the index, as plain texts; pure, to be tested anywhere. */

import type { IndexStatusParams, SearchResult } from '../../../protocol/messages.ts';

/** A line of code in a list: more is cut off on screen anyway. */
const maxLineLength = 160;

/** The codicon of a chunk's kind, as VS Code draws symbols. */
const icons: Readonly<Record<string, string>> = {
  function: 'symbol-function',
  method: 'symbol-method',
  class: 'symbol-class',
  interface: 'symbol-interface',
  type: 'symbol-structure',
  enum: 'symbol-enum',
  module: 'symbol-namespace',
  text: 'symbol-string',
};

export function iconOf(kind: string): string {
  return icons[kind] ?? 'symbol-misc';
}

/** Text for a list that draws `$(name)` as an icon: a Makefile's `$(CC)` is none, and would be blank. */
export function withoutIcons(text: string): string {
  return text.replace(/\$\([A-Za-z0-9-]+(~[A-Za-z]+)?\)/g, '\\$&');
}

/** Its name; where it has none, its first line of code. */
export function titleOf(result: SearchResult): string {
  const line = firstLineOf(result);
  return result.name || (saysSomething(line) ? line : result.path);
}

/** The line that declares it: below its documentation, which comes first in a piece of code. */
export function firstLineOf(result: SearchResult): string {
  const line = result.text.split('\n')[declarationLine(result) - result.startLine] ?? '';
  return line.trim().replace(/\s+/g, ' ').slice(0, maxLineLength);
}

/** 0-based line of the file where its name stands first outside of comments, else where it first says something. */
export function declarationLine({ text, name, startLine }: SearchResult): number {
  const lines = text.split('\n');
  const ownName = name.split(/[.:#,\s]+/).at(-1) ?? '';
  const named = ownName ? lines.findIndex((line) => line.includes(ownName) && !isComment(line)) : -1;
  const first = named >= 0 ? named : lines.findIndex(saysSomething);
  return startLine + Math.max(0, first);
}

function saysSomething(line: string): boolean {
  return /[\p{L}\p{N}]/u.test(line);
}

/** By how it begins; a decorator counts, as it stands before what it belongs to too. */
export function isComment(line: string): boolean {
  return /^\s*(\/[/*]|\*|#|--|@|"{3}|'{3})/.test(line);
}

/** `src/a.ts:12`, counted from 1 as editors do. */
export function placeOf({ path, startLine }: SearchResult): string {
  return `${path}:${startLine + 1}`;
}

export function nameOfFile(path: string): string {
  return path.split('/').at(-1) ?? path;
}

export function folderOf(path: string): string {
  return path.split('/').slice(0, -1).join('/');
}

/** Results by file; files in the order of their best result, and so are the results of each. */
export function groupByFile(results: readonly SearchResult[]): Map<string, SearchResult[]> {
  const groups = new Map<string, SearchResult[]>();
  for (const result of results) {
    const group = groups.get(result.uri);
    if (group) group.push(result);
    else groups.set(result.uri, [result]);
  }
  return groups;
}

/** From 0 to 100; undefined where nothing is being indexed. */
export function percentOf({ state, nFiles, nFilesDone }: IndexStatusParams): number | undefined {
  if (state !== 'indexing' && state !== 'paused') return undefined;
  return nFiles > 0 ? Math.min(100, Math.floor((100 * nFilesDone) / nFiles)) : 0;
}

/** The index in one line, for the hover and the view. */
export function indexLine(status: IndexStatusParams): string {
  const { state, nFiles, nFilesDone, nChunks, sizeBytes, detail } = status;
  const percent = percentOf(status);
  switch (state) {
    case 'off':
      return detail || 'Search is off.';
    case 'starting':
      return detail || 'The index is being opened…';
    case 'indexing':
      return `Indexing: ${percent} % (${count(nFilesDone)} of ${count(nFiles)} files)`;
    case 'paused':
      return `Indexing is paused at ${percent} %`;
    case 'ready':
      return `${count(nFiles)} files indexed (${count(nChunks)} pieces of code, ${size(sizeBytes)})`;
    case 'error':
      return detail;
  }
}

/** `3 results in 2 files`. */
export function countLine(results: readonly SearchResult[]): string {
  const nFiles = new Set(results.map(({ uri }) => uri)).size;
  const plural = (n: number, word: string) => `${count(n)} ${word}${n === 1 ? '' : 's'}`;
  return `${plural(results.length, 'result')} in ${plural(nFiles, 'file')}`;
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
