/** Types: where the model alone invents a member, with static analysis the suggestion names a real one. */

// The files and lines were chosen so that the embedded model invents something on one of them at
// least; a better model may not, and then this test asks for other lines.

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { MaskParams } from '../../../protocol/messages.ts';
import {
  accept,
  closeAll,
  newLineBelow,
  openFile,
  pause,
  ready,
  stet,
  traceAfter,
  type,
  until,
} from './editor.ts';

interface Place {
  readonly file: string;
  readonly anchor: string;
  /** Each ends in a dot. */
  readonly lines: readonly string[];
  /** Whatever may stand behind it. */
  readonly members: readonly string[];
  readonly oracle: string;
}

const places: readonly Place[] = [
  {
    file: 'src/fines.ts',
    anchor: 'for (const loan of loans) {',
    lines: ['    const title = loan.', '    const name = loan.', '    late -= loan.', '    late += loan.'],
    members: ['bookId', 'readerId', 'lentAt', 'days'],
    oracle: 'typescript',
  },
  {
    file: 'tools/report.py',
    anchor: 'today = date.today()',
    lines: ['    print(today.', '    start = today.', '    year = today.'],
    members:
      `ctime day fromisocalendar fromisoformat fromordinal fromtimestamp isocalendar isoformat isoweekday max min
      month replace resolution strftime strptime timetuple today toordinal weekday year`.split(/\s+/),
    oracle: 'pyright',
  },
];

async function setTypes(isOn: boolean): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('stet');
  await configuration.update('types.enable', isOn ? undefined : false, vscode.ConfigurationTarget.Global);
}

/** Types `line` into the file as it is on disk; the name that was suggested, and what was asked meanwhile. */
async function suggested({ file, anchor }: Place, line: string, attempt: number) {
  await closeAll();
  const editor = await openFile(file);
  // No attempt is at the place of another one, or it would be answered from memory.
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  await editor.edit((edit) => edit.insert(end, '\n'.repeat(attempt)));
  await newLineBelow(editor, anchor);
  const typed = await traceAfter(editor, () => type(editor, line));
  // Asked for, because what comes by itself has to be surer than an invention is.
  const asked = await traceAfter(editor, () => vscode.commands.executeCommand('stet.trigger'));
  const masks = [...(typed.masks ?? []), ...(asked.masks ?? [])];
  if (!/^(generated|reused|cached)$/.test(asked.outcome)) return { masks, name: undefined };
  const text = await accept(editor);
  const name = /^[\p{L}\p{N}_$]*/u.exec(text)?.[0];
  console.log(`      ${line.trim()} ${text.split('\n')[0]} (${asked.outcome}, masks ${masks.length})`);
  return { masks, name };
}

const hasMask = (masks: readonly MaskParams[]) =>
  masks.some(({ nNames, nRejected }) => nNames > 0 && nRejected > 0);
const isInTime = (masks: readonly MaskParams[]) =>
  masks.every(({ isLate, nNames }) => isLate !== true && nNames > 0);

describe('types', () => {
  before(ready);
  after(closeAll);
  afterEach(() => setTypes(true));

  for (const place of places) {
    it(`keeps the model from inventing members in ${place.file}`, async function () {
      this.timeout(240_000);
      await setTypes(false);
      await openFile(place.file);
      await until('types to be off', async () => {
        const oracle = (await stet()).oracle();
        return oracle === undefined || oracle.health === 'off';
      });
      await pause(500);
      let line: string | undefined;
      for (const candidate of place.lines) {
        const { name, masks } = await suggested(place, candidate, 0);
        assert.deepEqual(masks, [], 'somebody was asked although types are off');
        if (name !== undefined && name !== '' && !place.members.includes(name)) line ??= candidate;
        if (line !== undefined) break;
      }
      assert.ok(line !== undefined, 'the model invented nothing: this test needs other lines');

      await setTypes(true);
      await openFile(place.file);
      await until('the oracle to be ready', async () => {
        const oracle = (await stet()).oracle();
        return oracle?.name === place.oracle && oracle.health === 'ready';
      });
      // On a busy machine an answer may come too late, and then nothing is forbidden.
      let attempt = 0;
      const found = await until('a suggestion under a mask', async () => {
        const one = await suggested(place, line, ++attempt);
        const isMember = place.members.includes(one.name ?? '');
        const counts = hasMask(one.masks) && (isMember || isInTime(one.masks));
        return counts && one.name !== undefined ? one : undefined;
      });
      assert.ok(place.members.includes(found.name ?? ''), `“${found.name}” is no member`);
    });
  }
});
