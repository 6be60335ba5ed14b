/** parseQuery: what a person types, taken apart into words, filters, "exact phrases" and /regular expressions/. */

import { EngineError } from '../base/error.ts';
import type { ChunkKind } from '../syntax/chunk.ts';
import type { StoreFilter } from './store.ts';

/** A query that is longer was pasted in by mistake; Search Selection and Find Similar take code. */
export const maxQueryLength = 10_000;

export interface ParsedQuery {
  /** What is left for ranking: words, and the words of phrases. */
  readonly text: string;
  /** A chunk is a hit only if it holds every one of these. */
  readonly patterns: readonly TextPattern[];
  readonly filter: StoreFilter | undefined;
}

/** What a chunk's text must match, as a JavaScript regular expression. */
export interface TextPattern {
  readonly source: string;
  /** Of `i`, `m`, `s`, `u`. */
  readonly flags: string;
  /** A phrase between quotes: its words choose candidates. Undefined for a regular expression. */
  readonly phrase?: string;
}

/** Part of the query: a filter, a phrase, a regular expression, or one word. */
const token =
  /(?<key>lang|language|path|file|kind|changed):(?<value>"[^"]*"?|[^\s"]*)|"(?<phrase>[^"]*)"?|(?<=^|\s)\/(?!\s)(?<source>(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[])+)\/(?<flags>[imsu]{0,4})(?=\s|$)|(?<word>[^\s"]+)/giu;

/**
 * Throws EngineError('query-invalid') for what cannot be meant. A filter without a value is one that is
 * still being typed: it says nothing yet. `foo:bar` and an opening quote without another are words.
 */
