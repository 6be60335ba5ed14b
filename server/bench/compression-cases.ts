/** compressionCases: a function cut in its middle, the next line to be written, and much code around it. */

// As LongCodeZip's long code completion (arXiv 2510.00446, section 4.1): at least 5,000 tokens of
// background, the unfinished function as the query. `needed`: the next line has a name that its own
// file does not, and that exactly one file of the background declares.

import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import type { QualityFile } from './quality-files.ts';
import type { SourceFile } from './setting.ts';

export interface CompressionCase {
  readonly kind: 'long' | 'needed';
  readonly file: SourceFile;
  /** The unfinished function, up to the line to write. */
  readonly query: string;
  readonly truth: string;
  /** Names of the truth that one file of the background declares and the own file has not used; only for `needed`. */
  readonly names: readonly string[];
  /** Other files of the repository, those near first; for `needed` the declaring one is among them. */
  readonly background: readonly SourceFile[];
}

/** Characters of background: 5,000 tokens and more. */
const minBackgroundChars = 24_000;
const maxBackgroundChars = 44_000;

/** Lines of the function before the one to write. */
const minLinesBefore = 3;
const maxLinesBefore = 40;

/** `n` cases of each kind, the same for the same files. */
export function compressionCases(files: readonly QualityFile[], n: number): CompressionCase[] {
  const random = seededRandom(21);
  const shuffled = files.map((file) => ({ file, key: random() })).sort((a, b) => a.key - b.key);
  const found = { long: [] as CompressionCase[], needed: [] as CompressionCase[] };
  for (const { file } of shuffled) {
    if (found.long.length >= n && found.needed.length >= n) break;
    const background = backgroundOf(file, files);
    if (!background) continue;
    const declared = declarationsIn(background);
    const spots = spotsIn(file.text).sort(() => random() - 0.5);
    const needed = spots.find(({ before, truth }) => neededIn(before, truth, declared).length > 0);
    if (needed && found.needed.length < n)
      found.needed.push(
        caseOf('needed', file, needed, background, neededIn(needed.before, needed.truth, declared)),
      );
    const any = spots[0];
    if (any && found.long.length < n) found.long.push(caseOf('long', file, any, background));
  }
  return [...found.long, ...found.needed];
}

interface Spot {
  readonly before: string;
  readonly query: string;
  readonly truth: string;
}

function caseOf(
  kind: 'long' | 'needed',
  { name, languageId, text }: QualityFile,
  { query, truth }: Spot,
  background: readonly SourceFile[],
  names: readonly string[] = [],
): CompressionCase {
  return { kind, file: { name, languageId, text }, query, truth, background, names };
}

/** Files of the same repository and language, nearest in path order first; undefined when they are too little. */
function backgroundOf(file: QualityFile, files: readonly QualityFile[]): SourceFile[] | undefined {
  const repository = file.name.split('/')[0];
  const own = files.filter(({ name }) => name.split('/')[0] === repository);
  const at = own.indexOf(file);
  const near = own
    .map((other, i) => ({ other, distance: Math.abs(i - at) }))
    .filter(({ other }) => other !== file && other.languageId === file.languageId)
    .sort((a, b) => a.distance - b.distance);
  const background: SourceFile[] = [];
  let size = 0;
  for (const { other } of near) {
    if (size + other.text.length > maxBackgroundChars) continue;
    size += other.text.length;
    background.push(other);
  }
  return size >= minBackgroundChars ? background : undefined;
}

/** Lines inside of functions, each with what stands before it in its function. */
function spotsIn(text: string): Spot[] {
  const lines = text.split('\n');
  const spots: Spot[] = [];
  let start: number | undefined;
  lines.forEach((line, i) => {
    if (
      /^\s*(?:export |async |public |private |static )*(?:function\b|def |async def )|^\s+(?:async )?\w+\(.*\).*\{$/.test(
        line,
      )
    ) {
      start = i;
    }
    const nBefore = start === undefined ? 0 : i - start;
    const truth = line.trim();
    const isTelling =
      truth.length >= 12 && /[\p{L}_]{3}/u.test(truth) && !/^(?:\/\/|#|\*|\/\*|"""|''')/.test(truth);
    if (start === undefined || nBefore < minLinesBefore || nBefore > maxLinesBefore || !isTelling) return;
    const before = `${lines.slice(0, i).join('\n')}\n`;
    spots.push({ before, query: `${lines.slice(start, i).join('\n')}\n`, truth: line });
  });
  return spots;
}

/** Names that exactly one file declares. */
function declarationsIn(files: readonly SourceFile[]): ReadonlySet<string> {
  const count = new Map<string, number>();
  const pattern = /\b(?:function|class|interface|type|enum|def|const)\s+([\p{L}_$][\p{L}\p{N}_$]{4,})/gu;
  for (const { text } of files) {
    for (const name of new Set([...text.matchAll(pattern)].map((match) => match[1] as string))) {
      count.set(name, (count.get(name) ?? 0) + 1);
    }
  }
  return new Set([...count].filter(([, n]) => n === 1).map(([name]) => name));
}

/** What the line names of the background that the text before it has not named yet. */
function neededIn(before: string, truth: string, declared: ReadonlySet<string>): string[] {
  const names = truth.match(/[\p{L}_$][\p{L}\p{N}_$]{4,}/gu) ?? [];
  const body = before.replace(/^(?:import|from)\b[\s\S]*?(?:;|\n(?=\S))/gm, '');
  return names.filter((name) => declared.has(name) && !body.includes(name));
}
