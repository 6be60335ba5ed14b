/** errorsIn: what TypeScript holds against a stretch of a text, and against a whole file, bit by bit. */

import ts from 'typescript';
import type { Diagnostic } from '../../../engine/decoding/constraints/symbol-oracle.ts';
import type { ProgramSourceFile } from './internals.ts';
import type { Project } from './project.ts';

/**
 * Errors that say nothing about unfinished code, or that a frozen program cannot judge: what is not
 * used (6133, 6192, 6196, 6198, 6199, 6205), not reached (7027), not returned yet (2355, 2366, 7030),
 * not initialised yet (2564), a module that was not there when the program was made (2307, 2792, 7016).
 */
const passedOver = new Set([
  6133, 6192, 6196, 6198, 6199, 6205, 7027, 2355, 2366, 7030, 2564, 2307, 2792, 7016,
]);
/** `Cannot find name`: no mistake where another file exports it, and only its import is missing. */
const unknownName = new Set([2304, 2552]);
/** What else a script, whose top level is global, is blamed for, because the frozen program misses new names. */
const declaredTwice = new Set([2451, 2300]);

/** A longer statement is checked in pieces: 3,000 characters take some 5 ms. */
const maxPieceChars = 3_000;

export interface Stretch {
  readonly text: string;
  readonly start: number;
  readonly endExclusive: number;
}

/**
 * Errors in [start, endExclusive), of the innermost statements around it alone: some 5 ms where the
 * whole file takes 50 or more. Undefined while the project does not hold the file.
 */
export function errorsIn(project: Project, fileName: string, where: Stretch): Diagnostic[] | undefined {
  const file = project.file(fileName, where.text);
  if (!file) return undefined;
  const nodes = statementsAround(file.tree, where);
  return file.frozen
    .errors(nodes)
    .filter(({ start = -1 }) => start >= where.start && start < where.endExclusive)
    .flatMap((one) => told(one, file.tree, project));
}

/**
 * Errors of the whole text, as a generator that checks one statement of the top level at a time: the
 * caller answers other questions in between.
 */
export function* allErrors(
  project: Project,
  fileName: string,
  text: string,
): Generator<undefined, Diagnostic[] | undefined> {
  const found: Diagnostic[] = [];
  const file = project.separateFile(fileName, text); // questions about other texts come in between
  if (!file) return undefined;
  const { frozen, tree } = file;
  for (const piece of piecesOf(tree.statements)) {
    const { pos, end } = piece;
    const own = frozen.errors([piece]).filter(({ start = -1 }) => start >= pos && start < end);
    found.push(...own.flatMap((one) => told(one, tree, project)));
    yield undefined;
  }
  return found;
}

/** `nodes`, the long ones as what their blocks hold, so that none of them takes long to check. */
function* piecesOf(nodes: readonly ts.Node[]): Generator<ts.Node> {
  for (const node of nodes) {
    const inner = node.end - node.pos > maxPieceChars && blockIn(node);
    if (inner && inner.length > 0) yield* piecesOf(inner);
    else yield node;
  }
}

/** The nodes of the innermost block that the stretch touches. */
export function statementsAround(tree: ts.SourceFile, { start, endExclusive }: Stretch): readonly ts.Node[] {
  const touches = (node: ts.Node) => node.end > start && node.getStart(tree) < endExclusive;
  let nodes: readonly ts.Node[] = tree.statements.filter(touches);
  for (;;) {
    const only: ts.Node | undefined = nodes.length === 1 ? nodes[0] : undefined;
    const inner = only && blockIn(only, start, endExclusive);
    if (!inner) return nodes;
    const touched = inner.filter(touches);
    if (touched.length === 0) return nodes;
    nodes = touched;
  }
}

/** The statements or members of the first block in `node` that holds [start, end), if it is given. */
function blockIn(node: ts.Node, start = Infinity, end = -Infinity): readonly ts.Node[] | undefined {
  if (ts.isClassLike(node)) return node.members;
  let found: readonly ts.Node[] | undefined;
  ts.forEachChild(node, function visit(child): void {
    if (found || child.pos > start || child.end < end) return;
    if (ts.isBlock(child) || ts.isModuleBlock(child)) found = child.statements;
    else if (ts.isClassLike(child)) found = child.members;
    else ts.forEachChild(child, visit);
  });
  return found;
}

/** As the engine hears of it; nothing for what is passed over. */
function told(error: ts.Diagnostic, tree: ProgramSourceFile, project: Project): Diagnostic[] {
  const { code, start = 0, length = 0, messageText } = error;
  if (passedOver.has(code)) return [];
  if (!tree.externalModuleIndicator && (unknownName.has(code) || declaredTwice.has(code))) return [];
  if (unknownName.has(code) && project.exports(tree.text.slice(start, start + length))) return [];
  if (isInBrokenCode(tree, start)) return [];
  const message = `TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ').slice(0, 300)}`;
  return [{ start, endExclusive: start + length, message }];
}

/** What stands in a statement that does not parse is not finished, and its errors are guesses. */
function isInBrokenCode(tree: ts.SourceFile, start: number): boolean {
  const { parseDiagnostics } = tree as unknown as { parseDiagnostics: readonly ts.Diagnostic[] };
  if (parseDiagnostics.length === 0) return false;
  const lineOf = (offset: number) => tree.getLineAndCharacterOfPosition(offset).line;
  const line = lineOf(start);
  return parseDiagnostics.some((broken) => Math.abs(lineOf(broken.start ?? 0) - line) <= 1);
}
