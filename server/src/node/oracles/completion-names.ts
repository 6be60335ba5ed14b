/** symbolSetOf: a language server's completion list as the names that may stand at a place, and whether only they may. */

// A list is made for a person who picks from it: it may be cut short, hold snippets and keywords, or
// guess. Whatever is not certain makes the set open or none at all, because a wrong ban costs more
// than a missed one (Agrawal et al. 2023, "Monitor-guided decoding", arXiv 2306.10763, takes every
// list for complete and every label for a name).

import type { CompletionItem, CompletionList } from 'vscode-languageserver/node';
import type { SymbolSet } from '../../engine/decoding/constraints/symbol-oracle.ts';

/** What is known of a server's lists. */
export interface ListTraits {
  /** Keywords in a list mean that the server fell back to everything that may start an expression. */
  readonly keywordsMeanNoMembers?: boolean;
  /** The language lets members come into being at run time: no list of it is ever complete. */
  readonly isDynamic?: boolean;
  /** The server calls every list incomplete only to be asked again at the next key; its lists are whole. */
  readonly isAlwaysWhole?: boolean;
}

/** A longer list is no help to a small model, and costs more to check than it saves. */
const maxNames = 5000;

// CompletionItemKind of LSP 3.17.
const text = 1;
const keyword = 14;
const snippet = 15;

/** An item that is there although it is no member of anything: a word of the file, a snippet. */
const isFiller = ({ kind }: CompletionItem) => kind === snippet;

/**
 * `offset` is where the name begins in `textBefore + …`; undefined where the list says nothing of members
 * (empty, words of the file, a keyword list).
 */
export function symbolSetOf(
  answer: CompletionItem[] | CompletionList | null | undefined,
  textBefore: string,
  traits: ListTraits,
  startCharacter: number,
): SymbolSet | undefined {
  const list = Array.isArray(answer) ? { isIncomplete: false, items: answer } : answer;
  if (!list || !Array.isArray(list.items)) return undefined;
  const { isIncomplete, items } = list;
  if (items.some(({ kind }) => kind === text)) return undefined;
  if (traits.keywordsMeanNoMembers && items.some(({ kind }) => kind === keyword)) return undefined;
  const names = namesOf(items, list as CompletionList, startCharacter);
  if (names.length === 0 || names.every(isSpecial)) return undefined;
  const isWhole = (!isIncomplete || traits.isAlwaysWhole === true) && names.length <= maxNames;
  const isCertain = !items.some(needsAnImport) && !hasDynamicMembers(names);
  const isClosed = isWhole && isCertain && !traits.isDynamic && !isUnderConstruction(textBefore);
  const receiver = receiverOf(textBefore);
  return { names: names.slice(0, maxNames), isClosed, ...(receiver && { receiver }) };
}

/** The names of `items` as they would be typed, the server's best first, each once. */
function namesOf(items: readonly CompletionItem[], list: CompletionList, startCharacter: number): string[] {
  const sorted = items
    .filter((item) => !isFiller(item))
    .map((item) => ({ key: item.sortText ?? item.label, name: nameOf(item, list, startCharacter) }))
    .filter((entry): entry is { key: string; name: string } => entry.name !== undefined)
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return [...new Set(sorted.map(({ name }) => name))];
}

/** Undefined for what cannot be typed at the place: it replaces the dot, or starts with no name. */
function nameOf(item: CompletionItem, list: CompletionList, startCharacter: number): string | undefined {
  const { textEdit } = item;
  const range = textEdit
    ? 'range' in textEdit
      ? textEdit.range
      : textEdit.insert
    : rangeOf(list.itemDefaults?.editRange);
  if (range && range.start.character !== startCharacter) return undefined;
  // A label is for display: `size?`, ` push_back(value)`, `name(…)`. It comes last.
  const inserted = textEdit?.newText ?? item.textEditText ?? item.insertText ?? item.filterText ?? item.label;
  return /^[#~@]?[\p{ID_Start}_$][\p{ID_Continue}$\u200c\u200d]*=?/u.exec(inserted.trimStart())?.[0];
}

type EditRange = NonNullable<NonNullable<CompletionList['itemDefaults']>['editRange']>;
const rangeOf = (range: EditRange | undefined) => (range && 'insert' in range ? range.insert : range);

/**
 * `__init__`, `__doc__`: what everything has in Python. A list of nothing else is that of a module that was
 * not found, or of an object that gets its members at run time (`threading.local`).
 */
const isSpecial = (name: string) => /^__\w+__$/.test(name);

/** It would come with an import: the name is legal only together with it. */
const needsAnImport = (item: CompletionItem) => (item.additionalTextEdits?.length ?? 0) > 0;

/**
 * Python classes that answer for any name say so by `__getattr__`, which `object` has not; and functions,
 * told by their `__closure__`, are given attributes by decorators.
 */
const hasDynamicMembers = (names: readonly string[]) =>
  names.includes('__getattr__') || names.includes('__closure__');

/**
 * The object of the class that is being written: its members come into being by being named, so that
 * what is not there yet is no mistake. `super()` has lists that lack what a class further up defines.
 */
function isUnderConstruction(textBefore: string): boolean {
  return /(?:^|[^\w$.)\]])(?:self|cls|this|super(?:\([^()]*\))?)\s*(?:\.|->|::|\?\.)\s*$/.test(textBefore);
}

/** The expression before the dot as it is written, for the trace; '' where there is none. */
function receiverOf(textBefore: string): string {
  const line = textBefore.slice(-200);
  const whole = /([\p{ID_Continue}$.()[\]"']{1,60}?)\s*(?:\?\.|\.|->|::)\s*$/u.exec(line)?.[1] ?? '';
  let depth = 0;
  for (let i = whole.length - 1; i >= 0; i--) {
    if (')]'.includes(whole.charAt(i))) depth++;
    else if ('(['.includes(whole.charAt(i)) && --depth < 0) return whole.slice(i + 1);
  }
  return whole;
}
