/** qualityCases: holes in real files whose true content is known; the same list for the same files. */

import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import type { QualityFile } from './quality-files.ts';

/**
 * line: from a random column of a line of code to its end. lines: the same, and one to four lines
 * more. argument: what stands between the brackets of a call, on one line.
 */
export const caseKinds = ['line', 'lines', 'argument'] as const;
export type CaseKind = (typeof caseKinds)[number];

export interface QualityCase {
  readonly kind: CaseKind;
  readonly file: QualityFile;
  readonly before: string;
  readonly middle: string;
  readonly after: string;
}

/** Longer holes do not fit the product's default of 64 tokens per suggestion. */
const maxMiddleChars = 200;

/** `n` cases of `kind`, going round the files until there are enough or nothing more is found. */
export function qualityCases(files: readonly QualityFile[], kind: CaseKind, n: number): QualityCase[] {
  const random = seededRandom(100 + caseKinds.indexOf(kind));
  const cases: QualityCase[] = [];
  for (let i = 0; cases.length < n && i < 10 * n; i++) {
    const file = files[i % files.length] as QualityFile;
    const span = kind === 'argument' ? argumentSpan(file.text, random) : lineSpan(file.text, kind, random);
    if (!span) continue;
    const [start, end] = span;
    const middle = file.text.slice(start, end);
    if (middle.trim().length < 2 || middle.length > maxMiddleChars) continue;
    cases.push({ kind, file, before: file.text.slice(0, start), middle, after: file.text.slice(end) });
  }
  return cases;
}

/** The generated text as far as it answers a case of this kind. */
export function cutToCase({ kind, middle }: QualityCase, generated: string): string {
  if (kind === 'argument') return untilUnbalanced(generated);
  const nLine = middle.split('\n').length;
  return generated.split('\n').slice(0, nLine).join('\n').trimEnd();
}

/** True when more text could not change `cutToCase`. */
export function isCaseDone(qualityCase: QualityCase, generated: string): boolean {
  const { kind, middle } = qualityCase;
  if (kind === 'argument') return untilUnbalanced(generated).length < generated.length;
  return generated.split('\n').length > middle.split('\n').length;
}

function lineSpan(text: string, kind: CaseKind, random: () => number): [number, number] | undefined {
  const lines = text.split('\n');
  const first = Math.floor(random() * lines.length);
  const column = random();
  const nLine = kind === 'lines' ? 2 + Math.floor(random() * 4) : 1;
  const chosen = lines.slice(first, first + nLine);
  if (chosen.length < nLine || !isCode(chosen[0] as string)) return undefined;
  if ((chosen.at(-1) as string).trim() === '') return undefined;
  const line = chosen[0] as string;
  const indent = line.length - line.trimStart().length;
  const lineStart = lines.slice(0, first).reduce((sum, { length }) => sum + length + 1, 0);
  const start = lineStart + indent + Math.floor(column * (line.length - indent - 1));
  return [start, lineStart + chosen.join('\n').trimEnd().length];
}

/** Not blank, not a comment, not only closing brackets. */
function isCode(line: string): boolean {
  const trimmed = line.trim();
  return trimmed.length >= 6 && !/^(\/\/|\/\*|\*|#|"""|''')/.test(trimmed) && /[A-Za-z]/.test(trimmed);
}

function argumentSpan(text: string, random: () => number): [number, number] | undefined {
  const from = Math.floor(random() * text.length);
  const call =
    /(?<!\b(?:function|def|class)\s+)\b(?!(?:if|for|while|switch|catch|return|function)\()[A-Za-z_$][\w$]*\(/g;
  call.lastIndex = from;
  const match = call.exec(text);
  if (!match) return undefined;
  const start = match.index + match[0].length;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  if (!isCode(text.slice(lineStart, (text.indexOf('\n', start) + text.length) % text.length)))
    return undefined;
  const inside = untilUnbalanced(text.slice(start, start + maxMiddleChars + 1));
  const rest = text.slice(start + inside.length, start + inside.length + 200);
  const isDefinition = /^\)\s*(:[^;]*)?\{/.test(rest); // a method of a class
  return rest.startsWith(')') && !isDefinition ? [start, start + inside.length] : undefined;
}

/** Up to the first bracket that closes more than was opened, or the end of the line. */
function untilUnbalanced(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '\n') return text.slice(0, i);
    if ('([{'.includes(char)) depth++;
    if (')]}'.includes(char) && --depth < 0) return text.slice(0, i);
  }
  return text;
}
