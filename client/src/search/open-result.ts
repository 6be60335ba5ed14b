/** openResult: shows a result in an editor: to stay, to the side, in a peek, or as a preview that can be taken back. */

import {
  commands,
  type Disposable,
  Location,
  Position,
  Range,
  Selection,
  TabInputText,
  type TextEditor,
  TextEditorRevealType,
  ThemeColor,
  Uri,
  ViewColumn,
  window,
} from 'vscode';
import type { SearchResult } from '../../../protocol/messages.ts';
import { declarationLine } from './result-lines.ts';

/** Opens it with the cursor on the line that declares it. What is gone from disk is said, not thrown. */
export async function openResult(result: SearchResult, how: 'here' | 'beside' = 'here'): Promise<void> {
  const at = new Position(declarationLine(result), 0);
  try {
    await window.showTextDocument(Uri.parse(result.uri), {
      viewColumn: how === 'beside' ? ViewColumn.Beside : ViewColumn.Active,
      selection: new Selection(at, at),
      preview: false,
    });
  } catch {
    void window.showWarningMessage(
      `Stet: ${result.path} cannot be opened. It may have been deleted meanwhile.`,
    );
  }
}

/** In a peek at the cursor of the active editor; without one, in an editor. */
export async function peekResult(result: SearchResult): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor) return openResult(result);
  const { document, selection } = editor;
  const location = new Location(Uri.parse(result.uri), new Position(declarationLine(result), 0));
  await commands.executeCommand(
    'editor.action.peekLocations',
    document.uri,
    selection.active,
    [location],
    'peek',
  );
}

/** The chunk, from its first line to its last. */
function rangeOf({ startLine, endLine }: SearchResult): Range {
  return new Range(startLine, 0, endLine, Number.MAX_SAFE_INTEGER);
}

/** Shows one result after the other without taking the focus, and puts back what was there before. */
export class ResultPreview implements Disposable {
  private readonly highlight = window.createTextEditorDecorationType({
    backgroundColor: new ThemeColor('editor.rangeHighlightBackground'),
    isWholeLine: true,
  });
  private readonly before: TextEditor | undefined = window.activeTextEditor;
  private readonly openBefore = new Set(textTabs().map(({ uri }) => uri));
  private shown: string | undefined;
  private nShown = 0;
  /** What is being opened: VS Code cannot be told to stop, and the last to be opened is what stays on screen. */
  private showing: Promise<void> = Promise.resolve();

  show(result: SearchResult): void {
    this.showing = this.showNow(result);
  }

  /** Resolves when nothing of this preview can come to the front any more. */
  async finish(): Promise<void> {
    this.dispose();
    await this.showing;
  }

  private async showNow(result: SearchResult): Promise<void> {
    const turn = ++this.nShown;
    try {
      const range = rangeOf(result);
      const editor = await window.showTextDocument(Uri.parse(result.uri), {
        viewColumn: this.before?.viewColumn ?? ViewColumn.Active,
        preserveFocus: true,
        preview: true,
      });
      this.shown = editor.document.uri.toString();
      if (turn !== this.nShown) return;
      // Its first line in the middle: the upper half is below the list.
      editor.revealRange(new Range(range.start, range.start), TextEditorRevealType.InCenter);
      editor.setDecorations(this.highlight, [range]);
    } catch {
      // The file is gone; opening it says so.
    }
  }

  /** Closes what was opened only to be looked at, and shows what was there before. */
  async takeBack(): Promise<void> {
    await this.finish();
    const { before, shown } = this;
    if (shown === undefined) return;
    if (before) {
      const { viewColumn, selection, document } = before;
      await window
        .showTextDocument(document, { ...(viewColumn && { viewColumn }), selection })
        .then(undefined, () => {});
    }
    const extra = textTabs().filter(
      ({ tab, uri }) => tab.isPreview && uri === shown && !this.openBefore.has(uri),
    );
    if (extra.length > 0) await window.tabGroups.close(extra.map(({ tab }) => tab));
  }

  dispose(): void {
    this.nShown++;
    this.highlight.dispose();
  }
}

function textTabs() {
  return window.tabGroups.all
    .flatMap((group) => group.tabs)
    .flatMap((tab) => (tab.input instanceof TabInputText ? [{ tab, uri: tab.input.uri.toString() }] : []));
}
