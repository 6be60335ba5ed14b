/** triggers: which kind of place a text has just reached, judged by the text alone. */

// This only says what is worth asking about. Whoever is asked parses the text and answers nothing where
// the guess was wrong, so a guess may be generous where asking is rare, and must be narrow where it is
// common: a question costs some milliseconds.

import type { BracketScanner } from '../../syntax/brackets.ts';
import type { TriggerKind } from './symbol-oracle.ts';

/** A place where one name of a known list may begin. */
export interface Trigger {
  readonly kind: TriggerKind;
  /** What else than a name may come first: a class of bytes for a regular expression; undefined: anything. */
  readonly firstBytes?: RegExp;
  /** Whether a byte goes on with the name; words by default. */
  readonly nameBytes: NameBytes;
}

/** `word`: identifiers; `attribute`: also - and :; else all up to this quote (a path: up to / as well). */
export type NameBytes = 'word' | 'attribute' | { readonly until: string };

/** Text before a name that is looked at. */
const maxLook = 500;

/**
 * The place at the end of `head`, where the next character would begin a name. `scanner` has scanned
 * `head`, and its brackets' offsets are those of `head`.
 */
export function triggerAt(head: string, scanner: BracketScanner, languageId: string): Trigger | undefined {
  const { region } = scanner;
  if (region === 'comment') return undefined;
  const tail = head.slice(-maxLook);
  const isScript = scriptLanguages.has(languageId);
  if (region === 'string') return isScript ? stringTrigger(tail, scanner.regionCloser) : undefined;
  if (languageId === 'python' && /(?:^|\n)[ \t]*(?:from|import)\b[^\n(]*$/.test(tail)) {
    return pythonImport.test(tail) ? { kind: 'import-name', nameBytes: 'word' } : undefined;
  }
  if (languageId === 'python' && pythonImport.test(tail)) return { kind: 'import-name', nameBytes: 'word' };
  const member = memberTrigger(tail, languageId);
  if (member || !isScript) return member;
  if (jsxLanguages.has(languageId)) {
    const kind = jsxKind(tail);
    if (kind) return { kind, nameBytes: kind === 'jsx-attribute' ? 'attribute' : 'word' };
  }
  const kind = scriptKind(head, tail, scanner, languageId);
  return kind && { kind, nameBytes: 'word' };
}

/**
 * Whether `head` stands among the arguments of a call, and where they begin. Cheap: it asks only what
 * the innermost bracket is.
 */
export function callAt(head: string, scanner: BracketScanner, languageId: string): number | undefined {
  if (!scriptLanguages.has(languageId) || scanner.region !== 'code') return undefined;
  const innermost = scanner.open.at(-1);
  if (innermost?.char !== '(') return undefined;
  const before = head.slice(Math.max(0, innermost.offset - 80), innermost.offset);
  if (!/[\w$)\]>]$/.test(before)) return undefined;
  if (/\b(?:if|for|while|switch|catch|with|function|return|await|typeof|in|of)\s*$/.test(before))
    return undefined;
  if (/\bfunction\*?\s+[\w$]+$/.test(before)) return undefined;
  return innermost.offset + 1;
}

const scriptLanguages = new Set(['typescript', 'typescriptreact', 'javascript', 'javascriptreact']);
const typedLanguages = new Set(['typescript', 'typescriptreact']);
const jsxLanguages = new Set(['typescriptreact', 'javascriptreact']);

/** `from m import a, b as c, ` with or without a parenthesis. */
const pythonImport =
  /(?:^|\n)[ \t]*from[ \t]+[.\w]+[ \t]+import[ \t]+(?:\(\s*)?(?:\w+(?:[ \t]+as[ \t]+\w+)?\s*,\s*)*$/;

const memberOperators: Readonly<Record<string, readonly string[]>> = {
  c: ['.', '->'],
  cpp: ['.', '->', '::'],
  rust: ['.', '::'],
  php: ['->', '::'],
  ruby: ['.', '::'],
  perl: ['->', '::'],
};
const justDot = ['.'];

/**
 * Languages in which nothing but a name follows the dot, give or take what is listed. Blanks, line breaks
 * and comments are legal too, but nobody writes them there (of 370,000 dots of our corpus hardly one has a
 * line break behind it), and a model that is refused every name it likes slips out by them: it wrote
 * `loan. ` and closed a comment that nobody had opened.
 */
const afterDot: Readonly<Record<string, RegExp>> = {
  typescript: /#/,
  typescriptreact: /#/,
  javascript: /#/,
  javascriptreact: /#/,
  python: /\\/,
};
const afterOptionalDot = /[#[(`]/;

/** A number that a dot would make a fraction: `1`, `0x1f`, `1e5`, but not `a1` or `1.5`. */
const numberEnd = /(?:^|[^\p{L}\p{N}_$.)\]])(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:[eE]\d+)?)$/u;

