/** DocumentSnapshot: the frozen text of one version of one document. */

import { LineIndex } from './line-index.ts';

/** What everything but `lsp/documents` sees of a document. */
export class DocumentSnapshot {
  private index: LineIndex | undefined;

  constructor(
    /** The document's URI, as the client spells it. */
    readonly uri: string,
    /** The client's language id, such as `typescript`. */
    readonly languageId: string,
    /** Grows with every change of the document. */
    readonly version: number,
    readonly text: string,
  ) {}

  /** Built at first use, then kept: a snapshot never changes. */
  get lines(): LineIndex {
    this.index ??= new LineIndex(this.text);
    return this.index;
  }
}
