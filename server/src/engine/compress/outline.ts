/** outlineOf: a file as parts that can be left out, each on lines of its own, so that what is left still parses. */

// LongCodeZip (arXiv 2510.00446, section 3.2) leaves out whole functions found by regular expressions,
// and blocks of lines. Here the parts are statements and members of the syntax tree: what is left out
// is a whole one, with the comments and decorators before it, and a comment stands in its place.

import type { ChunkKind } from '../syntax/chunk.ts';
import { paragraphs } from '../syntax/chunk-lines.ts';
import { isContainer } from '../syntax/chunk-nodes.ts';
import { Items, type SyntaxItem } from '../syntax/items.ts';
import { languageOf } from '../syntax/languages.ts';
import type { Node, Tree } from '../syntax/parsers.ts';
import { hashOf } from '../text/hash.ts';

/** Whole lines [start, endExclusive) of a file; the line break at the end is part of it. */
export interface OutlinePart {
  readonly start: number;
  readonly endExclusive: number;
  /** `imports` are kept whenever anything of their file is. */
  readonly role: 'imports' | 'symbol' | 'container' | 'code';
  readonly kind: ChunkKind;
  /** Qualified; '' where there is none. */
  readonly name: string;
  /** Names the part by its text and its enclosing symbols. */
  readonly id: string;
  /** Members of a container, statements of a function, in order; they cover [parts[0].start, last.end). */
  readonly parts: readonly OutlinePart[];
}

/** A container or a run of statements that is smaller (characters) is one part. */
const minContainerLength = 600;

/** Statements next to each other are one part up to this length. */
const maxRunLength = 500;

/** A function shorter than this many lines is kept whole or not at all (LongCodeZip, section 3.3). */
const minFunctionLines = 5;

/**
 * A function longer than this (characters) is taken apart like a class: runs of its statements are pieces of
 * their own under its signature, since one that is half the budget is otherwise all or nothing. Of 1000, 2000
 * and never, on five repositories, it found most of the names that a line needs (docs/benchmarks.md).
 */
const maxFunctionLength = 1000;

/**
 * How far down a large statement is searched for the block that makes it large: `describe(…, () => {`, or an
 * exported function in a function's arguments, which takes nine steps.
 */
const maxDescent = 16;

const importing =
  /^(?:import_statement|import_from_statement|future_import_statement|import_declaration|use_declaration|using_directive|namespace_use_declaration|package_clause|package_declaration|preproc_include|php_tag|extern_crate_declaration|file_scoped_namespace_declaration|declare_statement)$/;

/**
 * The outline of `text`; without a tree its paragraphs. `tree` is of exactly this text, and stays the
 * caller's. `splitsFunctions`: whether long functions are taken apart.
 */
export function outlineOf(
  text: string,
  languageId: string,
  tree: Tree | undefined,
  splitsFunctions = true,
): readonly OutlinePart[] {
  if (tree) return new Outlining(text, languageOf(languageId).grammar ?? '', splitsFunctions).run(tree);
  const ordinals = new Map<string, number>();
  return wholeLines(text, paragraphs(text, 0, text.length)).map((range) => ({
    ...range,
    role: 'code',
    kind: 'text',
    name: '',
    id: idOf('', text, range, ordinals),
    parts: [],
  }));
}

interface Lines {
  readonly start: number;
  readonly endExclusive: number;
}

class Outlining {
  private readonly items: Items;
  private readonly ordinals = new Map<string, number>();

  constructor(
    private readonly text: string,
    grammar: string,
    private readonly splitsFunctions: boolean,
  ) {
    this.items = new Items(text, grammar, false);
  }

  run({ rootNode }: Tree): readonly OutlinePart[] {
    return this.partsOf(rootNode, '', 0, undefined) ?? [];
  }

  /** The parts of a list; undefined when its items do not stand on lines of their own. */
  private partsOf(
    node: Node,
    path: string,
    depth: number,
    within: Lines | undefined,
    joinsCode = true,
  ): OutlinePart[] | undefined {
    if (depth > 20) return undefined;
    const items = this.items.of(node, depth);
    if (items.length === 0) return undefined;
    const ranges = wholeLines(this.text, items);
    if (within) {
      const first = ranges[0] as Lines;
      const last = ranges.at(-1) as Lines;
      if (first.start <= within.start || last.endExclusive > within.endExclusive) return undefined;
      if (!this.isTail(last.endExclusive, node.endIndex)) return undefined;
    }
    const parts: OutlinePart[] = [];
    for (const range of ranges) {
      const own = items.filter(({ start }) => start >= range.start && start < range.endExclusive);
      const part = this.part(range, own, path, depth);
      const last = parts.at(-1);
      const isRun = last && last.role === part.role && part.parts.length + last.parts.length === 0;
      const length = part.endExclusive - (last?.start ?? 0);
      const joins = part.role === 'imports' || (part.role === 'code' && joinsCode && length <= maxRunLength);
      if (isRun && joins) {
        const joined = { start: last.start, endExclusive: part.endExclusive };
        parts[parts.length - 1] = { ...last, ...joined, id: idOf(path, this.text, joined, this.ordinals) };
      } else parts.push(part);
    }
    return parts;
  }

