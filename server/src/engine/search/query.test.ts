/** Queries: what a person may type, and what is told when it cannot be meant. */
import { describe, expect, test } from 'vitest';
import { EngineError } from '../base/error.ts';
import { globSource } from './glob.ts';
import { asWords, maxQueryLength, parseQuery } from './query.ts';

const nowMs = Date.parse('2026-11-21T10:00:00Z');
const parse = (query: string) => parseQuery(query, nowMs);
const ago = (hours: number) => nowMs - hours * 3_600_000;

test('words stay as they are', () => {
  expect(parse('  open a   file ')).toEqual({ text: 'open a file', patterns: [], filter: undefined });
  expect(parse('').text).toBe('');
  expect(parse('std::vector http://a.b foo:bar a/b/c').text).toBe('std::vector http://a.b foo:bar a/b/c');
});

test('code as words is words alone, whatever stands in it', () => {
  const code = 'pick({ kind:"x", path:src }, "a") /* all */ // lang:ts changed:now /a+/\n/** doc */ f();';
  expect(() => parse(code)).toThrow();
  expect(parse(asWords(code))).toMatchObject({ patterns: [], filter: undefined });
  expect(parse(asWords(code)).text).toContain('pick({ kind x ');
  expect(parse(asWords(code.repeat(1000))).text.length).toBeLessThanOrEqual(maxQueryLength);
});

test('filters are taken out; values of one key widen, keys narrow', () => {
  expect(parse('lang:ts,py retry kind:fn path:src/** LANG:go')).toEqual({
    text: 'retry',
    patterns: [],
    filter: {
      languageIds: ['typescript', 'typescriptreact', 'python', 'go'],
      kinds: ['function', 'method'],
      paths: ['src/**'],
    },
  });
  expect(parse('path:"my folder/" x').filter?.paths).toEqual(['*my folder/**']);
  expect(parse('path:*.{ts,js},docs').filter?.paths).toEqual(['*.{ts,js}', '*docs*']);
});

test('a path without wildcards is any part of one', () => {
  const matches = (value: string, path: string) =>
    (parse(`path:${value}`).filter?.paths ?? []).some((glob) => new RegExp(globSource(glob)).test(path));
  expect(matches('search/que', '/w/src/search/query.ts')).toBe(true);
  expect(matches('quer', '/w/src/search/query.ts')).toBe(true);
  expect(matches('search/', '/w/src/search/a/b.ts')).toBe(true);
  expect(matches('*.py', '/w/src/search/query.ts')).toBe(false);
  expect(matches('lexer', '/w/src/search/query.ts')).toBe(false);
});

describe('changed', () => {
  test.each([
    ['3h', ago(3)],
    ['2d', ago(48)],
    ['2', ago(48)],
    ['1w', ago(168)],
    ['today', Date.parse('2026-11-21T00:00:00Z')],
    ['yesterday', Date.parse('2026-11-20T00:00:00Z')],
    ['2026-11-01', Date.parse('2026-11-01T00:00:00Z')],
  ])('%s', (value, since) => {
    expect(parse(`changed:${value} x`).filter).toEqual({ changedSinceMs: since });
  });
});

test('phrases and regular expressions', () => {
  const { text, patterns } = parse('retry "return  a.b" /foo\\/[/]bar/i');
  expect(text).toBe('retry return  a.b');
  const [phrase, regex] = patterns.map(({ source, flags }) => new RegExp(source, flags));
  expect(phrase?.test('RETURN\n\ta.b')).toBe(true);
  expect(phrase?.test('return axb')).toBe(false);
  expect(regex?.test('FOO//bar')).toBe(true);
  expect(parse('"Return"').patterns[0]?.flags).toBe('');
  expect(
    parse('"a-b (c) [d] {e} $f"').patterns.map((p) => new RegExp(p.source).test('x a-b (c) [d] {e} $f')),
  ).toEqual([true]);
  expect(parse('/usr/bin/env and a / b / c').patterns).toEqual([]);
});

test('what is still being typed is no error', () => {
  for (const query of [
    'lang:',
    'kind:',
    'kind:fun',
    'changed:',
    'changed:2026-',
    'changed:yes',
    '"half',
    '/half',
    '""',
    'path:"a',
  ]) {
    expect(() => parse(query)).not.toThrow();
  }
  expect(parse('"half a phrase').text).toBe('half a phrase');
});

test('what cannot be meant is said, with the way out', () => {
  const message = (query: string) => {
    try {
      parse(query);
    } catch (error) {
      expect(error).toBeInstanceOf(EngineError);
      expect((error as EngineError).code).toBe('query-invalid');
      return (error as Error).message;
    }
    return undefined;
  };
  expect(message('/a(b/')).toMatch(/not a regular expression: .*leave the slashes out/);
  expect(message('kind:banana')).toMatch(/no kind “banana”.*function/);
  expect(message('changed:tuesday')).toMatch(/changed:2d/);
  expect(message('x'.repeat(10_001))).toMatch(/10001 characters.*Find Similar Code/);
  expect(message('x'.repeat(10_000))).toBeUndefined();
});

test('no query of hostile text takes long or throws anything else', () => {
  for (const piece of ['"', '/', '\\', '[', 'lang:"', 'path:{', 'a:', '/[', '/\\']) {
    const query = piece.repeat(Math.floor(10_000 / piece.length));
    try {
      parse(query);
    } catch (error) {
      expect(error).toBeInstanceOf(EngineError);
    }
  }
});
