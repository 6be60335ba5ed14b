/** Edit reuse in the editor: after an edit 40 lines above, the cursor's suggestion costs only the edit. */

import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import type { TraceParams } from '../../../protocol/messages.ts';
import { closeAll, pause, ready, show, state, traceAfter, type } from './editor.ts';

const nRound = 3;
/** Far, but still within what the model reads. */
const nLinesAbove = 40;
/** Longer than healing takes to start and to finish, so that each round begins with an exact cache. */
const healedMs = 2500;

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

/** A real, long source file in a document of its own. */
async function openLongFile(): Promise<vscode.TextEditor> {
  const file = path.join(__dirname, '../../../server/src/engine/syntax/brackets.ts'); // from out/editor/suite
  const content = (await vscode.workspace.openTextDocument(file)).getText();
  const editor = await show(await vscode.workspace.openTextDocument({ language: 'typescript', content }));
  const line = editor.document.lineCount - 30;
  const end = editor.document.lineAt(line).range.end;
  editor.selection = new vscode.Selection(end, end);
  return editor;
}

/** Inserts a line above, comes back, types a letter, and says what the request after it cost. */
async function editAboveAndReturn(
  editor: vscode.TextEditor,
  note: string,
  round: number,
): Promise<TraceParams> {
  const cursor = editor.selection.active;
  const above = new vscode.Position(cursor.line - nLinesAbove - round, 0);
  assert.ok(await editor.edit((edit) => edit.insert(above, note)));
  const back = cursor.translate(1);
  editor.selection = new vscode.Selection(back, back);
  return traceAfter(editor, () => type(editor, 'q'));
}

async function rounds(editReuse: boolean): Promise<TraceParams[]> {
  const settings = vscode.workspace.getConfiguration('stet');
  await settings.update('completion.editReuse', editReuse, vscode.ConfigurationTarget.Global);
  // What is read ahead of a key would not be read after it, and here the latter is counted.
  await settings.update('completion.lookAhead', false, vscode.ConfigurationTarget.Global);
  const editor = await openLongFile();
  await traceAfter(editor, () => type(editor, ' '));
  const traces: TraceParams[] = [];
  for (let round = 0; round < nRound; round++) {
    await pause(healedMs);
    const before = state(editor).text;
    // Another text each time: what was asked before is answered without reading.
    const note = `// note ${round}: measured with edit reuse ${editReuse ? 'on' : 'off'}\n`;
    traces.push(await editAboveAndReturn(editor, note, round));
    assert.equal(state(editor).text.length, before.length + note.length + 1);
  }
  await closeAll();
  return traces;
}

describe('edit reuse', () => {
  before(ready);
  afterEach(async () => {
    const settings = vscode.workspace.getConfiguration('stet');
    await settings.update('completion.editReuse', undefined, vscode.ConfigurationTarget.Global);
    await settings.update('completion.lookAhead', undefined, vscode.ConfigurationTarget.Global);
    await closeAll();
  });

  it('reads only the edit anew, where prefix reuse reads all behind it', async () => {
    const moved = await rounds(true);
    const prefix = await rounds(false);
    const show = (traces: readonly TraceParams[]) =>
      `${median(traces.map((t) => t.firstTokenMs)).toFixed(0)} ms to the first token (debounce included), ` +
      `${median(traces.map((t) => t.nNew))} of ${median(traces.map((t) => t.nKept + t.nShifted + t.nNew))} tokens read`;
    console.log(`      edit reuse:   ${show(moved)}\n      prefix reuse: ${show(prefix)}`);
    assert.ok(median(moved.map((t) => t.nShifted)) > 300, 'nothing was moved');
    assert.ok(median(prefix.map((t) => t.nShifted)) === 0);
    assert.ok(median(moved.map((t) => t.nNew)) * 3 < median(prefix.map((t) => t.nNew)));
  });
});
