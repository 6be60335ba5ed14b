/** editCases: edits above the cursor of real files; the edited text is always the real one. */

import { LineIndex } from '../src/engine/text/line-index.ts';
import type { SourceFile } from './setting.ts';

export const editKinds = ['insertion', 'deletion', 'several places', 'rename'] as const;
export type EditKind = (typeof editKinds)[number];

export interface EditCase {
  /** All text before the cursor, before and after the edit. */
  readonly textBefore: string;
  readonly textAfter: string;
  /** The line that follows in the real file, trimmed. */
  readonly nextLine: string;
}

/** A repeatable generator of numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** `n` cases of a kind, spread over the files; the same for the same files. */
export function editCases(files: readonly SourceFile[], kind: EditKind, n: number): EditCase[] {
  const next = random(17);
  const cases: EditCase[] = [];
  for (let i = 0; cases.length < n && i < 20 * n; i++) {
    const file = files[i % files.length] as SourceFile;
    const lines = new LineIndex(file.text);
    const cursorLine = Math.floor(lines.count * (0.5 + 0.45 * next()));
    const nextLine = lines.textOf(cursorLine).trim();
    if (nextLine.length < 6) continue;
    const all = Array.from({ length: cursorLine }, (_, line) => lines.textOf(line));
    const edited = unedit(all, kind, next);
    if (!edited) continue;
    const indent = /^\s*/.exec(lines.textOf(cursorLine))?.[0] ?? '';
    const close = (text: readonly string[]) => `${text.join('\n')}\n${indent}`;
    cases.push({ textBefore: close(edited), textAfter: close(all), nextLine });
  }
  return cases;
}

/** The lines as they were before the edit of `kind` that made them what they are. */
function unedit(lines: readonly string[], kind: EditKind, next: () => number): string[] | undefined {
  const nLine = 1 + Math.floor(next() ** 2 * 20); // mostly few lines
  // 5 to 50 lines above the cursor, or as far as the file goes
  const at = Math.max(1, lines.length - 5 - nLine - Math.floor(next() * 45));
  if (at + nLine >= lines.length) return undefined;
  if (kind === 'insertion') return [...lines.slice(0, at), ...lines.slice(at + nLine)];
  if (kind === 'deletion') {
    const from = Math.floor(next() * Math.max(1, at - nLine)); // other lines of the same file
    return [...lines.slice(0, at), ...lines.slice(from, from + nLine), ...lines.slice(at)];
  }
  if (kind === 'several places') {
    const first = Math.max(0, at - 20);
    const once = [...lines.slice(0, at), ...lines.slice(at + nLine)];
    return [...once.slice(0, first), 'const before = undefined;', ...once.slice(first)];
  }
  const name = longestRepeatedName(lines.slice(at));
  if (name === undefined) return undefined;
  return lines.map((line) => line.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), 'formerName'));
}

/** A name that the end of the text uses at least twice: renaming it changes what the next line should say. */
function longestRepeatedName(lines: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const [name] of lines.join('\n').matchAll(/\b[a-z][A-Za-z]{4,}\b/g)) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, n]) => n >= 2)
    .sort((a, b) => b[1] - a[1] || b[0].length - a[0].length)[0]?.[0];
}
