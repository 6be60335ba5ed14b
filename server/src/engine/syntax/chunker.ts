/** chunkText: cuts a file into chunks along its syntax tree; every character that is not white space is in exactly one. */

// Split, then merge, by size, as in cAST (Zhang et al. 2025, arXiv 2506.15655, section 3), with two
// deviations: a symbol of some size is a chunk of its own, so that search finds the function and
// compression keeps or drops it; and chunks are made of cuts in the text instead of node texts, so
// that nothing can be lost (cAST's code loses a node that is too large and has no children).

import { hashOf } from '../text/hash.ts';
import type { Chunk, ChunkKind } from './chunk.ts';
import { commentText, docstringText } from './chunk-doc.ts';
import { isBlank, type Part, paragraphs, runsOf, Sizes } from './chunk-lines.ts';
import { type Declaration, isComment, isContainer } from './chunk-nodes.ts';
import { Items, maxDepth, type SyntaxItem } from './items.ts';
import { languageOf } from './languages.ts';
import type { Tree } from './parsers.ts';

/** Sizes in characters that are not white space. */
export interface ChunkLimits {
  /** No chunk is larger, ≥ 16. 1200 is about 400 tokens: what encoders read whole. */
  readonly maxSize: number;
  /** A class that is larger is cut into its members. */
  readonly maxClassSize: number;
  /** A symbol that is smaller shares a chunk with its neighbours. */
  readonly minSymbolSize: number;
}

const defaultLimits: ChunkLimits = { maxSize: 1200, maxClassSize: 400, minSymbolSize: 80 };

/** Longer texts are cut by lines: their trees would cost seconds and hundreds of megabytes. */
export const maxTreeLength = 1_000_000;

/** What a signature may take of a header; the rest of a long one tells little. */
const maxSignatureLength = 200;

/** How many names of small symbols in one chunk are listed. */
const maxNames = 8;

/**
 * The chunks of `text`, in order. `tree` is of exactly this text and stays the caller's; without it
 * the text is cut by paragraphs. Takes about 20 ms per 100 kB.
 */
export function chunkText(
  text: string,
  languageId: string,
  tree: Tree | undefined,
  limits: Partial<ChunkLimits> = {},
): Chunk[] {
  return new Chunking(text, languageOf(languageId).grammar ?? '', { ...defaultLimits, ...limits }).run(tree);
}

/** What encloses a part: the symbol that it belongs to. */
interface Scope {
  readonly kind: ChunkKind;
  readonly name: string;
  /** Of what encloses the symbol, and with the symbol's own signature. */
  readonly outerHeader: string;
  readonly header: string;
  readonly doc: string;
  readonly path: string;
}

/** A part of a list, or the signature of the scope's own symbol. */
interface Item extends SyntaxItem {
  readonly isHead?: boolean;
}

/** Everything of a chunk but its end, which is where the next one starts. */
interface Piece extends Omit<Chunk, 'id' | 'endExclusive'> {
  readonly path: string;
}

class Chunking {
  private readonly sizes: Sizes;
  private readonly items: Items;
  private readonly pieces: Piece[] = [];

  constructor(
    private readonly text: string,
    private readonly grammar: string,
    private readonly limits: ChunkLimits,
  ) {
    this.sizes = new Sizes(text);
    this.items = new Items(text, grammar, true);
  }

  run(tree: Tree | undefined): Chunk[] {
    const kind = tree ? 'module' : 'text';
    const file: Scope = { kind, name: '', outerHeader: '', header: '', doc: '', path: '' };
    const items = tree
      ? this.items.of(tree.rootNode, 0)
      : paragraphs(this.text, 0, this.text.length).map((part) => ({ ...part }));
    this.fill(items, file, 0);
    return this.chunks();
  }

  /** Lays the items of one list down as pieces. */
  private fill(items: readonly Item[], scope: Scope, depth: number): void {
    let run: Item[] = [];
    const flush = () => {
      for (const part of runsOf(this.text, this.sizes, run, this.limits.maxSize)) this.lay(part, scope);
      run = [];
    };
    for (const item of items) {
      const { declaration } = item;
      const size = this.sizeOf(item);
      const isSymbol = declaration && !declaration.isSoft && size >= this.limits.minSymbolSize;
      if (isSymbol || (size > this.limits.maxSize && item.node)) {
        flush();
        if (declaration) this.declare(item, declaration, scope, depth);
        else this.cut(item, scope, depth);
      } else run.push(item);
    }
    flush();
  }

