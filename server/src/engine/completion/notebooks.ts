/** Notebooks: which cells stand before a cell, and what of them is read as the beginning of its document. */

// Editors hold every cell as a document of its own, but a cell is run after the ones above it. So it is
// read as the end of one program, written as scripts made of notebooks are (jupytext's percent format):
// cells in its language as they are, prose and what is no statement of the language as comments. Prose
// stays because it says what the next cell is for; it is cut short, so that it does not crowd out code.
// Cells below are not read as what stands behind the cursor. That part comes first in a prompt, so
// every step down a notebook would move all of its rows, and nothing below has run yet. They are
// drawn on as other open files are.

import { languageOf } from '../syntax/languages.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';

/** Characters of a cell of prose that are read, in whole lines: a heading and what belongs to it. */
const maxProseChars = 600;

/** Characters of all earlier cells together, the nearest ones first: some 80,000 tokens. */
const maxPrecedingChars = 300_000;

/** The notebooks that are open: the URIs of their cells, in order. */
export class Notebooks {
  private readonly cells = new Map<string, readonly string[]>(); // by notebook
  private readonly homes = new Map<string, string>(); // the notebook by cell

  /** Says which cells a notebook has, in place of what was said before; none: it is closed. */
  set(notebook: string, cells: readonly string[]): void {
    for (const cell of this.cells.get(notebook) ?? []) this.homes.delete(cell);
    this.cells.delete(notebook);
    if (cells.length === 0) return;
    this.cells.set(notebook, cells);
    for (const cell of cells) this.homes.set(cell, notebook);
  }

  /** The notebook that a document is a cell of. */
  homeOf(uri: string): string | undefined {
    return this.homes.get(uri);
  }

  /** The cells above a cell, the first one first; none for a document that is no cell. */
  above(uri: string): readonly string[] {
    const home = this.homes.get(uri);
    const all = home === undefined ? undefined : this.cells.get(home);
    return all?.slice(0, all.indexOf(uri)) ?? [];
  }
}

/** What stands before a cell in `languageId`, given the cells above it in order; '' or whole lines. */
export function precedingText(cells: readonly DocumentSnapshot[], languageId: string): string {
  const pieces: string[] = [];
  let room = maxPrecedingChars;
  for (const cell of [...cells].reverse()) {
    const piece = pieceOf(cell, languageId);
    room -= piece.length;
    if (room < 0) break;
    pieces.push(piece);
  }
  return pieces.reverse().join('');
}

/** By snapshot, and by the language it is read in: a key changes one cell, and the others are not read again. */
const known = new WeakMap<DocumentSnapshot, { readonly languageId: string; readonly piece: string }>();

function pieceOf(cell: DocumentSnapshot, languageId: string): string {
  const remembered = known.get(cell);
  if (remembered?.languageId === languageId) return remembered.piece;
  const text = textOf(cell, languageId).trimEnd();
  const piece = text === '' ? '' : `${text}\n\n`;
  known.set(cell, { languageId, piece });
  return piece;
}

function textOf(cell: DocumentSnapshot, languageId: string): string {
  const text = cell.text.replaceAll('\r\n', '\n');
  if (text.includes('\0')) return '';
  if (cell.languageId === 'markdown' && languageId !== 'markdown') return asComment(text, languageId);
  if (cell.languageId !== languageId) return '';
  return languageId === 'python' ? withoutMagics(text) : text;
}

/** '' in a language that has no comments of one line. */
function asComment(prose: string, languageId: string): string {
  const [open] = languageOf(languageId).lineComments;
  if (open === undefined) return '';
  const end = prose.length <= maxProseChars ? prose.length : prose.lastIndexOf('\n', maxProseChars);
  return prose.slice(0, Math.max(0, end)).trim().replaceAll(/^/gm, `${open} `);
}

/** Magics of a whole cell behind which Python goes on; behind the others stands another language. */
const pythonMagics = /^%%(?:time|timeit|capture|prun)\b/;

/** A line of IPython's own: `%matplotlib inline`, `!pip install …`; `%` with a blank behind it is an operator. */
const magicLine = /^([^\S\n]*)(?=%{1,2}[A-Za-z_]|!)/gm;

function withoutMagics(text: string): string {
  const start = text.trimStart();
  if (start.startsWith('%%') && !pythonMagics.test(start)) return '';
  return text.replaceAll(magicLine, '$1# ');
}
