/** What a person does with suggestions: choose among several, take a word or a line, snooze, keep places quiet. */

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
  stet,
  traceAfter,
  type,
  typeUntilSuggested,
  until,
} from './editor.ts';

const run = (command: string, ...rest: unknown[]) => vscode.commands.executeCommand(command, ...rest);

/** How long the server may take to hear of a change that tells nobody when it has. */
const settleMs = 500;

const onlyInserts = (before: { text: string; offset: number }, after: string) => {
  const added = after.slice(before.offset, before.offset + after.length - before.text.length);
  assert.equal(after, before.text.slice(0, before.offset) + added + before.text.slice(before.offset));
  return added;
};

/** Takes what `command` takes of the suggestion on screen, and gives back what it added. */
async function takePart(editor: vscode.TextEditor, command: string): Promise<string> {
  const before = state(editor);
  await until(`${command} to add something`, async () => {
    await run(command);
    await pause(200);
    return state(editor).text !== before.text;
  });
  return onlyInserts(before, state(editor).text);
}

async function undo(editor: vscode.TextEditor, expected: string): Promise<void> {
  await run('undo');
  assert.equal(state(editor).text, expected);
}

/** The editor's list of words with one entry, and what the editor tells whoever suggests of it. */
class WordList {
  private entry = '';
  /** The entry that was selected at each question, with the version of the document. */
  private readonly questions: { version: number; selected: string | undefined }[] = [];
  private readonly providers: readonly vscode.Disposable[];

  constructor(languageId: string) {
    this.providers = [
      vscode.languages.registerCompletionItemProvider(languageId, {
        provideCompletionItems: (_, position) => [
          { label: this.entry, insertText: this.entry, range: new vscode.Range(position, position) },
        ],
      }),
      vscode.languages.registerInlineCompletionItemProvider(languageId, {
        provideInlineCompletionItems: ({ version }, _, { selectedCompletionInfo: info }) => {
          this.questions.push({ version, selected: info?.text });
          return [];
        },
      }),
    ];
  }

  /**
   * Opens the list on `entry` and takes the suggestion that is then on screen; gives back what it
   * added, or nothing where the model had nothing to say. A list that closed meanwhile is opened again.
   */
  async takeBehind(
    editor: vscode.TextEditor,
    entry: string,
  ): Promise<{ readonly outcome: string; readonly added?: string }> {
    this.entry = entry;
    return until(`a suggestion with “${entry}” selected`, async () => {
      await run('hideSuggestWidget');
      await run('editor.action.triggerSuggest');
      await until('the list to be open', () => this.selectedAt(editor) === entry);
      const { outcome } = await traceAfter(editor, () => run('stet.trigger'));
      if (this.selectedAt(editor) !== entry) return undefined;
      if (!/^(generated|cached)$/.test(outcome)) return { outcome };
      const before = state(editor);
      const { version } = editor.document;
      const added = await accept(editor);
      if (this.selectedAt(editor, version) === entry) return { outcome, added };
      await undo(editor, before.text);
      return undefined;
    });
  }

  dispose(): void {
    for (const provider of this.providers) provider.dispose();
  }

  /** What the editor last said is selected, in the document as it is or was. */
  private selectedAt({ document }: vscode.TextEditor, version = document.version): string | undefined {
    return this.questions.findLast((question) => question.version === version)?.selected;
  }
}

describe('decoding', () => {
  before(ready);
  afterEach(closeAll);

  it('has several suggestions to go through, each another text', async () => {
    const editor = await openFile('src/loans.ts');
    await newLineBelow(editor, 'export function daysLate');
    await typeUntilSuggested(editor, openings.typescript);
    const before = state(editor);
    const first = await accept(editor);
    await undo(editor, before.text);
    // Whether the editor has the others yet cannot be seen, so it is tried until it has.
    const other = await until('another suggestion', async () => {
      await run('stet.trigger');
      await pause(settleMs);
      await run('editor.action.inlineSuggest.showNext');
      await pause(settleMs);
      const taken = await accept(editor);
      await undo(editor, before.text);
      return taken === first ? undefined : taken;
    });
    assert.ok(!first.startsWith(other), `“${other}” is only the beginning of “${first}”`);
  });

  it('gives a word, a line, and the rest, each undone in one step', async () => {
    const editor = await openFile('src/loans.ts');
    await newLineBelow(editor, 'export function daysLate');
    await typeUntilSuggested(editor, openings.typescript);
    const start = state(editor);
    await run('stet.trigger');
    const whole = await accept(editor);
    await undo(editor, start.text);

    await run('stet.trigger');
    const word = await takePart(editor, 'editor.action.inlineSuggest.acceptNextWord');
    assert.ok(whole.startsWith(word), `“${word}” does not begin “${whole}”`);
    await undo(editor, start.text);

    await run('stet.trigger');
    const line = await takePart(editor, 'editor.action.inlineSuggest.acceptNextLine');
    assert.ok(whole.startsWith(line.trimEnd()), `“${line}” does not begin “${whole}”`);
    await undo(editor, start.text);
  });

  it('is silent while snoozed, says until when, and speaks again when that is ended', async () => {
    const api = await stet();
    const editor = await openFile('src/fines.ts');
    await newLineBelow(editor, 'function totalInCents');
    await run('stet.snooze', 5);
    try {
      await until('the status to be snoozed', () => api.status().off === 'snoozed');
      await pause(settleMs);
      await type(editor, openings.typescript[0]);
      await staysAsItIs(editor);
    } finally {
      await run('stet.snooze', 0);
      await until('the snooze to end', () => api.status().off === undefined);
      await pause(settleMs);
    }
    await newLineBelow(editor, openings.typescript[0].trim());
    await typeUntilSuggested(editor, openings.typescript);
    await accept(editor);
  });

  it('is silent in a file that says so, unless asked', async () => {
    const content = '// stet: off\nexport function sum(numbers: number[]): number {\n  let total = 0;\n}\n';
    const editor = await show(await vscode.workspace.openTextDocument({ language: 'typescript', content }));
    await newLineBelow(editor, 'let total');
    const { outcome } = await traceAfter(editor, () => type(editor, openings.typescript[0]));
    assert.equal(outcome, 'quiet-marker');
    await staysAsItIs(editor);
    const asked = await traceAfter(editor, () => run('stet.trigger'));
    assert.doesNotMatch(asked.outcome, /^quiet/);
  });

  it('agrees with the entry that the list of words has selected', async () => {
    const editor = await openFile('tools/report.py');
    await newLineBelow(editor, 'today = date.today()');
    await type(editor, '    ');
    const list = new WordList('python');
    try {
      // A small model may have nothing to say behind one entry, but not behind all of them.
      const outcomes: string[] = [];
      for (const entry of openings.python.map((opening) => opening.trimStart())) {
        const { outcome, added } = await list.takeBehind(editor, entry);
        if (added !== undefined) {
          assert.ok(added.startsWith(entry) && added.length > entry.length, `“${added}” for “${entry}”`);
          return;
        }
        outcomes.push(`${entry}: ${outcome}`);
      }
      assert.fail(`no suggestion behind any entry: ${outcomes.join('; ')}`);
    } finally {
      list.dispose();
      await run('hideSuggestWidget');
    }
  });
});
