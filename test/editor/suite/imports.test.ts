/** Imports after accept, in a real editor: the name is imported, and one undo takes suggestion and import back. */

// What the model writes is not known here, so the text comes from a provider of the test. All that
// follows its acceptance is the product's: the command, the server, the TypeScript process, the edit.

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, openFile, pause, ready, state, until } from './editor.ts';

const files = {
  'src/tally.ts':
    'export function tallyOfShelf(values: readonly number[]): number {\n  return values.length;\n}\n',
  'src/uses-tally.ts': "import './tally';\n\nexport const shelf = ",
};
const suggestion = 'tallyOfShelf([1, 2]);';

const uriOf = (file: string) => {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no workspace is open');
  return vscode.Uri.joinPath(folder.uri, file);
};

describe('imports', () => {
  const settings = () => vscode.workspace.getConfiguration('stet');

  before(async () => {
    await ready();
    for (const [file, text] of Object.entries(files)) {
      await vscode.workspace.fs.writeFile(uriOf(file), new TextEncoder().encode(text));
    }
    await settings().update('enable', false, vscode.ConfigurationTarget.Global);
    await settings().update('completion.autoImport', true, vscode.ConfigurationTarget.Global);
  });
  after(async () => {
    for (const key of ['enable', 'completion.autoImport']) {
      await settings().update(key, undefined, vscode.ConfigurationTarget.Global);
    }
    await closeAll();
  });

  it('adds what is missing, in the suggestion’s own undo step', async function () {
    this.timeout(360_000);
    const api = await ready();
    const editor = await openFile('src/uses-tally.ts');
    await until('types to be known', () => api.oracle()?.health === 'ready');
    const provider = vscode.languages.registerInlineCompletionItemProvider(
      { pattern: '**/uses-tally.ts' },
      {
        provideInlineCompletionItems: (_, position) => [
          {
            insertText: suggestion,
            range: new vscode.Range(position, position),
            command: { title: 'Accepted', command: 'stet.accepted', arguments: [0, suggestion] },
          },
        ],
      },
    );
    try {
      const before = state(editor).text;
      let nCounted = api.statistics.figures.typescript?.nAccepted ?? 0;
      // The project may still be read when the text is accepted, and then nothing is imported; so it is tried again.
      await until('the import', async () => {
        const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
        editor.selection = new vscode.Selection(end, end);
        await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
        await until('the suggestion to be taken', async () => {
          await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
          await pause(200);
          return state(editor).text !== before;
        });
        assert.ok(state(editor).text.includes(suggestion), state(editor).text);
        const counted = api.statistics.figures.typescript?.nAccepted ?? 0;
        assert.ok(counted > nCounted, 'the acceptance was not counted');
        nCounted = counted;
        await pause(1000);
        const isImported = /import \{ tallyOfShelf \} from ['"]\.\/tally/.test(state(editor).text);
        await vscode.commands.executeCommand('undo');
        assert.equal(state(editor).text, before, 'one undo did not take all of it back');
        return isImported;
      });
    } finally {
      provider.dispose();
    }
  });
});
