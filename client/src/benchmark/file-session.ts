/** sessionOfFile: a typing session made of a file: at several places a line is begun anew, after edits above. */

import type { SessionEvent } from '../../../protocol/session.ts';

export interface FileText {
  readonly name: string;
  readonly languageId: string;
  readonly text: string;
}

/** Edits above are made this far from the cursor. */
const linesAbove = 40;
/** Characters typed one by one at each place. */
const nTyped = 3;
const minLineLength = 12;

/** Asks `1 + nTyped` questions at each of `nPlace` places; the same for the same file. */
export function sessionOfFile({ name, languageId, text }: FileText, nPlace: number): SessionEvent[] {
  const events: SessionEvent[] = [{ kind: 'open', name, languageId, text }];
  const lines = text.split('\n');
  const comment = `${commentMark(languageId)} measured here\n`;
  let above = 0; // characters inserted so far, all of them before the places that follow
  for (const line of placesIn(lines, nPlace)) {
    const words = (lines[line] as string).replace(/\r$/, '');
    const indent = words.search(/\S/);
    const middle = indent + Math.ceil((words.length - indent) / 3);
    const cut = startOf(lines, line) + above + middle;
    const rest = words.slice(middle);
    events.push({ kind: 'edit', start: cut, endExclusive: cut + rest.length, text: '' });
    const aboveAt = startOf(lines, Math.max(0, line - linesAbove));
    // Earlier comments stand before or at that place; behind them all is right either way.
    const insertAt = Math.min(cut, aboveAt + above);
    events.push({ kind: 'edit', start: insertAt, endExclusive: insertAt, text: comment });
    above += comment.length;
    for (let typed = 0; typed <= Math.min(nTyped, rest.length - 1); typed++) {
      const at = cut + comment.length + typed;
      const key = typed === 0 ? '' : (rest[typed - 1] as string);
      if (key) events.push({ kind: 'edit', start: at - 1, endExclusive: at - 1, text: key });
      events.push({ kind: 'complete', offset: at, truth: rest.slice(typed), isJump: typed === 0 });
    }
    const done = Math.min(nTyped, rest.length - 1);
    const end = cut + comment.length + done;
    events.push({ kind: 'edit', start: end, endExclusive: end, text: rest.slice(done) });
  }
  return events;
}

/** Lines worth completing, spread over the file behind its first lines, in order. */
function placesIn(lines: readonly string[], nPlace: number): number[] {
  const good = lines.flatMap((line, i) => (i > 2 && line.trim().length >= minLineLength ? [i] : []));
  const wanted = Math.min(nPlace, good.length);
  return Array.from(
    { length: wanted },
    (_, i) => good[Math.floor(((i + 0.5) * good.length) / wanted)] as number,
  );
}

function startOf(lines: readonly string[], line: number): number {
  let at = 0;
  for (let i = 0; i < line; i++) at += (lines[i] as string).length + 1;
  return at;
}

/** What begins a comment; good enough for a line that is measured with. */
export const commentMark = (languageId: string) =>
  /^(python|ruby|shellscript|yaml|toml|perl|r|powershell|makefile|dockerfile)$/.test(languageId) ? '#' : '//';