function memberTrigger(tail: string, languageId: string): Trigger | undefined {
  const operators = memberOperators[languageId] ?? justDot;
  const operator = operators.find((one) => tail.endsWith(one));
  if (operator === undefined) return undefined;
  let receiver = tail.slice(0, -operator.length);
  const isOptional = operator === '.' && /[?]$/.test(receiver);
  if (operator === '.') receiver = receiver.replace(/[?!]+$/, '');
  receiver = receiver.trimEnd();
  if (!/[\p{L}\p{N}_$)\]}"'`/>]$/u.test(receiver) || numberEnd.test(receiver)) return undefined;
  const firstBytes = isOptional ? afterOptionalDot : afterDot[languageId];
  return { kind: 'member', nameBytes: 'word', ...(firstBytes && { firstBytes }) };
}

/** Right behind the quote that opened the string, or behind a slash of an import's path. */
function stringTrigger(tail: string, closer: string): Trigger | undefined {
  if (closer !== '"' && closer !== "'") return undefined;
  if (/\b(?:from|import|import\(|require\()\s*(?:"[^"\n]*\/|'[^'\n]*\/|["'])$/.test(tail)) {
    return { kind: 'import-path', nameBytes: { until: `${closer}/` } };
  }
  if (!tail.endsWith(closer) || tail.endsWith(`\\${closer}`)) return undefined;
  return { kind: 'string-literal', nameBytes: { until: closer } };
}

function jsxKind(tail: string): TriggerKind | undefined {
  if (/(?:^|[\s(>{};,?:&|=])<\/?$/.test(tail)) return 'jsx-tag';
  if (/<[A-Za-z][\w.]*(?:\s+[^<>]*?)?\s$/.test(tail)) return 'jsx-attribute';
  return undefined;
}

const importNames =
  /(?:^|[\n;])\s*(?:import|export)\s+(?:type\s+)?(?:[\w$]+\s*,\s*)?\{\s*(?:(?:type\s+)?[\w$]+(?:\s+as\s+[\w$]+)?\s*,\s*)*(?:type\s+)?$/;
/** Where a type is surely wanted, not a value. */
const typePlace =
  /(?:\b(?:implements|satisfies|keyof|as)\s+|\)\s*:\s*|\b(?:const|let|var)\s+[\w$]+\s*:\s*|\binterface\s+\w+\s+extends\s+|[(,]\s*(?:(?:readonly|private|public|protected)\s+)*[\w$]+\?\s*:\s*)$/;
/** Where a value is surely read, not declared: behind an operator or a word that wants one. */
const valuePlace =
  /(?:[^=]=\s+|[+\-*/%&|^!<]\s*|=>\s*|\b(?:return|await|typeof|new|throw|in|of|case|yield|void|delete)\s+)$/;

function scriptKind(
  head: string,
  tail: string,
  scanner: BracketScanner,
  languageId: string,
): TriggerKind | undefined {
  if (importNames.test(tail)) return 'import-name';
  if (isObjectKey(head, tail, scanner)) return 'object-key';
  if (typedLanguages.has(languageId) && typePlace.test(tail)) return 'type-name';
  return valuePlace.test(tail) ? 'identifier' : undefined;
}

/** Behind a brace that can begin an object, or behind a comma within it. */
function isObjectKey(head: string, tail: string, scanner: BracketScanner): boolean {
  if (!/[{,]\s*$/.test(tail)) return false;
  const innermost = scanner.open.at(-1);
  if (innermost?.char !== '{' || innermost.isTemplate) return false;
  const before = head.slice(Math.max(0, innermost.offset - 80), innermost.offset).trimEnd();
  return /(?:[(,:[?&|{]|[^=!<>]=|\b(?:return|default|yield|await))$/.test(before);
}
