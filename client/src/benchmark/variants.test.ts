/** Tests of what a benchmark compares, and of how a person names it. */

import { expect, test } from 'vitest';
import { defaultSettings } from '../../../protocol/settings.ts';
import { comparableKeys, parseComparison, variantsOf } from './variants.ts';

test('without a choice, edit reuse and types are turned round', () => {
  const now = { ...defaultSettings(), 'types.enable': false };
  expect(variantsOf(now)).toEqual([
    { name: 'as set', overlay: {} },
    { name: 'prefix reuse only', overlay: { 'completion.editReuse': false } },
    { name: 'with types', overlay: { 'types.enable': true } },
  ]);
  expect(variantsOf({ ...now, 'completion.editReuse': false })[1]?.name).toBe('edit reuse');
});

test('with one, nothing else is measured', () => {
  expect(variantsOf(defaultSettings(), { 'completion.maxTokens': 32 })).toEqual([
    { name: 'as set', overlay: {} },
    { name: 'completion.maxTokens 32', overlay: { 'completion.maxTokens': 32 } },
  ]);
});

test.each([
  ['completion.maxTokens 32', { 'completion.maxTokens': 32 }],
  [' stet.completion.debounceMs = 0 ', { 'completion.debounceMs': 0 }],
  ['types.enable: false', { 'types.enable': false }],
  ['completion.eagerness quiet', { 'completion.eagerness': 'quiet' }],
])('%s', (text, expected) => expect(parseComparison(text)).toEqual(expected));

test.each([
  ['', /A setting and its value/],
  ['model.path /somewhere', /One of: completion\.contextTokens/],
  ['constructor x', /One of/],
  ['completion.maxTokens many', /a whole number from/],
  ['completion.maxTokens -1', /a whole number from/],
  ['types.enable yes', /true or false/],
  ['completion.eagerness wild', /one of quiet, balanced, eager/],
])('“%s” is refused in words', (text, words) => expect(parseComparison(text)).toMatch(words));

test('nothing that could send a text elsewhere can be compared', () => {
  expect(comparableKeys.filter((key) => /remote|backend|path|server/i.test(key))).toEqual([]);
});
