/** The matcher of typed patterns: right, and never stuck. */
import { expect, test } from 'vitest';
import { textMatcher } from './text-matcher.ts';

const regex = (source: string, flags = 'm') => ({ source, flags });

test('a text must hold every pattern', () => {
  const texts = ['alpha beta', 'alpha', 'BETA\nalpha'];
  expect([...textMatcher([regex('^alpha'), regex('beta', 'i')], texts)]).toEqual([true, false, true]);
  expect([...textMatcher([], texts)]).toEqual([true, true, true]);
});

test('a pattern that runs away is stopped and named', () => {
  expect(() => textMatcher([regex('^(a+)+$')], [`${'a'.repeat(60)}b`])).toThrow(/takes too long.*simpler/);
});
