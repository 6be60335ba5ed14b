/** symbolsAt: the names that TypeScript knows for one place of a text, by kind of place. */

import ts from 'typescript';
import type {
  SymbolQuery,
  SymbolSet,
  TriggerKind,
} from '../../../engine/decoding/constraints/symbol-oracle.ts';
import type { FrozenFile } from './frozen-file.ts';
import { type EntryWithSymbol, internals } from './internals.ts';
import {
  isClosedSymbol,
  isClosedType,
  isUnderConstruction,
  mayMakeMember,
  takesOtherTexts,
} from './policy.ts';
import type { Project } from './project.ts';

/** What one question is answered from. */
interface Place {
  readonly project: Project;
  readonly fileName: string;
  readonly frozen: FrozenFile;
  readonly tree: ts.SourceFile;
  readonly offset: number;
}

/** More names than this are a list of everything, and tell nothing. */
const maxNames = 5_000;
/** A receiver's type is shown up to here. */
const maxReceiverChars = 60;

/** Stands where the name will be, so that the parser finds a whole expression; ends like no other name. */
const probe = 'stet$';

const answers: Readonly<Record<TriggerKind, (place: Place) => SymbolSet | undefined>> = {
  member: memberSet,
  'import-name': importNameSet,
  'import-path': importPathSet,
  'object-key': objectKeySet,
  'string-literal': stringLiteralSet,
  'jsx-tag': jsxTagSet,
  'jsx-attribute': jsxAttributeSet,
  'type-name': (place) => namesInScope(place, true),
  'call-arity': aritySet,
  identifier: (place) => namesInScope(place, false),
};

/** Undefined: nothing is known there, or the project does not hold the file yet. */
export function symbolsAt(project: Project, fileName: string, query: SymbolQuery): SymbolSet | undefined {
  const { kind, offset } = query;
  const file = project.file(fileName, textWithProbe(query));
  return file && answers[kind]({ project, fileName, offset, ...file });
}

