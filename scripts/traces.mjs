/** Derives typing sessions from commits of this repository: server/bench/traces/*.jsonl. */

// `node scripts/traces.mjs [COMMIT:FILE …]`. A commit says what changed, not how it was typed. What is
// assumed: changes are made from top to bottom; what a change removes goes in one stroke; what it adds
// is typed line by line, and the editor asks at the beginning and in the middle of each line.
//
// Format, one JSON document a line, offsets in UTF-16 code units of the text as it is then:
//   {"kind":"open","name":…,"languageId":…,"text":…}
//   {"kind":"edit","start":n,"endExclusive":n,"text":…}
//   {"kind":"complete","offset":n,"truth":…,"isJump":true|false}   truth: the rest of the line;
//       isJump: the first question after the cursor came from elsewhere

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'server', 'bench', 'traces');
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });

const languages = { '.ts': 'typescript', '.mjs': 'javascript', '.py': 'python' };

/** Changed spans of lines: [oldStart, oldCount, newStart, newCount], from 0, top to bottom. */
function hunksOf(commit, file) {
  const diff = git('diff', '-U0', `${commit}^`, commit, '--', file);
  return [...diff.matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)].map(([, a, b, c, d]) => {
    const [oldCount, newCount] = [Number(b ?? 1), Number(d ?? 1)];
    // A count of 0 names the line before the place.
    return [Number(a) - (oldCount ? 1 : 0), oldCount, Number(c) - (newCount ? 1 : 0), newCount];
  });
}

function sessionOf(commit, file) {
  const oldText = git('show', `${commit}^:${file}`);
  const newLines = git('show', `${commit}:${file}`).split('\n');
  const events = [{ kind: 'open', name: file, languageId: languages[path.extname(file)], text: oldText }];
  let text = oldText;
  const edit = (start, endExclusive, inserted) => {
    if (start === endExclusive && inserted === '') return;
    events.push({ kind: 'edit', start, endExclusive, text: inserted });
    text = text.slice(0, start) + inserted + text.slice(endExclusive);
  };
  for (const [, oldCount, newStart, newCount] of hunksOf(commit, file)) {
    // What is above is as in the new file already, so the place is that of the new lines.
    let at = newLines.slice(0, newStart).reduce((sum, line) => sum + line.length + 1, 0);
    let end = at;
    for (let i = 0; i < oldCount; i++) end = text.indexOf('\n', end) + 1 || text.length;
    edit(at, end, '');
    let isJump = true;
    for (const line of newLines.slice(newStart, newStart + newCount)) {
      edit(at, at, '\n');
      const indent = /^\s*/.exec(line)[0].length;
      const middle = indent + Math.floor((line.length - indent) / 2);
      let typed = 0;
      for (const upTo of [indent, middle, line.length]) {
        edit(at + typed, at + typed, line.slice(typed, upTo));
        typed = upTo;
        if (upTo === line.length || line.trim() === '') continue;
        events.push({ kind: 'complete', offset: at + upTo, truth: line.slice(upTo), isJump });
        isJump = false;
      }
      at += line.length + 1;
    }
  }
  return { events, isTrue: text === newLines.join('\n') };
}

/** Commits and files with several changes to a file that is long enough to matter. */
function candidates() {
  const log = git('log', '--no-merges', '--diff-filter=M', '--format=C %h', '--numstat');
  const found = [];
  let commit;
  for (const line of log.split('\n')) {
    if (line.startsWith('C ')) commit = line.slice(2);
    const [added, , file] = line.split('\t');
    if (!file || !languages[path.extname(file)] || file.includes('.test.')) continue;
    if (Number(added) < 8 || Number(added) > 60) continue;
    const hunks = hunksOf(commit, file);
    const nLine = git('show', `${commit}^:${file}`).split('\n').length;
    if (hunks.length >= 3 && nLine >= 90) found.push({ commit, file, nHunk: hunks.length });
  }
  return found.sort((a, b) => b.nHunk - a.nHunk);
}

const wanted = process.argv.slice(2).map((name) => {
  const [commit, file] = name.split(':');
  return { commit, file };
});
const chosen = wanted.length > 0 ? wanted : candidates().slice(0, 12);
fs.rmSync(folder, { recursive: true, force: true });
fs.mkdirSync(folder, { recursive: true });
for (const { commit, file } of chosen) {
  const { events, isTrue } = sessionOf(commit, file);
  if (!isTrue) throw new Error(`${commit}:${file} does not end as the commit does.`);
  const name = `${path.basename(file, path.extname(file))}-${commit}.jsonl`;
  fs.writeFileSync(path.join(folder, name), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const nAsked = events.filter(({ kind }) => kind === 'complete').length;
  console.log(`${name}: ${events.length} events, ${nAsked} questions`);
}
