/** What the tests do in the editor: open a file, type at a place, wait for a suggestion, take it. */

// Which text the model writes is not known here, and must not matter. What is asserted is what holds
// for any model: a suggestion adds text at the cursor and nowhere else, and only when it is taken.

import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import type { StetApi } from '../../../client/src/extension.ts';
import type { TraceParams } from '../../../protocol/messages.ts';

/** Long enough for a cold start of the engine on a machine that does other things too. */
const patienceMs = 90_000;

/** Between two looks at something that may have changed. */
const lookMs = 50;

/** No request follows another one after this time, unless a key is pressed. */
const settleMs = 500;

/** A request that the editor gave up (its list of words opened, say) is asked for again after this time. */
const askAgainMs = 5000;

/** Long enough for a suggestion to appear on a quiet machine, when none is to appear. */
const quietMs = 1500;

/** Lines at whose end even a small model has something to say, by language; the last is in the file already. */
export const openings = {
  typescript: [
    '  for (let i = 0; i < ',
    '  return ',
    '  const total = ',
    '  const late = today.getTime() - due',
  ],
  python: ['    for loan in ', '    return ', '    total = ', '    return self.lent_at + timedelta(d'],
} as const;

/** What the Tab key is bound to while ghost text is on screen. */
const commit = 'editor.action.inlineSuggest.commit';

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Looks until `look` gives something other than undefined or false; `story` tells what was seen instead. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  story = () => '',
): Promise<T> {
  for (const start = Date.now(); Date.now() - start < patienceMs; await pause(lookMs)) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`waited ${patienceMs / 1000} s in vain for ${what}\n${story()}`);
}

/** The extension's own API, once it is active. */
export async function stet(): Promise<StetApi> {
  const extension = vscode.extensions.getExtension<StetApi>('stet.stet');
  assert.ok(extension, 'the extension is not there');
  return extension.activate();
}

/** Waits until the model can be asked. */
export async function ready(): Promise<StetApi> {
  const api = await stet();
  await until('the status to be ready', () => {
    const status = api.status();
    assert.notEqual(status.state, 'error', status.detail);
    return status.state === 'ready';
  });
  return api;
}

/** Opens a file of the test workspace in the only editor. */
export async function openFile(name: string): Promise<vscode.TextEditor> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no workspace is open');
  return show(await vscode.workspace.openTextDocument(path.join(folder.uri.fsPath, name)));
}

export async function show(document: vscode.TextDocument): Promise<vscode.TextEditor> {
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
  return editor;
}

