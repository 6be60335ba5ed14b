/** Suggestions in real files: they appear while typing, are taken whole, and change nothing before that. */

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
  show,
  state,
  staysAsItIs,
  traceAfter,
  type,
  typeUntilSuggested,
} from './editor.ts';

describe('suggestion', () => {
  before(ready);
  afterEach(closeAll);

  for (const [what, file, anchor, texts] of [
    ['a TypeScript file', 'src/fines.ts', 'function totalInCents', openings.typescript],
    ['a Python file', 'tools/report.py', 'today = date.today()', openings.python],
  ] as const) {
    it(`is shown and taken in ${what}, and undone in one step`, async () => {
      const editor = await openFile(file);
      await newLineBelow(editor, anchor);
      await typeUntilSuggested(editor, texts);
      const before = state(editor).text;
      await accept(editor);
      await vscode.commands.executeCommand('undo');
      assert.equal(state(editor).text, before);
    });
  }

  it('is shown and taken in a document that was never saved', async () => {
    const content = 'export function sum(numbers: number[]): number {\n  let total = 0;\n}\n';
    const document = await vscode.workspace.openTextDocument({ language: 'typescript', content });
    const editor = await show(document);
    await newLineBelow(editor, 'let total');
    await typeUntilSuggested(editor, openings.typescript);
    await accept(editor);
    assert.ok(document.isUntitled);
  });

  it('keeps the line ends of a file with CR LF', async () => {
    const editor = await openFile('src/shelf-mark.ts');
    assert.equal(editor.document.eol, vscode.EndOfLine.CRLF);
    await newLineBelow(editor, 'export function parseShelfMark');
    await typeUntilSuggested(editor, openings.typescript);
    await accept(editor);
    assert.doesNotMatch(state(editor).text, /[^\r]\n/);
  });

  it('changes no text while it is only shown', async () => {
    const editor = await openFile('src/loans.ts');
    await newLineBelow(editor, 'export function daysLate');
    await typeUntilSuggested(editor, openings.typescript);
    const before = state(editor);
    await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    await pause(1000);
    assert.deepEqual(state(editor), before);
  });

  it('goes away with Esc and does not come back by itself', async () => {
    const editor = await openFile('src/loans.ts');
    await newLineBelow(editor, 'export function daysLate');
    await typeUntilSuggested(editor, openings.typescript);
    await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
    await staysAsItIs(editor);
  });

  it('stays while its own text is typed, without asking the model', async () => {
    const editor = await openFile('src/loans.ts');
    await newLineBelow(editor, 'export function daysLate');
    await typeUntilSuggested(editor, openings.typescript);
    const start = state(editor);
    const whole = await accept(editor);
    await vscode.commands.executeCommand('undo');
    assert.deepEqual(state(editor), start);

    await traceAfter(editor, () => vscode.commands.executeCommand('stet.trigger'));
    assert.ok(whole.length > 1, `“${whole}” is too short to be typed in part`);
    const typed = whole.slice(0, Math.min(3, whole.length - 1));
    const { outcome, nTokens } = await traceAfter(editor, () => type(editor, typed, 60));
    assert.match(outcome, /^(?:reused|cached)$/); // cached: it stands in memory for this very place
    assert.equal(nTokens, 0);
    assert.equal(typed + (await accept(editor)), whole);
  });

  it('is asked for with a command in a language where it is off', async () => {
    const content = 'The shelf marks of the second floor are as follows.\n';
    const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
    const editor = await show(document);
    await vscode.commands.executeCommand('cursorBottom');
    await type(editor, 'The room');
    await staysAsItIs(editor);
    await traceAfter(editor, () => vscode.commands.executeCommand('stet.trigger'));
  });
});
