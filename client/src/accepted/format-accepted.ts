/** formatAccepted: has the editor's own formatter tidy the lines of an accepted suggestion, where the user wants that. */

import { commands, Range, type TextEdit, type TextEditor, workspace } from 'vscode';
import { defaultSettings } from '../../../protocol/settings.ts';
import { isWithin, type Lines } from './accepted-lines.ts';

/**
 * Within the undo step of the suggestion. Nothing happens where no formatter can do a part of a document,
 * and where the document is no longer that of `version`, or would change outside of the lines.
 */
export async function formatAccepted(editor: TextEditor, lines: Lines, version: number): Promise<void> {
  const { document, options } = editor;
  const isCurrent = () => document.version === version && !document.isClosed;
  const key = 'completion.formatOnAccept';
  if (!workspace.getConfiguration('stet').get(key, defaultSettings()[key]) || !isCurrent()) return;
  const range = new Range(lines.first, 0, lines.last, document.lineAt(lines.last).text.length);
  const edits = await commands.executeCommand<TextEdit[] | undefined>(
    'vscode.executeFormatRangeProvider',
    document.uri,
    range,
    { tabSize: options.tabSize, insertSpaces: options.insertSpaces },
  );
  // A formatter that reaches farther has changed its mind about the lines around as well: half of that is worse than none.
  if (!edits?.length || !isCurrent() || !isWithin(lines, edits)) return;
  await editor.edit(
    (edit) => {
      for (const { range: where, newText } of edits) edit.replace(where, newText);
    },
    { undoStopBefore: false, undoStopAfter: false },
  );
}
