/** globSource: what a pattern matches, and that nothing in it can break the expression. */
import { describe, expect, test } from 'vitest';
import { globSource } from './glob.ts';

const matches = (glob: string, path: string) => new RegExp(globSource(glob)).test(path);

describe('globSource', () => {
  test.each([
    ['src', '/w/src/a.ts', true], // a folder stands for what is below it
    ['src/', '/w/src/deep/a.ts', true],
    ['src', '/w/mysrc/a.ts', false],
    ['*.ts', '/w/src/a.ts', true],
    ['*.ts', '/w/src/a.tsx', false],
    ['src/*.ts', '/w/src/deep/a.ts', false],
    ['src/**/*.ts', '/w/src/deep/er/a.ts', true],
    ['src/**/*.ts', '/w/src/a.ts', true],
    ['**/test/**', '/w/test/a.ts', true],
    ['/w/src/**', '/w/src/a.ts', true],
    ['/src', '/w/src/a.ts', false], // from the start
    ['*.{ts,py}', '/w/a.py', true],
    ['*.{ts,py}', '/w/a.go', false],
    ['a[0-9].ts', '/w/a7.ts', true],
    ['a[!0-9].ts', '/w/a7.ts', false],
    ['a?.ts', '/w/ab.ts', true],
    ['a.ts', '/w/axts', false],
    ['(a|b)+.ts', '/w/(a|b)+.ts', true], // not an expression
    ['{a', '/w/{a', true],
    ['[a', '/w/[a', true],
    ['[z-a]', '/w/[z-a]', true],
  ])('%s and %s: %s', (glob, path, expected) => expect(matches(glob, path)).toBe(expected));

  test('runs of ** are one, since each more takes as many times longer as a path has folders', () => {
    expect(globSource(`${'**/'.repeat(30)}a`)).toBe(globSource('**/a'));
    expect(globSource('src/*****/a')).toBe(globSource('src/**/a'));
  });

  test('every pattern makes an expression', () => {
    const signs = [
      '*',
      '**',
      '/',
      '?',
      '{',
      '}',
      ',',
      '[',
      ']',
      '!',
      '^',
      '\\',
      '(',
      ')',
      '|',
      '$',
      '.',
      '-',
      'a',
      'z',
    ];
    let seed = 7;
    const next = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % n;
    };
    for (let round = 0; round < 3000; round++) {
      const glob = Array.from({ length: 1 + next(8) }, () => signs[next(signs.length)]).join('');
      expect(() => new RegExp(globSource(glob)), glob).not.toThrow();
    }
  });
});
