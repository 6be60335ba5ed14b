/** nErrors: how many places of a syntax tree the parser could not make sense of. */

import type { Node, Tree } from './parsers.ts';

/** ERROR and MISSING nodes; nested ones count once. Looks only into subtrees that have any. */
export function nErrors(tree: Tree): number {
  return countIn(tree.rootNode);
}

function countIn(node: Node): number {
  if (node.isError || node.isMissing) return 1;
  if (!node.hasError) return 0;
  return node.children.reduce((sum, child) => sum + (child ? countIn(child) : 0), 0);
}
