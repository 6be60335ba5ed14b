/** Items: the children of a syntax node as people see them: each statement or member with the comments before it. */

import type { Part } from './chunk-lines.ts';
import { type Declaration, declarationOf, isAttribute, isComment, isGroup, isList } from './chunk-nodes.ts';
import type { Node } from './parsers.ts';

/** A statement, a member, or a comment that stands alone; with the comments and attributes before it. */
export interface SyntaxItem extends Part {
  readonly node?: Node;
  readonly declaration?: Declaration | undefined;
}

/** Deeper than people nest; deeper nodes have no items, so that no input overflows the stack. */
export const maxDepth = 100;

/** A node with more children is data, and has no items. */
const maxChildren = 20_000;

/** Reads the items of one text; valid as long as its tree. */
export class Items {
  /** `flattens`: what stands inside of an `#ifdef` or `extern "C"` stands in the list around it. */
  constructor(
    private readonly text: string,
    private readonly grammar: string,
    private readonly flattens: boolean,
  ) {}

  /** The named children of `node` with the comments and attributes that belong to each. */
  of(node: Node, depth: number): SyntaxItem[] {
    if (node.childCount > maxChildren) return [];
    const items: SyntaxItem[] = [];
    let lead: number | undefined;
    let end = node.startIndex;
    for (const child of node.children) {
      if (!child || child.endIndex <= child.startIndex) continue;
      const isOnSameLine = items.length > 0 && !this.text.slice(end, child.startIndex).includes('\n');
      const isTrailing = lead === undefined && isOnSameLine && isComment(child);
      if (isTrailing || !child.isNamed) {
        const last = items.at(-1);
        const isOwn = isTrailing || /^[;,:]$/.test(child.type); // a closing bracket is its list's
        if (last && isOwn && lead === undefined)
          items[items.length - 1] = { ...last, endExclusive: child.endIndex };
      } else if (isComment(child) || isAttribute(child)) {
        if (lead !== undefined && this.hasBlankLine(end, child.startIndex)) {
          items.push({ start: lead, endExclusive: end });
          lead = undefined;
        }
        lead ??= child.startIndex;
      } else {
        if (lead !== undefined && this.isApart(lead, end, child.startIndex)) {
          items.push({ start: lead, endExclusive: end });
          lead = undefined;
        }
        const start = lead ?? child.startIndex;
        lead = undefined;
        if ((isList(child) || (this.flattens && isGroup(child))) && depth < maxDepth)
          items.push(...this.grouped(child, start, depth));
        else {
          const declaration = declarationOf(child, this.grammar);
          items.push({ start, endExclusive: child.endIndex, node: child, declaration });
        }
      }
      end = child.endIndex;
    }
    if (lead !== undefined) items.push({ start: lead, endExclusive: end });
    return items;
  }

  private grouped(group: Node, start: number, depth: number): SyntaxItem[] {
    const [first, ...rest] = this.of(group, depth + 1);
    return first ? [{ ...first, start }, ...rest] : [{ start, endExclusive: group.endIndex }];
  }

  /** Whether comments at [lead, end) are about something else than what starts at `next`. */
  private isApart(lead: number, end: number, next: number): boolean {
    return this.hasBlankLine(end, next) && !this.text.startsWith('/**', lead);
  }

  private hasBlankLine(start: number, endExclusive: number): boolean {
    return /\n[^\S\n]*\n/.test(this.text.slice(start, endExclusive));
  }
}
