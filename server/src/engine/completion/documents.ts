/** OpenDocuments: the engine's mirror of the open documents, fed by `Engine.edit`. */

import { StringEdit } from '../text/edit.ts';
import { OffsetRange } from '../text/range.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { Notebooks, precedingText } from './notebooks.ts';
import { isSecretFile } from './secrets.ts';

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
  | { kind: 'close'; uri: string }
  /** The cells of the notebook `uri`, in order, each a document that may be opened later; none: it is closed. */
  | { kind: 'cells'; uri: string; cells: readonly string[] };

/** A piece of a file that is not open, and that has to do with a document. */
export interface RelatedPiece {
  readonly path: string;
  readonly languageId: string;
  readonly text: string;
}

/** Deleted texts that are remembered per document, and how much of each; shorter ones are not worth it. */
const nRemoved = 6;
const minRemovedChars = 12;
const maxRemovedChars = 4000;

/** Characters before a deleted text that are kept with it, so that it is found again where it stood. */
const removedContextChars = 60;

/** Owner of the current snapshot of every open document. */
export class OpenDocuments {
  private readonly removed = new Map<string, string[]>();
  private readonly snapshots = new Map<string, DocumentSnapshot>(); // the one touched last comes last
  private readonly related = new Map<string, readonly DocumentSnapshot[]>();
  private readonly notebooks = new Notebooks();

  get(uri: string): DocumentSnapshot | undefined {
    return this.snapshots.get(uri);
  }

  /**
   * The other documents in the same language as `snapshot`, the one touched last first; none that holds
   * secrets, and none that is read as its beginning.
   */
  others(snapshot: DocumentSnapshot): DocumentSnapshot[] {
    const all = [...this.snapshots.values()].reverse();
    const above = new Set(this.notebooks.above(snapshot.uri));
    return all.filter(
      ({ uri, languageId }) =>
        uri !== snapshot.uri && languageId === snapshot.languageId && !above.has(uri) && !isSecretFile(uri),
    );
  }

  /** What a cell goes on from: the cells above it; '' for a document that is no cell. */
  preceding(uri: string): string {
    const own = this.snapshots.get(uri);
    const above = this.notebooks.above(uri).flatMap((cell) => this.snapshots.get(cell) ?? []);
    const legible = above.filter((cell) => !isSecretFile(cell.uri));
    return own ? precedingText(legible, own.languageId) : '';
  }

  /** What the rows of the cache are kept by: a notebook for all of its cells, so that who goes to the next cell keeps them. */
  homeOf(uri: string): string {
    return this.notebooks.homeOf(uri) ?? uri;
  }

  /**
   * Says what has to do with a document, the most relevant first, in place of what was said before. What
   * was there before stays where it was, in the same snapshots, and what is new comes behind it: the index
   * orders nearly equal pieces otherwise after every word, and answers would change with it.
   */
  relate(uri: string, pieces: readonly RelatedPiece[]): void {
    if (!this.snapshots.has(uri)) return; // closed meanwhile
    const wanted = new Map(pieces.map((piece) => [`${piece.path}\n${piece.text}`, piece]));
    const keyOf = (snapshot: DocumentSnapshot) => `${snapshot.uri}\n${snapshot.text}`;
    const kept = this.relatedTo(uri).filter((snapshot) => wanted.delete(keyOf(snapshot)));
    const added = [...wanted.values()].map(({ path, languageId, text }) => {
      return new DocumentSnapshot(path, languageId, 0, text);
    });
    this.related.set(uri, [...kept, ...added]);
  }

  relatedTo(uri: string): readonly DocumentSnapshot[] {
    return this.related.get(uri) ?? [];
  }

  /** What was deleted from the document, the last first, each with what stood before it. */
  removedFrom(uri: string): readonly string[] {
    return this.removed.get(uri) ?? [];
  }

  /** Applies `change`; a change of a document that is not open is ignored (it was closed meanwhile). */
  apply(change: DocumentChange): void {
    const { uri } = change;
    if (change.kind === 'cells') {
      this.notebooks.set(uri, change.cells);
    } else if (change.kind === 'close') {
      this.snapshots.delete(uri);
      this.removed.delete(uri);
      this.related.delete(uri);
    } else if (change.kind === 'open') {
      this.snapshots.delete(uri);
      this.snapshots.set(uri, new DocumentSnapshot(uri, change.languageId, change.version, change.text));
    } else {
      const old = this.snapshots.get(uri);
      if (!old) return;
      const text = change.edits.reduce((text, edit) => {
        this.noteRemoved(uri, text, edit);
        return new StringEdit(new OffsetRange(edit.start, edit.endExclusive), edit.text).apply(text);
      }, old.text);
      this.snapshots.delete(uri);
      this.snapshots.set(uri, new DocumentSnapshot(uri, old.languageId, change.version, text));
    }
  }
  private noteRemoved(
    uri: string,
    text: string,
    { start, endExclusive }: { start: number; endExclusive: number },
  ) {
    if (endExclusive - start < minRemovedChars) return;
    const from = Math.max(0, start - removedContextChars);
    const gone = text.slice(from, Math.min(endExclusive, start + maxRemovedChars));
    this.removed.set(uri, [gone, ...this.removedFrom(uri)].slice(0, nRemoved));
  }
}
