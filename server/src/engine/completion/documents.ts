/** OpenDocuments: the engine's mirror of the open documents, fed by `Engine.edit`. */

import { StringEdit } from '../text/edit.ts';
import { OffsetRange } from '../text/range.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';

/** One message about one document. */
export type DocumentChange =
  | { kind: 'open'; uri: string; languageId: string; version: number; text: string }
  /** `edits` are applied in order, each to the result of the one before (as in LSP). */
  | {
      kind: 'change';
      uri: string;
      version: number;
      edits: readonly { start: number; endExclusive: number; text: string }[];
    }
  | { kind: 'close'; uri: string };

/** Owner of the current snapshot of every open document. */
export class OpenDocuments {
  private readonly snapshots = new Map<string, DocumentSnapshot>(); // the one touched last comes last

  get(uri: string): DocumentSnapshot | undefined {
    return this.snapshots.get(uri);
  }

  /** The other documents in the same language as `snapshot`, the one touched last first. */
  others(snapshot: DocumentSnapshot): DocumentSnapshot[] {
    const all = [...this.snapshots.values()].reverse();
    return all.filter(({ uri, languageId }) => uri !== snapshot.uri && languageId === snapshot.languageId);
  }

  /** Applies `change`; a change of a document that is not open is ignored (it was closed meanwhile). */
  apply(change: DocumentChange): void {
    const { uri } = change;
    if (change.kind === 'close') {
      this.snapshots.delete(uri);
    } else if (change.kind === 'open') {
      this.snapshots.delete(uri);
      this.snapshots.set(uri, new DocumentSnapshot(uri, change.languageId, change.version, change.text));
    } else {
      const old = this.snapshots.get(uri);
      if (!old) return;
      const text = change.edits.reduce(
        (text, edit) => new StringEdit(new OffsetRange(edit.start, edit.endExclusive), edit.text).apply(text),
        old.text,
      );
      this.snapshots.delete(uri);
      this.snapshots.set(uri, new DocumentSnapshot(uri, old.languageId, change.version, text));
    }
  }
}
