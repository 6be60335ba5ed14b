/** Notebooks in a real editor: a suggestion in a cell is asked for with the cells above it in the prompt. */

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, ready, traceAfter, type, until } from './editor.ts';

/** Some 300 tokens, so that a prompt which has it cannot be taken for one without. */
const above = Array.from({ length: 20 }, (_, i) => `monthly_total_${i} = sum_of_entries(ledger[${i}])`).join(
  '\n',
);

const cell = (source: string) => ({
  cell_type: 'code',
  metadata: {},
  outputs: [],
  execution_count: null,
  source,
});
const sales = {
  cells: [cell(above), cell('monthly_total = ')],
  metadata: { language_info: { name: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
};

describe('notebooks', () => {
  let uri: vscode.Uri;
  before(async () => {
    await ready();
    const folder = vscode.workspace.workspaceFolders?.[0];
    assert.ok(folder, 'no workspace is open');
    uri = vscode.Uri.joinPath(folder.uri, 'sales.ipynb');
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(JSON.stringify(sales)));
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await closeAll();
    await vscode.workspace.fs.delete(uri);
  });

  it('reads the cells above, and no longer when they are gone', async () => {
    const notebook = await vscode.workspace.openNotebookDocument(uri);
    const last = new vscode.NotebookRange(1, 2);
    await vscode.window.showNotebookDocument(notebook, { selections: [last] });
    const editor = await until('the editor of the last cell', async () => {
      await vscode.commands.executeCommand('notebook.cell.edit');
      const active = vscode.window.activeTextEditor;
      return active?.document === notebook.cellAt(notebook.cellCount - 1).document ? active : undefined;
    });
    const end = editor.document.positionAt(editor.document.getText().length);
    editor.selection = new vscode.Selection(end, end);
    const promptTokens = async () => {
      // A letter that no suggestion begins with, so that each is a question of its own.
      const trace = await traceAfter(editor, () => type(editor, 'z'));
      return trace.nKept + trace.nShifted + trace.nNew;
    };
    await until('a prompt with the cells above', async () => (await promptTokens()) > 200);
    const edit = new vscode.WorkspaceEdit();
    edit.set(uri, [vscode.NotebookEdit.deleteCells(new vscode.NotebookRange(0, 1))]);
    assert.ok(await vscode.workspace.applyEdit(edit), 'the edit was refused');
    await until('a prompt without them', async () => {
      const n = await promptTokens();
      return n > 0 && n < 100;
    });
  });
});