/** The text with the name that is begun at `offset` replaced by a probe that the parser can live with. */
function textWithProbe({ kind, text, offset }: SymbolQuery): string {
  const before = text.slice(0, offset);
  const after = text.slice(offset).replace(/^#?[\p{L}\p{N}_$]+/u, '');
  if (kind === 'call-arity') return text;
  if (kind === 'import-path' || kind === 'string-literal') return withClosedString(text, offset);
  const isLineEnd = /^[ \t]*(?:\r?\n|$)/.test(after);
  // At a line's end a semicolon keeps the next statement from becoming part of this one.
  return before + probe + (kind === 'member' && isLineEnd ? ';' : '') + after;
}

/** An open string would swallow what stands behind it on its line. */
function withClosedString(text: string, offset: number): string {
  const quote = text.charAt(offset - 1);
  const lineEnd = text.indexOf('\n', offset);
  const rest = text.slice(offset, lineEnd < 0 ? undefined : lineEnd);
  if (!['"', "'", '`'].includes(quote) || rest.includes(quote)) return text;
  return text.slice(0, offset) + quote + text.slice(offset);
}

function memberSet({ frozen, tree, offset }: Place): SymbolSet | undefined {
  const parent = internals.getTokenAtPosition(tree, offset)?.parent;
  const receiver =
    parent && ts.isPropertyAccessExpression(parent)
      ? parent.expression
      : parent && ts.isQualifiedName(parent)
        ? parent.left
        : parent && ts.isMetaProperty(parent)
          ? parent
          : undefined;
  if (!receiver) return undefined;
  const info = frozen.completions(offset);
  if (!info?.isMemberCompletion || info.isIncomplete) return undefined;
  const { checker } = frozen;
  const names = namesOf(info);
  if (names.length === 0) return undefined;
  if (ts.isMetaProperty(receiver)) return { names, isClosed: true };
  const type = checker.getNonNullableType(checker.getTypeAtLocation(receiver));
  const namespace = namespaceOf(receiver, checker);
  const isClosed = namespace
    ? isClosedSymbol(namespace)
    : isClosedType(type, checker) && !isUnderConstruction(receiver) && !mayMakeMember(receiver, type);
  const shown = namespace?.name ?? checker.typeToString(type);
  return { names, isClosed, receiver: shown.slice(0, maxReceiverChars) };
}

/** The module, namespace or enum that `receiver` names. */
function namespaceOf(receiver: ts.Node, checker: ts.TypeChecker): ts.Symbol | undefined {
  let symbol = checker.getSymbolAtLocation(receiver);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  const isNamespace = symbol && symbol.flags & (ts.SymbolFlags.Module | ts.SymbolFlags.Enum);
  return isNamespace ? symbol : undefined;
}

function importNameSet({ project, fileName, frozen, tree, offset }: Place): SymbolSet | undefined {
  const token = internals.getTokenAtPosition(tree, offset);
  const statement = ts.findAncestor(
    token,
    (node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node),
  );
  const specifier = (statement as ts.ImportDeclaration | ts.ExportDeclaration | undefined)?.moduleSpecifier;
  if (!specifier || !ts.isStringLiteral(specifier)) return undefined;
  const { checker } = frozen;
  const module = checker.getSymbolAtLocation(specifier) ?? project.moduleNamed(specifier.text, fileName);
  if (!module || !(module.flags & ts.SymbolFlags.Module)) return undefined;
  const names = checker.getExportsOfModule(module).map(({ name }) => name);
  if (names.length === 0) return undefined;
  const isClosed = isClosedSymbol(module) && !module.exports?.has('export=' as ts.__String);
  return { names: ['type', ...names.filter(isIdentifier)], isClosed, receiver: specifier.text };
}

/** Packages and paths are written ahead of their making too: a list of them is never closed. */
function importPathSet({ frozen, offset }: Place): SymbolSet | undefined {
  const info = frozen.completions(offset);
  if (!info) return undefined;
  const names = info.entries.map(({ name }) => name).slice(0, maxNames);
  return names.length === 0 ? undefined : { names, isClosed: false };
}

function objectKeySet({ frozen, tree, offset }: Place): SymbolSet | undefined {
  const token = internals.getTokenAtPosition(tree, offset);
  const literal = ts.findAncestor(token, (node) =>
    ts.isObjectLiteralExpression(node) ? true : ts.isStatement(node) ? 'quit' : false,
  ) as ts.ObjectLiteralExpression | undefined;
  if (!literal || (token.parent !== literal && token.parent.parent !== literal)) return undefined;
  const { checker } = frozen;
  const type = checker.getContextualType(literal);
  if (!type) return undefined;
  const info = frozen.completions(offset);
  if (!info || info.entries.some(({ kind }) => kind === ts.ScriptElementKind.keyword)) return undefined;
  const names = namesOf(info);
  if (names.length === 0) return undefined;
  // Keys that are there already are missing from the list, and so are spread and computed ones.
  return {
    names,
    isClosed: isClosedType(checker.getNonNullableType(type), checker) && !hasTypeParameter(type),
    receiver: checker.typeToString(type).slice(0, maxReceiverChars),
  };
}

function stringLiteralSet({ frozen, tree, offset }: Place): SymbolSet | undefined {
  const info = frozen.completions(offset);
  if (!info || info.entries.length === 0) return undefined;
  const isLiteral = info.entries.every(({ kind }) => kind === ts.ScriptElementKind.string);
  if (!isLiteral) return undefined;
  const names = info.entries.map(({ name }) => name);
  // Where any text is allowed the compiler still offers the known ones; it offers the empty one where
  // the unfinished text itself was taken for a type, and there any other will do.
  const wanted = wantedType(internals.getTokenAtPosition(tree, offset), frozen.checker);
  const takesOthers = names.includes('') || (wanted && takesOtherTexts(wanted, frozen.checker));
  return { names, isClosed: !info.isIncomplete && isUnion(info) && !takesOthers };
}

/** The type that `literal` has to be of, where its place says so. */
function wantedType(literal: ts.Node, checker: ts.TypeChecker): ts.Type | undefined {
  const { parent } = literal;
  if (!parent || !ts.isStringLiteralLike(literal)) return undefined;
  if (ts.isCaseClause(parent)) return checker.getTypeAtLocation(parent.parent.parent.expression);
  if (ts.isBinaryExpression(parent) && comparisons.has(parent.operatorToken.kind)) {
    return checker.getTypeAtLocation(parent.left === literal ? parent.right : parent.left);
  }
  return checker.getContextualType(literal);
}

const comparisons: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

/** Literals of a type have no symbol; texts that merely occur elsewhere come with a warning kind. */
function isUnion(info: ts.CompletionInfo): boolean {
  return !info.isGlobalCompletion && !info.isNewIdentifierLocation;
}

function jsxTagSet({ frozen, tree, offset }: Place): SymbolSet | undefined {
  const { parent } = internals.getTokenAtPosition(tree, offset);
  const isTag =
    parent &&
    (ts.isJsxOpeningLikeElement(parent) || ts.isJsxClosingElement(parent)) &&
    parent.tagName.pos <= offset;
  if (!isTag) return undefined;
  const names = namesOf(frozen.completions(offset));
  return names.length === 0 ? undefined : { names, isClosed: false };
}

function jsxAttributeSet({ frozen, tree, offset }: Place): SymbolSet | undefined {
  const token = internals.getTokenAtPosition(tree, offset);
  const attributes = ts.findAncestor(token, ts.isJsxAttributes);
  if (!attributes) return undefined;
  const { checker } = frozen;
  const type = checker.getContextualType(attributes);
  const names = namesOf(frozen.completions(offset), /^[\p{L}_$][\p{L}\p{N}_$:-]*$/u);
  if (!type || names.length === 0) return undefined;
  // `data-…` and `aria-…` are always legal.
  return {
    names: ['key', 'ref', 'data-', ...names],
    isClosed: false,
    receiver: checker.typeToString(type).slice(0, maxReceiverChars),
  };
}

/** The declarations that a bare name may mean; others may still be declared or imported. */
function namesInScope({ frozen, tree, offset }: Place, wantsType: boolean): SymbolSet | undefined {
  const token = internals.getTokenAtPosition(tree, offset);
  if (!ts.isIdentifier(token)) return undefined;
  const isType = ts.isTypeReferenceNode(token.parent) || ts.isExpressionWithTypeArguments(token.parent);
  if (isType !== wantsType || (!isType && !isRead(token))) return undefined;
  const { Type, Value, Alias, Namespace } = ts.SymbolFlags;
  const meaning = (isType ? Type : Value) | Alias | Namespace;
  const symbols = frozen.checker.getSymbolsInScope(token, meaning);
  const names = symbols.map(({ name }) => name).filter((name) => name !== probe && isIdentifier(name));
  return { names, isClosed: false };
}

/** A name that is being declared, or labels something, may be new. */
function isRead(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isExpression(parent) && !ts.isFunctionLike(parent) && !ts.isClassLike(parent)) return true;
  const isOwnName = (parent as { name?: ts.Node }).name === name;
  return !isOwnName && (ts.isStatement(parent) || ts.isVariableDeclaration(parent));
}

