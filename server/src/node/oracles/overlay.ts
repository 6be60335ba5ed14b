/** Overlay: which text a language server of ours has been shown for each document, and how it is shown another. */

// The server sees speculative texts under the document's own URI. That is our private server: the
// user's documents and the editor's servers know nothing of it.

import { LineIndex } from '../../engine/text/line-index.ts';
import type { ServerChild } from './server-child.ts';

export interface Position {
  readonly line: number;
  readonly character: number;
}

interface Shown {
  version: number;
  text: string;
}

/** More open documents than this make a server slow; the one used longest ago is closed. */
const maxOpen = 24;

/** TextDocumentSyncKind.Incremental. */
const incremental = 2;

export class Overlay {
  private readonly shown = new Map<string, Shown>(); // the one used last comes last
  private readonly isIncremental: boolean;
  /** Grows over all documents, so that a document that is opened again never repeats a version. */
  private lastVersion = 0;

  constructor(private readonly child: ServerChild) {
    const sync = child.capabilities.textDocumentSync;
    this.isIncremental = (typeof sync === 'object' ? sync?.change : sync) === incremental;
  }

  get uris(): string[] {
    return [...this.shown.keys()];
  }

  textOf(uri: string): string | undefined {
    return this.shown.get(uri)?.text;
  }

  /** Makes `text` what the server sees as `uri`; answers with the version that it has there. */
  show(uri: string, languageId: string, text: string): number {
    const old = this.shown.get(uri);
    if (!old) {
      const version = ++this.lastVersion;
      this.shown.set(uri, { version, text });
      this.child.notify('textDocument/didOpen', { textDocument: { uri, languageId, version, text } });
      for (const oldest of this.uris.slice(0, -maxOpen)) this.close(oldest);
      return version;
    }
    this.shown.delete(uri);
    this.shown.set(uri, old);
    if (old.text === text) return old.version;
    old.version = ++this.lastVersion;
    const contentChanges = [this.isIncremental ? changeBetween(old.text, text) : { text }];
    old.text = text;
    this.child.notify('textDocument/didChange', {
      textDocument: { uri, version: old.version },
      contentChanges,
    });
    return old.version;
  }

  close(uri: string): void {
    if (this.shown.delete(uri)) this.child.notify('textDocument/didClose', { textDocument: { uri } });
  }
}

/** The smallest single replacement that makes `old` into `text`, as LSP writes it. */
export function changeBetween(old: string, text: string) {
  const shorter = Math.min(old.length, text.length);
  let start = 0;
  while (start < shorter && old.charCodeAt(start) === text.charCodeAt(start)) start++;
  let nAfter = 0;
  while (
    nAfter < shorter - start &&
    old.charCodeAt(old.length - 1 - nAfter) === text.charCodeAt(text.length - 1 - nAfter)
  )
    nAfter++;
  // A position inside a surrogate pair or between \r and \n is none that servers agree on.
  while (start > 0 && isUnbreakable(old, text, start, start)) start--;
  while (nAfter > 0 && isUnbreakable(old, text, old.length - nAfter, text.length - nAfter)) nAfter--;
  const index = new LineIndex(old);
  return {
    range: { start: positionAt(index, start), end: positionAt(index, old.length - nAfter) },
    text: text.slice(start, text.length - nAfter),
  };
}

export function positionAt(index: LineIndex, offset: number): Position {
  const line = index.lineAt(offset);
  return { line, character: offset - index.startOf(line) };
}

/** Whether either text would be cut inside what belongs together. */
function isUnbreakable(old: string, text: string, oldOffset: number, offset: number): boolean {
  const splits = (value: string, at: number) =>
    /^(?:\r\n|[\ud800-\udbff][\udc00-\udfff])$/.test(value.slice(Math.max(0, at - 1), at + 1));
  return splits(old, oldOffset) || splits(text, offset);
}
