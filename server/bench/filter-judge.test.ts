/** judgeEdit: only what a person wants is right, whatever way it is inserted. */

import { expect, test } from 'vitest';
import { trim } from '../src/engine/completion/trim.ts';
import { filterCases } from '../src/engine/testing/filter-cases.ts';
import { judgeEdit, questionOf } from './filter-judge.ts';

const question = {
  languageId: 'typescript',
  textBefore: 'f() {\n  ',
  textAfter: ');\n}\n',
  generated: '',
  wanted: 'a();\n  b(1',
};

test.each([
  ['what is wanted', { text: 'a();\n  b(1', replaceAfter: 0 }, 'right'],
  ['the same in place of what follows', { text: 'a();\n  b(1);', replaceAfter: 2 }, 'right'],
  ['its first line', { text: 'a();', replaceAfter: 0 }, 'shorter'],
  ['nothing', undefined, 'nothing'],
  ['half a line', { text: 'a(', replaceAfter: 0 }, 'wrong'],
  ['a bracket too many', { text: 'a();\n  b(1)', replaceAfter: 0 }, 'wrong'],
  ['what follows is taken away', { text: 'a();\n  b(1', replaceAfter: 2 }, 'wrong'],
] as const)('%s', (_, edit, verdict) => expect(judgeEdit(question, edit)).toBe(verdict));

test.each(filterCases)('case $name is trimmed as wanted, and its raw output is told from it', (one) => {
  const asked = questionOf(one);
  expect(judgeEdit(asked, trim(asked))).toBe('right');
  const raw = { text: asked.generated, replaceAfter: 0 };
  expect(judgeEdit(asked, raw)).toBe(asked.generated === asked.wanted ? 'right' : 'wrong');
});
