/** Processes that are restarted or killed while a person types: the text is theirs, the editor goes on. */

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  accept,
  closeAll,
  newLineBelow,
  openFile,
  openings,
  ready,
  state,
  stet,
  traceAfter,
  type,
  typeUntilSuggested,
  until,
} from './editor.ts';
import { findOwnProcess } from './processes.ts';

/** What a person goes on typing while the process is gone; no suggestion is waited for. */
const statement = '  const rate = 3;\n  const name = "é😀";\n';

describe('recovery', () => {
  before(ready);
  afterEach(closeAll);

  it('“Restart Server” starts another one, which suggests again', async () => {
    const old = findOwnProcess('server.cjs');
    await vscode.commands.executeCommand('stet.restartServer');
    await ready();
    if (old !== undefined) {
      await until('another server process', () => {
        const pid = findOwnProcess('server.cjs');
        return pid !== undefined && pid !== old;
      });
    }
    const editor = await openFile('src/fines.ts');
    await newLineBelow(editor, 'function totalInCents');
    await typeUntilSuggested(editor, openings.typescript);
    await accept(editor);
  });

  for (const [what, bundle] of [
    ['the engine', 'engine.cjs'],
    ['the language server', 'server.cjs'],
  ] as const) {
    it(`${what} killed while typing loses no text, and suggestions come back`, async function () {
      if (process.platform === 'win32') return this.skip(); // no kill -9 and no process tree to read
      const editor = await openFile('src/fines.ts');
      await newLineBelow(editor, 'function totalInCents');
      await typeUntilSuggested(editor, openings.typescript);
      const pid = findOwnProcess(bundle);
      assert.ok(pid, `no process runs ${bundle}`);
      await newLineBelow(editor, 'function totalInCents');

      const half = statement.length >> 1;
      await type(editor, statement.slice(0, half));
      process.kill(pid, 'SIGKILL');
      await type(editor, statement.slice(half)); // checks every key
      assert.ok(state(editor).text.includes(statement));

      const typed = state(editor).text;
      await until('another process', () => {
        const other = findOwnProcess(bundle);
        return other !== undefined && other !== pid;
      });
      await until('the status to be ready', async () => (await stet()).status().state === 'ready');
      assert.equal(state(editor).text, typed, 'text changed by itself');
      await typeUntilSuggested(editor, openings.typescript);
      await accept(editor);
    });
  }

  it('files closed while a request is under way leave nothing behind', async () => {
    for (let i = 0; i < 3; i++) {
      const editor = await openFile('src/loans.ts');
      await newLineBelow(editor, 'export function daysLate');
      await type(editor, '  return', 0);
      await closeAll();
    }
    const editor = await openFile('src/loans.ts');
    await newLineBelow(editor, 'export function daysLate');
    await traceAfter(editor, () => type(editor, openings.typescript[0]));
    assert.equal((await stet()).status().state, 'ready');
  });
});
