/** Remembered: what static analysis said of the places of a document, so that one receiver is not asked about twice. */

// A question costs 5 to 40 ms and a small model writes a token in one, so the only question that costs
// nothing is the one that was asked before. What was said of `loan.` some lines up is mostly true of the
// next `loan.`; "mostly" is good enough to let a name pass, and never enough to forbid one. So an answer
// is worth as much as what stands between its place and the new one allows: all that it was where
// nothing there can give the receiver another type, and else only names that may pass unasked. What is
// in neither is asked about where it stands.

import type { Clock } from '../../base/ports.ts';
import type { BracketScanner } from '../../syntax/brackets.ts';
import type { SymbolSet, TriggerKind } from './symbol-oracle.ts';

/** Where a name may begin, in a text that may be ahead of the document. */
export interface NamePlace {
  readonly kind: TriggerKind;
  readonly languageId: string;
  /** The text before the name. */
  readonly before: string;
  /** The text behind what is being written. */
  readonly after: string;
  /** Has scanned `before`. */
  readonly scanner: BracketScanner;
}

/** A question to static analysis and, as soon as it is there, its answer; shared by all who want it. */
export interface Asked {
  readonly isAnswered: boolean;
  /** It never will be: who asked it has gone. */
  readonly isLost: boolean;
  /** Undefined: not answered yet, or nobody knew. */
  readonly set: SymbolSet | undefined;
  /** Resolves when it is answered; never rejects. */
  readonly answered: Promise<void>;
}

/** `same`: as good as if it had been asked here; `likely`: a name that it has may pass, and no more. */
export type Worth = 'same' | 'likely';

interface Entry {
  readonly kind: TriggerKind;
  readonly before: string;
  readonly after: string;
  readonly receiver: string;
  readonly startsStatement: boolean;
  /** It stands in a condition or behind one: what was learned there holds nowhere else. */
  readonly isGuarded: boolean;
  readonly asked: Asked;
  readonly atMs: number;
}

/** Answers kept of one document, and documents; each holds on to a text. */
const maxEntries = 24;
const maxDocuments = 4;
/** Larger texts are not held on to. */
const maxChars = 200_000;
/** Other files change too, and not all of them tell us; from asking on. */
const trustMs = 60_000;
/** That nobody knew is forgotten soon: a project may have been read meanwhile. */
const unknownTrustMs = 2_000;
/** After so many questions in a row that nobody could answer, a kind of place is asked about this seldom. */
const nBarren = 6;
const nPassedBy = 8;
/** Farther apart than this, too much may have happened. */
const maxBetween = 6_000;

/** One per engine. Knows nothing of what is true: who finds something in it decides what to do with it. */
export class Remembered {
  /** By document, the one used last comes last; entries likewise. */
  private readonly documents = new Map<string, Entry[]>();
  /** By language and kind: questions in a row that nobody could answer, and places passed by since. */
  private readonly unanswered = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  add(uri: string, place: NamePlace, asked: Asked): void {
    const { kind, before, after } = place;
    if (before.length + after.length > maxChars) return;
    const receiver = receiverOf(place);
    const startsStatement = isStatementStart(before, receiver);
    const isGuarded = guards.test(statementOf(place));
    const atMs = this.clock.nowMs();
    const entry: Entry = { kind, before, after, receiver, startsStatement, isGuarded, asked, atMs };
    const entries = (this.documents.get(uri) ?? []).slice(1 - maxEntries);
    this.documents.delete(uri);
    this.documents.set(uri, [...entries, entry]);
    const [oldest] = this.documents.keys();
    if (this.documents.size > maxDocuments && oldest !== undefined) this.documents.delete(oldest);
  }

  /** The most that is known of `place`; what was asked last where several are worth the same. */
  find(uri: string, place: NamePlace): { readonly asked: Asked; readonly worth: Worth } | undefined {
    const entries = this.documents.get(uri);
    if (!entries) return undefined;
    const receiver = receiverOf(place);
    let likely: Asked | undefined;
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i] as Entry;
      if (entry.kind !== place.kind || entry.receiver !== receiver || !this.isFresh(entry)) continue;
      const worth = worthAt(entry, place);
      if (worth === 'same') return { asked: entry.asked, worth };
      if (worth === 'likely' && entry.asked.isAnswered) likely ??= entry.asked;
    }
    return likely && { asked: likely, worth: 'likely' };
  }

  /** A question of this kind was answered, or nobody could. */
  told(languageId: string, kind: TriggerKind, isKnown: boolean): void {
    const key = `${languageId} ${kind}`;
    this.unanswered.set(key, isKnown ? 0 : (this.unanswered.get(key) ?? 0) + 1);
  }

  /**
   * Whether a place of this kind is to be passed by, as asking about the last ones was of no use: most
   * quotes begin any text, and most braces no object of a declared type. Counts.
   */
  isBarren(languageId: string, kind: TriggerKind): boolean {
    const key = `${languageId} ${kind}`;
    const n = this.unanswered.get(key) ?? 0;
    if (kind === 'member' || n < nBarren) return false;
    this.unanswered.set(key, n + 1);
    return (n + 1 - nBarren) % nPassedBy !== 0;
  }

  /** `uri` was changed or closed: what was said of other documents may be wrong from now on. */
  forgetOthers(uri: string): void {
    for (const other of [...this.documents.keys()]) if (other !== uri) this.documents.delete(other);
  }

  forget(uri: string): void {
    this.documents.delete(uri);
  }

  private isFresh({ asked, atMs }: Entry): boolean {
    if (asked.isLost) return false;
    const ageMs = this.clock.nowMs() - atMs;
    return ageMs <= (asked.isAnswered && !asked.set ? unknownTrustMs : trustMs);
  }
}

