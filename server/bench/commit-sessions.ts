/** commitSessions: typing sessions derived from the commits of bare git directories, held in memory only. */

// A commit says what changed, not how it was typed. Assumed, as in scripts/traces.mjs: changes are made
// from top to bottom; what a change removes goes in one stroke; what it adds is typed line by line. The
// editor asks at the beginning of each line and at one place within. Unlike holes in finished files, the
// rest of what is being written is not there to be copied.

import { execFileSync } from 'node:child_process';
import { basename, dirname, extname, join } from 'node:path';
import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import { languageOf } from './quality-files.ts';
import type { SourceFile } from './setting.ts';

export interface Session {
  /** Repository, commit and file. */
  readonly name: string;
  readonly repository: string;
  readonly file: SourceFile;
  /** Other files of the folder in the same language, as they were. */
  readonly neighbours: readonly SourceFile[];
  readonly events: readonly SessionEvent[];
}

export type SessionEvent =
  | { readonly kind: 'edit'; readonly start: number; readonly endExclusive: number; readonly text: string }
  /** `truth`: all that the file has behind the cursor when the commit is done. */
  | { readonly kind: 'ask'; readonly offset: number; readonly truth: string };

/** Commits that are looked at, the newest first. */
const nCommits = 1500;

const maxFileChars = 60_000;
const minAdded = 5;
const maxAdded = 60;
const maxNeighbours = 4;

/** Characters of truth that are kept: more than any suggestion has. */
const maxTruthChars = 2000;

/** Up to `nSession` sessions of one repository; the same ones for the same history. */
export function commitSessions(gitDir: string, nSession: number): Session[] {
  const git = gitOf(gitDir);
  const random = seededRandom(17);
  const changes = changesOf(git)
    .map((change) => ({ change, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ change }) => change);
  const repository = basename(gitDir) === 'repo' ? basename(dirname(gitDir)) : basename(gitDir);
  const sessions: Session[] = [];
  for (const { commit, path } of changes) {
    if (sessions.length >= nSession) break;
    const session = sessionOf(git, repository, commit, path, random);
    if (session) sessions.push(session);
  }
  return sessions;
}

type Git = (...args: string[]) => string;

function gitOf(gitDir: string): Git {
  return (...args) =>
    execFileSync('git', ['--git-dir', gitDir, ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
}

/** Changes of one file by a commit, of a size that a person types. */
function changesOf(git: Git): { commit: string; path: string }[] {
  const log = git('log', '--no-merges', '--diff-filter=M', '-n', `${nCommits}`, '--format=C %h', '--numstat');
  let commit = '';
  return log.split('\n').flatMap((line) => {
    if (line.startsWith('C ')) commit = line.slice(2);
    const [added, , path] = line.split('\t');
    if (
      !path ||
      !(extname(path) in languageOf) ||
      /[{}]|\.min\.|\.d\.ts$|(^|\/)(dist|deno_dist)\//.test(path)
    )
      return [];
    return Number(added) >= minAdded && Number(added) <= maxAdded ? [{ commit, path }] : [];
  });
}

function sessionOf(
  git: Git,
  repository: string,
  commit: string,
  path: string,
  random: () => number,
): Session | undefined {
  const languageId = languageOf[extname(path)] as string;
  const text = git('show', `${commit}^:${path}`);
  const newText = git('show', `${commit}:${path}`);
  if (text.length > maxFileChars || /[\0\r\uFFFD]/.test(text + newText)) return undefined;
  const hunks = hunksOf(git('diff', '-U0', `${commit}^`, commit, '--', path));
  const events = eventsOf(text, newText, hunks, random);
  if (!events) return undefined;
  const source = (file: string, content: string) => ({
    name: `${repository}/${file}`,
    languageId,
    text: content,
  });
  const neighbours = git('ls-tree', '--name-only', `${commit}^`, `${dirname(path)}/`)
    .split('\n')
    .filter((other) => other !== path && languageOf[extname(other)] === languageId)
    .slice(0, maxNeighbours)
    .map((other) => source(other, git('show', `${commit}^:${other}`)))
    .filter((other) => other.text.length <= maxFileChars && !/[\0\r\uFFFD]/.test(other.text));
  return { name: join(repository, commit, path), repository, file: source(path, text), neighbours, events };
}

/** Changed spans of lines: how many old ones go, and which new ones come, counted from 0. */
interface Hunk {
  readonly nOld: number;
  readonly newStart: number;
  readonly nNew: number;
}

function hunksOf(diff: string): Hunk[] {
  return [...diff.matchAll(/^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)].map(([, nOld, start, nNew]) => ({
    nOld: Number(nOld ?? 1),
    newStart: Number(start) - (Number(nNew ?? 1) ? 1 : 0), // a count of 0 names the line before
    nNew: Number(nNew ?? 1),
  }));
}

/** Undefined when the edits do not end in `newText`. */
function eventsOf(
  oldText: string,
  newText: string,
  hunks: readonly Hunk[],
  random: () => number,
): SessionEvent[] | undefined {
  const newLines = newText.split('\n');
  const events: SessionEvent[] = [];
  let text = oldText;
  const edit = (start: number, endExclusive: number, inserted: string) => {
    if (start === endExclusive && inserted === '') return;
    events.push({ kind: 'edit', start, endExclusive, text: inserted });
    text = text.slice(0, start) + inserted + text.slice(endExclusive);
  };
  for (const { nOld, newStart, nNew } of hunks) {
    let at = newLines.slice(0, newStart).reduce((sum, line) => sum + line.length + 1, 0);
    let end = at;
    for (let i = 0; i < nOld; i++) end = text.indexOf('\n', end) + 1 || text.length;
    edit(at, end, '');
    for (const line of newLines.slice(newStart, newStart + nNew)) {
      edit(at, at, '\n');
      const indent = line.length - line.trimStart().length;
      const column = indent + 1 + Math.floor(random() * Math.max(0, line.length - indent - 1));
      let typed = 0;
      for (const upTo of new Set([indent, Math.min(column, line.length), line.length])) {
        edit(at + typed, at + typed, line.slice(typed, upTo));
        typed = upTo;
        if (upTo === line.length) continue;
        const truth = newText.slice(at + upTo, at + upTo + maxTruthChars);
        events.push({ kind: 'ask', offset: at + upTo, truth });
      }
      at += line.length + 1;
    }
  }
  return text === newText ? events : undefined;
}
