/** AcceptedSuggestions: tells that a suggestion was taken, and where its text stands in the document. */

// The item's command is the only sign of acceptance that VS Code's stable interface has. It carries the
// suggestion's text. Part of a suggestion that was taken word by word is no acceptance: VS Code runs the
// command when the rest is taken.

import { EndOfLine, EventEmitter, Range, type TextEditor, window } from 'vscode';
import { acceptedCommand } from '../../../protocol/messages.ts';

export interface Acceptance {
  readonly editor: TextEditor;
  /** The accepted text. */
  readonly range: Range;
  /** The document's, right after it. */
  readonly version: number;
}

export class AcceptedSuggestions {
  private readonly emitter = new EventEmitter<Acceptance>();
  readonly onDidAccept = this.emitter.event;

  /** The middleware of the language client: a command of the server is being run. */
  ran(command: string, [, text]: readonly unknown[]): void {
    const editor = window.activeTextEditor;
    if (command !== acceptedCommand || !editor || typeof text !== 'string') return;
    const range = whereItStands(editor, text);
    if (range) this.emitter.fire({ editor, range, version: editor.document.version });
  }

  dispose(): void {
    this.emitter.dispose();
  }
}

/** VS Code leaves the cursor behind what it inserted. Undefined where the text is not there. */
function whereItStands({ document, selection }: TextEditor, text: string): Range | undefined {
  const end = selection.active;
  const wanted = asLf(text);
  // The document writes line ends its own way.
  const nExtra = document.eol === EndOfLine.CRLF ? wanted.split('\n').length - 1 : 0;
  const start = document.offsetAt(end) - wanted.length - nExtra;
  if (start < 0) return undefined;
  const range = new Range(document.positionAt(start), end);
  return asLf(document.getText(range)) === wanted ? range : undefined;
}

const asLf = (text: string) => text.replaceAll('\r\n', '\n');