function worthAt(entry: Entry, { before, after, scanner, languageId }: NamePlace): Worth | undefined {
  if (before.length < entry.before.length || before.length - entry.before.length > maxBetween)
    return undefined;
  // Whatever stands above must be what it was. Strings of equal lengths compare at memory's speed.
  if (before.slice(0, entry.before.length) !== entry.before) return undefined;
  const isSameBelow = entry.after.endsWith(after);
  const between = before.slice(entry.before.length);
  if (between === '') return isSameBelow ? 'same' : 'likely';
  if (entry.receiver === '') return undefined;
  const root = /^[^.]+/.exec(entry.receiver)?.[0] ?? '';
  if (isAssigned(between, root)) return undefined;
  // An open list is another one where the receiver may be given a new member.
  const isSameUse = entry.startsStatement === isStatementStart(before, entry.receiver);
  const isPlain =
    !entry.isGuarded &&
    !changesTypes.test(between.replaceAll('?.', '.')) &&
    !(languageId === 'python' && isDedented(entry.before, between));
  if (isSameBelow && isSameUse && isPlain) return 'same';
  return isLeft(between, before, scanner, languageId) ? undefined : 'likely';
}

/** `loan`, `this.books`: what is certain to be the same thing when it is written again; else ''. */
function receiverOf({ kind, before }: NamePlace): string {
  if (kind !== 'member') return '';
  const chain =
    /(?:^|[^\p{L}\p{N}_$.#)\]}"'`?!])([\p{L}_$][\p{L}\p{N}_$]*(?:\.#?[\p{L}_$][\p{L}\p{N}_$]*){0,5})[?!]?\.$/u;
  return chain.exec(before.slice(-120))?.[1] ?? '';
}

function isStatementStart(before: string, receiver: string): boolean {
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return receiver !== '' && line.trimStart().replace(/[?!]?\.$/, '') === receiver;
}

/** The statement that `before` ends in, as far as it is written; rather too much than too little. */
function statementOf({ before, scanner, languageId }: NamePlace): string {
  let from = before.length;
  for (const { char, offset } of [...scanner.open].reverse()) {
    if (char === '{') break;
    from = offset;
  }
  const near = before.slice(Math.max(0, from - maxHead), from);
  if (languageId === 'python') return before.slice(before.lastIndexOf('\n', from - 1) + 1);
  const start = Math.max(near.lastIndexOf(';'), near.lastIndexOf('{'), near.lastIndexOf('}'));
  return near.slice(start + 1).replaceAll('?.', '.') + before.slice(from);
}

/** Whether a line of `between`, which follows `before`, stands farther left than the one that `before` ends in. */
function isDedented(before: string, between: string): boolean {
  const indent = indentAt(before);
  return between
    .split('\n')
    .slice(1)
    .some((line) => line.trim() !== '' && indentAt(line) < indent);
}

/** Width of the white space that the last line begins with. */
function indentAt(text: string): number {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n') + 1))?.[0].length ?? 0;
}

/** Of a statement's beginning, what is looked at. */
const maxHead = 200;

const guards =
  /[?]|=>|&&|\|\||\b(?:if|elif|else|while|for|switch|case|match|catch|except|with|and|or|not|in|is|assert\w*|instanceof|typeof)\b/;

/**
 * Anything by which a type checker learns more of a variable, or leaves what it has learned: conditions,
 * guards, ends of blocks, functions of their own.
 */
const changesTypes =
  /[?{}]|=>|&&|\|\||\b(?:if|elif|else|for|while|switch|case|match|with|try|catch|except|finally|return|throw|raise|break|continue|yield|assert\w*|is[A-Z]\w*|isinstance|issubclass|hasattr|callable|instanceof|typeof|in|is|not|and|or|function|def|lambda|class|del|import|from|global|nonlocal|enum|namespace)\b/;

/** Whether `text` may give `root` or a part of it another value, or have the name mean another thing. */
function isAssigned(text: string, root: string): boolean {
  if (!text.includes(root)) return false;
  const name = root.replaceAll('$', '\\$');
  const written = `(?<![\\p{L}\\p{N}_$.])${name}(?![\\p{L}\\p{N}_$])`;
  return new RegExp(
    // `root = `, `root.a[0] += `, `root++`, `++root`; `const { root }`, `(root) =>`, `for x, root in`, `as root`
    `${written}[\\p{L}\\p{N}_$.\\[\\]#'"]*\\s*(?:[-+*/%&|^?<>:]*=(?![=>])|:[^=\\n,)]*=(?!=)|\\+\\+|--)` +
      `|(?:\\+\\+|--)\\s*${written}` +
      `|\\b(?:let|const|var|for|function|def|class|lambda|catch|as|import|from|del|global|nonlocal)\\b[^;=\\n]*?${written}` +
      `|${written}[^()]*\\)?\\s*=>`,
    'u',
  ).test(text);
}

/** Whether `before` ends in a function that begins in `between`: names may mean other things in there. */
function isLeft(between: string, before: string, scanner: BracketScanner, languageId: string): boolean {
  if (languageId === 'python') {
    const indent = indentAt(before);
    const functions = between.matchAll(/^([ \t]*)(?:async[ \t]+)?def\b/gm);
    return [...functions].some(({ 1: own = '' }) => own.length < indent);
  }
  const start = before.length - between.length;
  return scanner.open.some(({ char, offset }) => {
    if (char !== '{' || offset < start) return false;
    const head = before.slice(Math.max(0, offset - 300), offset);
    return !isControl.test(head) && /(?:=>|\)(?:\s*:[^;{}()=]*)?)\s*$/.test(head);
  });
}

const isControl = /\b(?:if|for|while|switch|catch|with)\s*(?:await\s*)?\((?:[^()]|\([^()]*\))*\)\s*$/;