  private part(range: Lines, items: readonly SyntaxItem[], path: string, depth: number): OutlinePart {
    const { text } = this;
    const item = items.length === 1 ? (items[0] as SyntaxItem) : undefined;
    const declaration = item?.declaration;
    const id = (name: string) => idOf(`${path}/${name}`, text, range, this.ordinals);
    if (items.every(({ node }) => node && this.isImport(node))) {
      return { ...range, role: 'imports', kind: 'module', name: '', id: id(''), parts: [] };
    }
    if (item && declaration && !declaration.isSoft) {
      const { kind, body } = declaration;
      const name = [path, declaration.name].filter(Boolean).join('.');
      const length = range.endExclusive - range.start;
      const isWhole = isContainer(kind) || kind === 'type';
      const isSplit = !isWhole && this.splitsFunctions && length > maxFunctionLength;
      const isLarge = isSplit || (isContainer(kind) && length >= minContainerLength);
      const isFunction = !isWhole && nLines(text, range) >= minFunctionLines;
      const parts =
        body && (isLarge || isFunction) ? this.partsOf(body, name, depth + 1, range, isLarge) : undefined;
      const role = parts && isLarge ? 'container' : 'symbol';
      return { ...range, role, kind, name, id: id(name), parts: parts ?? [] };
    }
    const name = declaration?.name ?? '';
    const large = range.endExclusive - range.start >= minContainerLength && item?.node;
    const block = large ? blockOf(item.node as Node) : undefined;
    const parts = block && this.partsOf(block, path, depth + 1, range);
    if (parts && parts.length > 1) {
      return { ...range, role: 'container', kind: 'module', name, id: id(name), parts };
    }
    return { ...range, role: 'code', kind: 'module', name, id: id(name), parts: [] };
  }

  private isImport(node: Node): boolean {
    if (importing.test(node.type)) return true;
    if (node.type === 'namespace_definition') return !node.childForFieldName('body'); // PHP's, for the file
    const isShort = node.endIndex - node.startIndex < 300;
    if (node.type === 'export_statement') return isShort && node.childForFieldName('source') !== null;
    return (
      isShort &&
      /^(?:lexical_declaration|variable_declaration|call|expression_statement)$/.test(node.type) &&
      /\brequire(?:_relative)?\b ?\(?\s*['"]|^['"]use strict['"]/.test(node.text)
    );
  }

  /** Whether what stands between the last part and the end of its list starts a line, or nothing does. */
  private isTail(start: number, endExclusive: number): boolean {
    return start >= endExclusive || this.text.charCodeAt(start - 1) === 10;
  }
}

/** The ranges of items as whole lines; items that share a line are one. */
function wholeLines(text: string, items: readonly Lines[]): Lines[] {
  const ranges: Lines[] = [];
  for (const item of items) {
    const start = text.lastIndexOf('\n', item.start - 1) + 1;
    const newline = text.indexOf('\n', Math.max(item.start, item.endExclusive - 1));
    const range = { start, endExclusive: newline < 0 ? text.length : newline + 1 };
    const last = ranges.at(-1);
    if (last && start < last.endExclusive) {
      ranges[ranges.length - 1] = {
        start: last.start,
        endExclusive: Math.max(last.endExclusive, range.endExclusive),
      };
    } else ranges.push(range);
  }
  return ranges;
}

/** The block of statements that makes a statement large, if that is what does. */
function blockOf(node: Node): Node | undefined {
  let at: Node = node;
  for (let depth = 0; depth < maxDescent; depth++) {
    if (
      /block|class_body|body_statement|declaration_list|compound_statement/.test(at.type) &&
      at.namedChildCount > 1
    ) {
      return at;
    }
    if (at.childCount > 200) return undefined;
    let largest: Node | undefined;
    for (const child of at.namedChildren) {
      if (child && (!largest || child.endIndex - child.startIndex > largest.endIndex - largest.startIndex))
        largest = child;
    }
    if (!largest) return undefined;
    at = largest;
  }
  return undefined;
}

function nLines(text: string, { start, endExclusive }: Lines): number {
  return text.slice(start, endExclusive).split('\n').length - 1;
}

function idOf(path: string, text: string, range: Lines, ordinals: Map<string, number>): string {
  const normal = text.slice(range.start, range.endExclusive).replace(/\s+/g, ' ').trim();
  const id = hashOf(`${path}\n${normal}`);
  const ordinal = ordinals.get(id) ?? 0;
  ordinals.set(id, ordinal + 1);
  return ordinal === 0 ? id : hashOf(`${id} ${ordinal}`);
}
