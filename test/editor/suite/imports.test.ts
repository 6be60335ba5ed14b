/** After accept, in a real editor: the name is imported, the lines are formatted, and one undo takes all of it back. */

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

/** Suggests `text` in a document that does not have it yet. */
const providerOf = (text: string): vscode.InlineCompletionItemProvider => ({
  provideInlineCompletionItems: (document, position) => {
    if (document.getText().includes(text)) return [];
    const command = { title: 'Accepted', command: 'stet.accepted', arguments: [0, text] };
    return [{ insertText: text, range: new vscode.Range(position, position), command }];
  },
});

/** Has the suggestion shown and accepts it. */
async function take(editor: vscode.TextEditor): Promise<void> {
  const before = state(editor).text;
  await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
  await until('the suggestion to be taken', async () => {
    await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
    await pause(200);
    return state(editor).text !== before;
  });
}

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
      providerOf(suggestion),
    );
    try {
      const before = state(editor).text;
      let nCounted = api.statistics.figures.typescript?.nAccepted ?? 0;
      // The project may still be read when the text is accepted, and then nothing is imported; so it is tried again.
      await until('the import', async () => {
        const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
        editor.selection = new vscode.Selection(end, end);
        await take(editor);
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

describe('stet.completion.formatOnAccept: the lines of an accepted suggestion are formatted', () => {
  const settings = () => vscode.workspace.getConfiguration('stet');
  const file = 'src/shelf.txt';
  const above = 'above  =  1\n';
  const suggestion = 'one  =  1\ntwo  =  2';
  const tidy = (text: string) => text.replaceAll(/ +/g, ' ');
  let formatted: string[] = [];
  let edits: (document: vscode.TextDocument, range: vscode.Range) => vscode.TextEdit[];
  const parts: vscode.Disposable[] = [];

  before(async () => {
    await ready();
    await vscode.workspace.fs.writeFile(uriOf(file), new TextEncoder().encode(above));
    await settings().update('enable', false, vscode.ConfigurationTarget.Global);
    const pattern = '**/shelf.txt';
    parts.push(
      vscode.languages.registerInlineCompletionItemProvider({ pattern }, providerOf(suggestion)),
      vscode.languages.registerDocumentRangeFormattingEditProvider(
        { pattern },
        {
          provideDocumentRangeFormattingEdits: (document, range) => {
            formatted.push(document.getText(range));
            return edits(document, range);
          },
        },
      ),
    );
  });
  after(async () => {
    for (const part of parts) part.dispose();
    for (const key of ['enable', 'completion.formatOnAccept']) {
      await settings().update(key, undefined, vscode.ConfigurationTarget.Global);
    }
    await closeAll();
  });

  /** The document once the suggestion was accepted at its end, and the formatter was asked where it should be. */
  async function accepted(isOn: boolean): Promise<() => string> {
    await settings().update('completion.formatOnAccept', isOn, vscode.ConfigurationTarget.Global);
    const editor = await openFile(file);
    formatted = [];
    const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
    editor.selection = new vscode.Selection(end, end);
    await take(editor);
    if (isOn) await until('the formatter to be asked', () => formatted.length > 0);
    return () => state(editor).text;
  }

  it('and no others, in the suggestion’s own undo step', async function () {
    this.timeout(360_000);
    edits = (document, range) => [vscode.TextEdit.replace(range, tidy(document.getText(range)))];
    const text = await accepted(true);
    await until('the lines to be formatted', () => text() === above + tidy(suggestion));
    assert.deepEqual(formatted, [suggestion]);
    await vscode.commands.executeCommand('undo');
    assert.equal(text(), above, 'one undo did not take all of it back');
  });

  it('unless the formatter would change other lines, or the setting says no', async function () {
    this.timeout(360_000);
    edits = (document) => {
      const whole = new vscode.Range(0, 0, document.lineCount, 0);
      return [vscode.TextEdit.replace(whole, tidy(document.getText()))];
    };
    const text = await accepted(true);
    await pause(200);
    assert.equal(text(), above + suggestion);
    await vscode.commands.executeCommand('undo');
    assert.equal(text(), above);
    await accepted(false);
    await pause(200);
    assert.deepEqual([text(), formatted], [above + suggestion, []]);
    await vscode.commands.executeCommand('undo');
  });
});