  /** A symbol: whole, or its signature and its parts. */
  private declare(item: Item, declaration: Declaration, outer: Scope, depth: number): void {
    const scope = this.scopeOf(item, declaration, outer);
    const { node, body } = declaration;
    const headEnd = signatureEnd(declaration);
    const isWhole =
      this.sizeOf(item) <= (isContainer(scope.kind) ? this.limits.maxClassSize : this.limits.maxSize);
    const items = isWhole || depth > maxDepth ? [] : this.items.of(body ?? node, depth);
    const first = items[0];
    if (isWhole || !first) {
      this.fill([{ start: item.start, endExclusive: item.endExclusive, isHead: true }], scope, depth);
      return;
    }
    const parts: Item[] = [...items];
    if (headEnd !== undefined) parts[0] = { ...first, start: headEnd }; // a comment before the body is the first part's
    const endExclusive = parts[0]?.start ?? first.start;
    if (endExclusive > item.start) parts.unshift({ start: item.start, endExclusive, isHead: true });
    this.fill(parts, scope, depth + 1);
  }

  /** Something large that declares nothing: its parts, in the same scope. */
  private cut(item: Item, scope: Scope, depth: number): void {
    const items = depth > maxDepth || !item.node ? [] : this.items.of(item.node, depth);
    const first = items[0];
    if (first && (items.length > 1 || first.node?.id !== item.node?.id)) {
      this.fill([{ ...first, start: item.start }, ...items.slice(1)], scope, depth + 1);
    } else this.fill([{ start: item.start, endExclusive: item.endExclusive }], scope, depth);
  }

  /** Remembers a piece made of neighbouring parts of one scope. */
  private lay(parts: readonly (Item | Part)[], scope: Scope): void {
    const first = parts[0] as Item;
    const start = this.lineStart(first.start);
    if (start === undefined && this.pieces.length > 0) return; // in the middle of a line: the piece before has it
    const declared = parts.flatMap((part) => ('declaration' in part && part.declaration) || []);
    const symbols = declared.filter(({ isSoft }) => !isSoft);
    const isCode = scope.kind === 'function' || scope.kind === 'method'; // local values name nothing there
    const named = symbols.length > 0 || isCode ? symbols : declared;
    const base = { start: start ?? 0, doc: '', path: scope.path };
    if (first.isHead || named.length === 0) {
      const header = first.isHead ? scope.outerHeader : scope.header;
      const doc = first.isHead ? scope.doc : '';
      this.pieces.push({ ...base, kind: scope.kind, name: scope.name, header, doc });
      return;
    }
    const only = named.length === 1 ? named[0] : undefined;
    const item = parts.find((part) => 'declaration' in part && part.declaration === only) as Item;
    const own = only && this.scopeOf(item, only, scope);
    const kinds = new Set(named.map(({ kind }) => kindIn(kind, scope)));
    const kind = kinds.size === 1 ? ([...kinds][0] as ChunkKind) : scope.kind;
    const names = [...new Set(named.slice(0, maxNames).map(({ name }) => name))].filter(Boolean);
    const name = qualified(scope, names.join(', '));
    this.pieces.push({ ...base, kind, name, header: scope.header, doc: own?.doc ?? '' });
  }