/** Gives every change up and closes every editor. */
export async function closeAll(): Promise<void> {
  await vscode.commands.executeCommand('notifications.clearAll');
  for (const document of vscode.workspace.textDocuments) {
    if (!document.isDirty) continue;
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

/** Puts the cursor on a new, empty line below the first line that contains `anchor`. */
export async function newLineBelow(editor: vscode.TextEditor, anchor: string): Promise<void> {
  const { document } = editor;
  const at = document.getText().indexOf(anchor);
  assert.ok(at >= 0, `${document.fileName} has no “${anchor}”`);
  const end = document.lineAt(document.positionAt(at).line).range.end;
  const newLine = document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n';
  assert.ok(await editor.edit((edit) => edit.insert(end, newLine)), 'the edit was refused');
  const cursor = new vscode.Position(end.line + 1, 0);
  editor.selection = new vscode.Selection(cursor, cursor);
  editor.revealRange(editor.selection);
}

/**
 * Types as a person does, character by character, and checks that exactly this is in the document.
 * Only a character that went elsewhere, because the editor did not have the focus yet, is typed again.
 */
export async function type(editor: vscode.TextEditor, text: string, msPerKey = 20): Promise<void> {
  for (const character of text) {
    const { text: before, offset } = state(editor);
    for (let nTries = 1; ; nTries++) {
      await vscode.commands.executeCommand('type', { text: character });
      if (state(editor).text !== before) break;
      assert.ok(nTries < 10, `the editor did not take “${character}”`);
      await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
      await pause(100);
    }
    const after = state(editor);
    assert.equal(after.text, before.slice(0, offset) + character + before.slice(offset));
    assert.equal(after.offset, offset + character.length, 'the cursor is not behind what was typed');
    await pause(msPerKey);
  }
}

export function state(editor: vscode.TextEditor): { text: string; offset: number } {
  const { document, selection } = editor;
  return { text: document.getText(), offset: document.offsetAt(selection.active) };
}

/**
 * Runs `act` and gives back the last finished request about the editor's document that came of it.
 * Every key is a request, so the last one is known only when no other follows for a while; by then
 * the editor has drawn what it got, too.
 */
export async function traceAfter(editor: vscode.TextEditor, act: () => unknown): Promise<TraceParams> {
  const api = await stet();
  let last = api.lastTrace();
  let since = Date.now();
  let isNew = false;
  await act();
  return until('a finished request', async () => {
    const trace = api.lastTrace();
    if (trace !== last) {
      last = trace;
      since = Date.now();
      isNew = true;
    }
    const isAnswer = isNew && trace && trace.outcome !== 'stale' && isAbout(trace, editor.document);
    if (isAnswer) return Date.now() - since < settleMs ? undefined : trace;
    if (Date.now() - since < askAgainMs) return undefined;
    console.log(`      no finished request for ${askAgainMs} ms (last: ${trace?.outcome}), asking again`);
    since = Date.now();
    await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    return undefined;
  });
}

const isAbout = (trace: TraceParams, document: vscode.TextDocument) =>
  vscode.Uri.parse(trace.uri).toString() === document.uri.toString();

/**
 * Types the openings in turn, each on the same new line, until one has a suggestion on screen.
 * A model may have nothing to say at one place, but not at all of them, and where it is unsure it is asked.
 */
export async function typeUntilSuggested(editor: vscode.TextEditor, texts: readonly string[]): Promise<void> {
  const outcomes: string[] = [];
  for (const text of texts) {
    const isShown = ({ outcome }: TraceParams) => /^(generated|reused|cached)$/.test(outcome);
    const typed = await traceAfter(editor, () => type(editor, text));
    if (isShown(typed)) return;
    let { outcome } = typed;
    if (outcome === 'unsure') {
      // What is asked for is shown however unsure it is.
      const asked = await traceAfter(editor, () => vscode.commands.executeCommand('stet.trigger'));
      if (isShown(asked)) return;
      outcome = asked.outcome;
    }
    outcomes.push(`${text.trim()}: ${outcome}`);
    await vscode.commands.executeCommand('cursorHomeSelect');
    await vscode.commands.executeCommand('cursorHomeSelect');
    await vscode.commands.executeCommand('deleteLeft');
  }
  throw new Error(`no suggestion anywhere: ${outcomes.join('; ')}`);
}

/**
 * Takes the suggestion as Tab does, and gives back the text that it added at the cursor.
 * VS Code asks for a new suggestion after each such command, so it must not be sent in haste.
 */
export async function accept(editor: vscode.TextEditor): Promise<string> {
  const before = state(editor);
  await until('a suggestion to take', async () => {
    await vscode.commands.executeCommand(commit);
    await pause(20 * lookMs);
    return state(editor).text !== before.text;
  });
  const after = state(editor);
  const added = after.text.slice(before.offset, before.offset + after.text.length - before.text.length);
  assert.notEqual(added, '', 'the suggestion took text away');
  assert.equal(
    after.text,
    before.text.slice(0, before.offset) + added + before.text.slice(before.offset),
    'the suggestion changed text other than at the cursor',
  );
  return added;
}

/** Checks for a while that no text changes by itself, and then that there is no suggestion to take. */
export async function staysAsItIs(editor: vscode.TextEditor): Promise<void> {
  const before = state(editor);
  for (const start = Date.now(); Date.now() - start < quietMs; await pause(lookMs)) {
    assert.deepEqual(state(editor), before);
  }
  await vscode.commands.executeCommand(commit);
  await pause(2 * lookMs);
  assert.deepEqual(state(editor), before, 'a suggestion was there');
}