export function parseQuery(query: string, nowMs: number): ParsedQuery {
  if (query.length > maxQueryLength) {
    throw invalid(
      `The query has ${query.length} characters; at most ${maxQueryLength} are searched for. To search with a piece of code, select it and run “Stet: Find Similar Code”.`,
    );
  }
  const words: string[] = [];
  const patterns: TextPattern[] = [];
  const filter = new FilterParts(nowMs);
  for (const { groups = {} } of query.matchAll(token)) {
    const { key, value = '', phrase, source, flags = '', word } = groups;
    if (key !== undefined) filter.add(key.toLowerCase(), value.replace(/"/g, ''));
    else if (phrase !== undefined) {
      if (phrase.trim() === '') continue;
      words.push(phrase);
      patterns.push(phrasePattern(phrase));
    } else if (source !== undefined) patterns.push(checkedPattern(source, flags));
    else if (word !== undefined) words.push(word);
  }
  return { text: words.join(' '), patterns, filter: filter.whole() };
}

/** A text to search for as it is, such as code or a question: none of it is a filter, a phrase or an expression. */
export function asWords(text: string): string {
  return text.slice(-maxQueryLength).replace(/["/:]/g, ' ');
}

/** Runs of blanks match each other; letter case matters only where a capital was typed. */
function phrasePattern(phrase: string): TextPattern {
  const source = phrase
    .trim()
    .replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    .replace(/\s+/g, '\\s+');
  return { source: source.replaceAll('\\-', '-'), flags: /\p{Lu}/u.test(phrase) ? '' : 'i', phrase };
}

function checkedPattern(source: string, flags: string): TextPattern {
  try {
    new RegExp(source, flags);
    return { source, flags: flags.includes('m') ? flags : `${flags}m` };
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
    throw invalid(
      `This is not a regular expression: ${reason.slice(0, 200)}. Correct it, or leave the slashes out to search for words.`,
    );
  }
}

/** The filters of one query; several values of one key widen it, several keys narrow it. */
class FilterParts {
  private readonly languageIds: string[] = [];
  private readonly paths: string[] = [];
  private readonly kinds: ChunkKind[] = [];
  private changedSinceMs: number | undefined;

  constructor(private readonly nowMs: number) {}

  add(key: string, list: string): void {
    if (key === 'changed') {
      if (list !== '') this.changedSinceMs = changedSince(list, this.nowMs);
      return;
    }
    for (const value of list.split(key === 'path' || key === 'file' ? /,(?![^{]*\})/ : ',')) {
      if (value === '') continue;
      if (key === 'kind') this.kinds.push(...kindsOf(value.toLowerCase()));
      else if (key === 'path' || key === 'file') this.paths.push(pathPattern(value));
      else this.languageIds.push(...languagesOf(value.toLowerCase()));
    }
  }

  whole(): StoreFilter | undefined {
    const { languageIds, paths, kinds, changedSinceMs } = this;
    const filter: StoreFilter = {
      ...(languageIds.length > 0 && { languageIds }),
      ...(paths.length > 0 && { paths }),
      ...(kinds.length > 0 && { kinds }),
      ...(changedSinceMs !== undefined && { changedSinceMs }),
    };
    return Object.keys(filter).length > 0 ? filter : undefined;
  }
}

/** Without wildcards a path is any part of one: `path:search/que` finds src/search/query.ts. */
function pathPattern(value: string): string {
  const slashed = value.replaceAll('\\', '/');
  return /[*?{[]|^\//.test(slashed) ? slashed : `*${slashed.replace(/\/$/, '/**')}*`.replace('/***', '/**');
}

const kindNames: Readonly<Record<string, readonly ChunkKind[]>> = {
  function: ['function', 'method'],
  func: ['function', 'method'],
  fn: ['function', 'method'],
  def: ['function', 'method'],
  method: ['method'],
  class: ['class'],
  struct: ['class'],
  interface: ['interface'],
  trait: ['interface'],
  type: ['type'],
  enum: ['enum'],
  module: ['module'],
  namespace: ['module'],
  text: ['text'],
};

function kindsOf(value: string): readonly ChunkKind[] {
  const kinds = kindNames[value];
  if (kinds) return kinds;
  if (Object.keys(kindNames).some((name) => name.startsWith(value))) return []; // still being typed
  throw invalid(
    `There is no kind “${value}”. Kinds are function, method, class, interface, type, enum, module and text.`,
  );
}

/** What people call languages, by VS Code's language ids. */
const languageNames: Readonly<Record<string, readonly string[]>> = {
  ts: ['typescript', 'typescriptreact'],
  typescript: ['typescript', 'typescriptreact'],
  tsx: ['typescriptreact'],
  js: ['javascript', 'javascriptreact'],
  javascript: ['javascript', 'javascriptreact'],
  jsx: ['javascriptreact'],
  py: ['python'],
  rb: ['ruby'],
  rs: ['rust'],
  golang: ['go'],
  'c++': ['cpp'],
  'c#': ['csharp'],
  cs: ['csharp'],
  sh: ['shellscript'],
  bash: ['shellscript'],
  md: ['markdown'],
  yml: ['yaml'],
};

const languagesOf = (value: string): readonly string[] => languageNames[value] ?? [value];

const dayMs = 86_400_000;
const unitMs: Readonly<Record<string, number>> = {
  h: dayMs / 24,
  d: dayMs,
  w: 7 * dayMs,
  m: 30 * dayMs,
  y: 365 * dayMs,
};

/** `3h`, `2d`, `1w`, `6m`, `1y`, `today`, `yesterday`, `2026-11-01` (midnight, UTC). */
function changedSince(value: string, nowMs: number): number {
  const word = value.toLowerCase();
  if (word === 'today') return nowMs - (nowMs % dayMs);
  if (word === 'yesterday') return nowMs - (nowMs % dayMs) - dayMs;
  const ago = /^(\d{1,4})([hdwmy])?$/.exec(word);
  if (ago) return Math.max(0, nowMs - Number(ago[1]) * (unitMs[ago[2] ?? 'd'] as number));
  const date = /^\d{4}-\d{2}-\d{2}$/.test(word) ? Date.parse(`${word}T00:00:00Z`) : Number.NaN;
  if (Number.isFinite(date)) return date;
  if (/^\d{4}-[\d-]*$/.test(word) || 'yesterday'.startsWith(word)) return 0; // still being typed
  throw invalid(
    `“changed:${value.slice(0, 40)}” is no time. Write changed:3h, changed:2d, changed:1w or changed:2026-11-01.`,
  );
}

function invalid(message: string): EngineError {
  return new EngineError('query-invalid', message);
}