  private scopeOf(item: Item, declaration: Declaration, outer: Scope): Scope {
    const kind = kindIn(declaration.kind, outer);
    const name = qualified(outer, declaration.name);
    const declaredAt = item.node?.startIndex ?? item.start;
    const { body, isSoft } = declaration;
    const end = signatureEnd(declaration) ?? (body ? body.startIndex : item.endExclusive);
    const source = this.text.slice(declaredAt, Math.min(end, declaredAt + 4 * maxSignatureLength));
    const signature = (isSoft ? source.replace(/\n[\s\S]*$/, '') : source)
      .replace(/\s+/g, ' ')
      .replace(/[\s{:]+$/, '')
      .slice(0, maxSignatureLength);
    return {
      kind,
      name,
      outerHeader: outer.header,
      header: outer.header ? `${outer.header}\n${signature}` : signature,
      doc: this.docOf(item, declaration, declaredAt),
      path: `${outer.path}/${kind} ${declaration.name}`,
    };
  }

  private docOf(item: Item, { body }: Declaration, declaredAt: number): string {
    if (this.grammar === 'python') {
      const first = body?.firstNamedChild;
      const string = first?.type === 'expression_statement' ? first.firstNamedChild : undefined;
      if (string?.type === 'string') return docstringText(string.text);
    }
    return commentText(this.text.slice(item.start, declaredAt));
  }

  /** The start of the line if only white space stands before `offset`; `offset` itself in a huge line. */
  private lineStart(offset: number): number | undefined {
    let start = offset;
    while (start > 0 && this.text.charCodeAt(start - 1) !== 10) {
      start--;
      if (!isBlank(this.text.charCodeAt(start))) break;
    }
    if (start === offset || this.sizes.of(start, offset) === 0) return start;
    const lineStart = this.text.lastIndexOf('\n', offset - 1) + 1;
    const newline = this.text.indexOf('\n', offset);
    const lineEnd = newline < 0 ? this.text.length : newline;
    return this.sizes.of(lineStart, lineEnd) > this.limits.maxSize ? offset : undefined;
  }

  /** From cuts to chunks: each ends where the next starts, and no longer than allowed. */
  private chunks(): Chunk[] {
    const { text, sizes, limits } = this;
    const pieces = this.merged();
    const nSame = new Map<string, number>();
    const chunks: Chunk[] = [];
    pieces.forEach((piece, i) => {
      const start = i === 0 ? 0 : piece.start;
      const end = pieces[i + 1]?.start ?? text.length;
      const runs = runsOf(text, sizes, [{ start, endExclusive: end }], limits.maxSize);
      runs.forEach((run, iRun) => {
        const range = this.trimmed((run[0] as Part).start, (run.at(-1) as Part).endExclusive);
        if (!range) return;
        const { path, ...rest } = piece;
        const normal = text.slice(range.start, range.endExclusive).replace(/\s+/g, ' ').trim();
        const identity = `${path}\n${piece.kind} ${piece.name}\n${normal}`;
        const ordinal = nSame.get(identity) ?? 0;
        nSame.set(identity, ordinal + 1);
        const id = hashOf(ordinal === 0 ? identity : `${identity}\n${ordinal}`);
        chunks.push({ ...rest, ...range, id, doc: iRun === 0 ? rest.doc : '' });
      });
    });
    return chunks;
  }

  /** Neighbours of one scope that are nobody's symbol share a chunk when they fit. */
  private merged(): Piece[] {
    const { sizes, limits, text } = this;
    const merged: Piece[] = [];
    const pieces = this.pieces;
    pieces.forEach((piece, i) => {
      const last = merged.at(-1);
      const end = pieces[i + 1]?.start ?? text.length;
      const isSame =
        last && last.path === piece.path && last.name === piece.name && last.header === piece.header;
      if (isSame && sizes.of(last.start, end) <= limits.maxSize / 2) return;
      if (last && piece.start <= last.start) return;
      merged.push(piece);
    });
    return merged;
  }

  /** Without blank lines around; undefined when nothing else is there. */
  private trimmed(start: number, endExclusive: number): Part | undefined {
    const { text } = this;
    let first = start;
    while (first < endExclusive && isBlank(text.charCodeAt(first))) first++;
    if (first === endExclusive) return undefined;
    let end = endExclusive;
    while (isBlank(text.charCodeAt(end - 1))) end--;
    const lineStart = Math.max(start, text.lastIndexOf('\n', first) + 1);
    return { start: lineStart, endExclusive: end };
  }

  private sizeOf({ start, endExclusive }: Part): number {
    return this.sizes.of(start, endExclusive);
  }
}

/** Where a comment stands between a signature and its body, if one does (Ruby, Python). */
function signatureEnd({ node, body }: Declaration): number | undefined {
  if (!body || node.childCount > 20) return undefined;
  const found = node.children.find((child) => child && isComment(child) && child.endIndex <= body.startIndex);
  return found?.startIndex;
}

function kindIn(kind: ChunkKind, scope: Scope): ChunkKind {
  const isMember = scope.kind === 'class' || scope.kind === 'interface' || scope.kind === 'enum';
  return kind === 'function' && isMember ? 'method' : kind;
}

function qualified(scope: Scope, name: string): string {
  if (!name) return scope.name;
  return scope.name ? `${scope.name}.${name}` : name;
}
