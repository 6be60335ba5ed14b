/** codeAtCursor: the code to find the like of: what is selected, else the function at the cursor. */

import {
  commands,
  type DocumentSymbol,
  type Position,
  Range,
  SymbolKind,
  type TextDocument,
  type TextEditor,
} from 'vscode';
import type { SearchParams } from '../../../protocol/messages.ts';
import { isComment } from './result-lines.ts';

/** Where no language extension knows the functions: this many lines around the cursor. */
const nLinesAround = 10;

const functions: readonly SymbolKind[] = [SymbolKind.Function, SymbolKind.Method, SymbolKind.Constructor];
const types: readonly SymbolKind[] = [
  SymbolKind.Class,
  SymbolKind.Interface,
  SymbolKind.Struct,
  SymbolKind.Enum,
];

export interface CodeAtCursor {
  readonly similarTo: NonNullable<SearchParams['similarTo']>;
  /** For people: the function's name, or `the selection`. */
  readonly title: string;
}

/** Undefined where there is no code at all. */
export async function codeAtCursor(editor: TextEditor): Promise<CodeAtCursor | undefined> {
  const { document, selection } = editor;
  const take = (range: Range, title: string): CodeAtCursor | undefined => {
    const text = document.getText(range);
    // By this line the server knows which piece of code to leave out.
    const line = (selection.isEmpty ? selection.active : selection.start).line;
    const similarTo = { text, uri: document.uri.toString(), line };
    return text.trim() === '' ? undefined : { similarTo, title };
  };
  if (!selection.isEmpty) return take(selection, 'the selection');
  const symbol = await symbolAround(editor);
  if (symbol) return take(symbol.range, symbol.name);
  const { line } = selection.active;
  const last = document.lineCount - 1;
  const from = Math.max(0, line - nLinesAround);
  const around = new Range(from, 0, Math.min(last, line + nLinesAround), Number.MAX_SAFE_INTEGER);
  return take(document.validateRange(around), `lines around ${line + 1}`);
}

/** The innermost function, else the innermost type. */
async function symbolAround({ document, selection }: TextEditor): Promise<DocumentSymbol | undefined> {
  const symbols = await commands
    .executeCommand<DocumentSymbol[] | undefined>('vscode.executeDocumentSymbolProvider', document.uri)
    .then(undefined, () => undefined);
  const at = belowComments(document, selection.active.line) ?? selection.active;
  const around: DocumentSymbol[] = [];
  const walk = (symbols: readonly DocumentSymbol[]) => {
    for (const symbol of symbols) {
      if (!symbol.range?.contains(at)) continue;
      around.unshift(symbol);
      walk(symbol.children ?? []);
    }
  };
  walk(symbols ?? []);
  const innermost = (kinds: readonly SymbolKind[]) => around.find(({ kind }) => kinds.includes(kind));
  return innermost(functions) ?? innermost(types);
}

/** A comment belongs to what it stands above: the end of the first line below it; undefined for other lines. */
function belowComments(document: TextDocument, from: number): Position | undefined {
  let line = from;
  while (line < document.lineCount && isComment(document.lineAt(line).text)) line++;
  return line > from && line < document.lineCount ? document.lineAt(line).range.end : undefined;
}
