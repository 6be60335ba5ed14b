/** Documents: the server's mirror of the open documents; each message becomes one change for the engine. */

// Offsets are counted here, before each edit is applied, because LSP's positions of one edit refer to
// the result of the edit before it. A message that makes no sense would leave a mirror that differs
// from the editor's text, so such a document is closed until the editor opens it again.

import { TextDocument } from 'vscode-languageserver-textdocument';
import type { DocumentChange } from '../engine/engine.ts';
import { StringEdit } from '../engine/text/edit.ts';
import { isRange } from './from-lsp.ts';

type Edit = Extract<DocumentChange, { kind: 'change' }>['edits'][number];

/** Cells of one notebook; one with more is no work of a person. */
const maxCells = 10_000;

export class Documents {
  private readonly open = new Map<string, TextDocument>();
  private readonly notebooks = new Map<string, readonly string[]>(); // the cells by notebook

  /** `onProblem` hears of messages that make no sense. */
  constructor(private readonly onProblem: (message: string) => void) {}

  get(uri: string): TextDocument | undefined {
    return this.open.get(uri);
  }

  /** `textDocument/didOpen`. Undefined when there is nothing for the engine to do. */
  didOpen(params: unknown): DocumentChange | undefined {
    const { uri, languageId, version, text } = member(params, 'textDocument');
    if (typeof uri !== 'string' || typeof text !== 'string') {
      this.onProblem('A document without a URI or a text was opened; it is ignored.');
      return undefined;
    }
    const language = typeof languageId === 'string' ? languageId : 'plaintext';
    const document = TextDocument.create(uri, language, versionOf(version, 0), text);
    this.open.set(uri, document);
    return openChange(document);
  }

  /** `textDocument/didChange`, with whole texts or ranges. */
  didChange(params: unknown): DocumentChange | undefined {
    const { uri, version } = member(params, 'textDocument');
    const document = typeof uri === 'string' ? this.open.get(uri) : undefined;
    if (!document) {
      this.onProblem(`A document that is not open was changed (${String(uri)}); it is ignored.`);
      return undefined;
    }
    const changes = (params as { contentChanges?: unknown }).contentChanges;
    const next = versionOf(version, document.version + 1);
    const edits: Edit[] = [];
    for (const change of Array.isArray(changes) ? changes : [undefined]) {
      const edit = editOf(document, change);
      if (!edit) {
        this.onProblem(
          `A change of ${document.uri} makes no sense; there are no suggestions in it until it is opened again.`,
        );
        return this.close(document.uri);
      }
      TextDocument.update(document, [change], next);
      edits.push(...edit);
    }
    if (edits.length === 0) TextDocument.update(document, [], next);
    return { kind: 'change', uri: document.uri, version: next, edits };
  }

  /** `textDocument/didClose`. */
  didClose(params: unknown): DocumentChange | undefined {
    const { uri } = member(params, 'textDocument');
    return typeof uri === 'string' && this.open.has(uri) ? this.close(uri) : undefined;
  }

  /** `stet/notebook`. */
  cells(params: unknown): DocumentChange | undefined {
    const { uri, cells } = (params ?? {}) as { uri?: unknown; cells?: unknown };
    const isList = Array.isArray(cells) && cells.every((cell): cell is string => typeof cell === 'string');
    if (typeof uri !== 'string' || !isList || cells.length > maxCells) {
      this.onProblem(`The cells of a notebook (${String(uri)}) make no sense; they are ignored.`);
      return undefined;
    }
    if (cells.length > 0) this.notebooks.set(uri, cells);
    else this.notebooks.delete(uri);
    return { kind: 'cells', uri, cells };
  }

  /** Whether a document is a cell of a notebook. */
  isCell(uri: string): boolean {
    return [...this.notebooks.values()].some((cells) => cells.includes(uri));
  }

  /** Of everything that is open. */
  uris(): string[] {
    return [...this.open.keys()];
  }

  /** The changes that tell a fresh engine of everything that is open. */
  *all(): Generator<DocumentChange> {
    for (const document of this.open.values()) yield openChange(document);
    for (const [uri, cells] of this.notebooks) yield { kind: 'cells', uri, cells };
  }

  private close(uri: string): DocumentChange {
    this.open.delete(uri);
    return { kind: 'close', uri };
  }
}

function openChange(document: TextDocument): DocumentChange {
  const { uri, languageId, version } = document;
  return { kind: 'open', uri, languageId, version, text: document.getText() };
}

/** The edits that one content change stands for (none when it changes nothing); undefined for nonsense. */
function editOf(document: TextDocument, change: unknown): Edit[] | undefined {
  if (typeof change !== 'object' || change === null) return undefined;
  const { range, text } = change as { range?: unknown; text?: unknown };
  if (typeof text !== 'string') return undefined;
  if (range === undefined) {
    // A client without incremental sync sends whole texts: what did not differ can still be reused.
    const edit = StringEdit.between(document.getText(), text);
    return edit ? [{ start: edit.range.start, endExclusive: edit.range.endExclusive, text: edit.text }] : [];
  }
  if (!isRange(range)) return undefined;
  const offsets = [document.offsetAt(range.start), document.offsetAt(range.end)];
  return [{ start: Math.min(...offsets), endExclusive: Math.max(...offsets), text }];
}

function versionOf(version: unknown, fallback: number): number {
  return typeof version === 'number' && Number.isFinite(version) ? version : fallback;
}

function member(params: unknown, name: string): Record<string, unknown> {
  const value = (params as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
