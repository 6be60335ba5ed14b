/** Trees: one syntax tree per open document, parsed again incrementally from whatever it was before. */

// Trees live in WebAssembly memory, which no garbage collector shrinks, so they are deleted by hand
// and never leave this class: callers pass a function that reads one and returns plain values.
// The edit between two versions is found by comparing their texts (0.1 ms for 100 kB): that way no
// lost or reordered change message can ever make a tree disagree with its text.

import { Lru } from '../base/lru.ts';
import type { Clock } from '../base/ports.ts';
import { StringEdit } from '../text/edit.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import { Edit, type Parser, type Parsers, type Tree } from './parsers.ts';

/** Limits of the trees; the defaults suit typing. */
export interface TreeLimits {
  /** Documents with a tree at the same time, ≥ 1: about 1 MB each per 100 kB of source. */
  readonly nTrees: number;
  /** Longer texts (UTF-16 units) get no tree: a first parse runs at about 2.5 MB/s. */
  readonly maxLength: number;
  /** A parse that takes longer is given up. */
  readonly maxParseMs: number;
  /** After a parse was given up, how long its document is left in peace. */
  readonly retryMs: number;
}

const defaultLimits: TreeLimits = { nTrees: 8, maxLength: 1_000_000, maxParseMs: 300, retryMs: 10_000 };

interface Entry {
  readonly languageId: string;
  text: string;
  tree: Tree | undefined; // undefined: given up
  retryAtMs: number;
}

/** Owner of every tree. */
export class Trees {
  private readonly entries: Lru<string, Entry>;
  private readonly limits: TreeLimits;

  constructor(
    private readonly parsers: Parsers,
    private readonly clock: Clock,
    limits: Partial<TreeLimits> = {},
  ) {
    this.limits = { ...defaultLimits, ...limits };
    this.entries = new Lru(this.limits.nTrees, (entry) => entry.tree?.delete());
  }

  /**
   * What `read` makes of the snapshot's tree, or undefined when it has none (no grammar, too large,
   * too slow). Waits only for a grammar that is not loaded yet. The tree must not escape `read`.
   */
  async read<T>(snapshot: DocumentSnapshot, read: (tree: Tree) => T): Promise<T | undefined> {
    if (snapshot.text.length > this.limits.maxLength) return undefined;
    const parser = await this.parsers.of(snapshot.languageId);
    return parser && this.readWith(parser, snapshot, read);
  }

  /** As `read`, but never waits: undefined also while the grammar is not loaded. */
  readNow<T>(snapshot: DocumentSnapshot, read: (tree: Tree) => T): T | undefined {
    if (snapshot.text.length > this.limits.maxLength) return undefined;
    const parser = this.parsers.ready(snapshot.languageId);
    return parser && this.readWith(parser, snapshot, read);
  }

  /** The document was closed. */
  forget(uri: string): void {
    this.entries.delete(uri);
  }

  dispose(): void {
    this.entries.clear();
  }

  private readWith<T>(parser: Parser, snapshot: DocumentSnapshot, read: (tree: Tree) => T): T | undefined {
    const tree = this.treeOf(parser, snapshot);
    return tree && read(tree);
  }

  private treeOf(parser: Parser, { uri, languageId, text }: DocumentSnapshot): Tree | undefined {
    let entry = this.entries.get(uri);
    if (entry && entry.languageId !== languageId) {
      this.entries.delete(uri);
      entry = undefined;
    }
    if (entry?.tree && entry.text === text) return entry.tree;
    if (entry && !entry.tree && this.clock.nowMs() < entry.retryAtMs) return undefined;
    const old = entry?.tree;
    if (entry && old) markEdit(old, entry.text, text);
    const tree = this.parse(parser, text, old);
    old?.delete();
    if (entry) Object.assign(entry, { text, tree });
    else entry = { languageId, text, tree, retryAtMs: 0 };
    if (!tree) entry.retryAtMs = this.clock.nowMs() + this.limits.retryMs;
    this.entries.set(uri, entry);
    return tree;
  }

  private parse(parser: Parser, text: string, old: Tree | undefined): Tree | undefined {
    const deadlineMs = this.clock.nowMs() + this.limits.maxParseMs;
    const progressCallback = () => this.clock.nowMs() > deadlineMs;
    const tree = parser.parse(text, old, { progressCallback });
    if (!tree) parser.reset(); // else the next parse would go on with this text
    return tree ?? undefined;
  }
}

/** Tells `tree`, which is of `oldText`, what changed. */
function markEdit(tree: Tree, oldText: string, newText: string): void {
  const edit = StringEdit.between(oldText, newText);
  if (!edit) return;
  const { start, endExclusive } = edit.range;
  const newEnd = start + edit.text.length;
  tree.edit(
    new Edit({
      startIndex: start,
      oldEndIndex: endExclusive,
      newEndIndex: newEnd,
      startPosition: pointAt(oldText, start),
      oldEndPosition: pointAt(oldText, endExclusive),
      newEndPosition: pointAt(newText, newEnd),
    }),
  );
}

/** tree-sitter's own rows and columns (only \n ends a row), which stay inside this file. */
function pointAt(text: string, offset: number): { row: number; column: number } {
  let row = 0;
  let start = 0;
  for (
    let newline = text.indexOf('\n');
    newline >= 0 && newline < offset;
    newline = text.indexOf('\n', start)
  ) {
    row++;
    start = newline + 1;
  }
  return { row, column: offset - start };
}
