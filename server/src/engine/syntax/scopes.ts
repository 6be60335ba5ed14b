/** Scopes: what a syntax tree says of one offset, where it can be believed. */

import type { Region } from './brackets.ts';
import type { Node, Tree } from './parsers.ts';

/**
 * Whether `offset` lies in code, a string or a comment. Undefined where the tree is not sure: it has
 * an error close by, which is the rule while somebody types. An offset at the edge of a string lies
 * outside of it; one at the end of a line comment lies inside.
 */
export function regionAt(tree: Tree, offset: number): Region | undefined {
  const leaf = tree.rootNode.descendantForIndex(Math.max(0, offset - 1), offset);
  if (!leaf || leaf.isError || leaf.isMissing || leaf.parent?.isError) return undefined;
  for (let node: Node | null = leaf; node; node = node.parent) {
    if (node.isError) return undefined;
    if (node.startIndex >= offset) continue;
    const { type } = node;
    if (/substitution|interpolation/.test(type) && offset < node.endIndex) return 'code';
    if (/comment/.test(type) && (offset < node.endIndex || isLineComment(node))) return 'comment';
    if (/string|char|regex|heredoc/.test(type) && node.isNamed && offset < node.endIndex) return 'string';
  }
  return 'code';
}

function isLineComment(node: Node): boolean {
  return !/\*\/$|-->$/.test(node.text);
}