function aritySet({ frozen, offset }: Place): SymbolSet | undefined {
  const help = frozen.signatures(offset);
  if (!help || help.items.length === 0) return undefined;
  let min = Infinity;
  let max = 0;
  for (const { parameters, isVariadic } of help.items) {
    min = Math.min(min, parameters.filter((one) => !one.isOptional && !one.isRest).length);
    max = Math.max(max, isVariadic ? Infinity : parameters.length);
  }
  return { names: [], isClosed: help.items.length === 1, arity: { min, max } };
}

function hasTypeParameter(type: ts.Type): boolean {
  if (type.isUnionOrIntersection()) return type.types.some(hasTypeParameter);
  return type.isTypeParameter();
}

const identifier = /^#?[\p{ID_Start}_$][\p{ID_Continue}$\u200c\u200d]*$/u;
const isIdentifier = (name: string) => identifier.test(name);

/** The names of a list as they would be typed, the most fitting first. */
function namesOf(info: ts.CompletionInfo | undefined, shape = identifier): string[] {
  const entries = (info?.entries ?? []) as readonly EntryWithSymbol[];
  const fitting = entries.filter(
    ({ name, kind, insertText }) =>
      name !== probe &&
      kind !== ts.ScriptElementKind.warning && // a word of the file, not a member
      (insertText === undefined || insertText === name) &&
      shape.test(name),
  );
  const order = fitting.map((_, i) => i);
  const sortText = (i: number) => (fitting[i] as EntryWithSymbol).sortText;
  order.sort((a, b) => (sortText(a) < sortText(b) ? -1 : sortText(a) > sortText(b) ? 1 : a - b));
  return [...new Set(order.map((i) => (fitting[i] as EntryWithSymbol).name))].slice(0, maxNames);
}
