/** Suggestions can be turned off and on: everywhere, and for one language. */

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  accept,
  closeAll,
  newLineBelow,
  openFile,
  openings,
  pause,
  ready,
  staysAsItIs,
  stet,
  type,
  typeUntilSuggested,
  until,
} from './editor.ts';

/** How long the server may take to hear of a toggle, which tells nobody when it has. */
const settleMs = 500;

async function toggle(command: string, expected: 'everywhere' | 'language' | undefined): Promise<void> {
  const api = await stet();
  await vscode.commands.executeCommand(command);
  await until(`the status to say ${expected ?? 'on'}`, () => api.status().off === expected);
  await pause(settleMs);
}

describe('toggles', () => {
  before(ready);
  afterEach(closeAll);

  it('turn suggestions off everywhere, and on again', async () => {
    const editor = await openFile('src/fines.ts');
    await newLineBelow(editor, 'function totalInCents');
    await toggle('stet.toggle', 'everywhere');
    try {
      await type(editor, openings.typescript[0]);
      await staysAsItIs(editor);
    } finally {
      await toggle('stet.toggle', undefined);
    }
    await newLineBelow(editor, openings.typescript[0].trim());
    await typeUntilSuggested(editor, openings.typescript);
    await accept(editor);
  });

  it('turn suggestions off in one language and leave the others', async () => {
    const python = await openFile('tools/report.py');
    await newLineBelow(python, 'today = date.today()');
    await toggle('stet.toggleLanguage', 'language');
    try {
      await type(python, openings.python[0]);
      await staysAsItIs(python);
      const typescript = await openFile('src/fines.ts');
      assert.equal((await stet()).status().off, undefined);
      await newLineBelow(typescript, 'function totalInCents');
      await typeUntilSuggested(typescript, openings.typescript);
      await accept(typescript);
    } finally {
      await openFile('tools/report.py');
      await toggle('stet.toggleLanguage', undefined);
    }
  });
});
