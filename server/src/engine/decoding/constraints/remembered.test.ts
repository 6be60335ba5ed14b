/** Remembered: how much an answer is worth elsewhere; ◆ is where it was given, █ where it is wanted. */

import { expect, test } from 'vitest';
import { BracketScanner } from '../../syntax/brackets.ts';
import { languageOf } from '../../syntax/languages.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { type Asked, type NamePlace, Remembered } from './remembered.ts';
import type { SymbolSet } from './symbol-oracle.ts';

const uri = 'file:///a.ts';
const set: SymbolSet = { names: ['title'], isClosed: true };
const answered: Asked = { isAnswered: true, isLost: false, set, answered: Promise.resolve() };

function placeAt(before: string, after: string, languageId: string): NamePlace {
  const scanner = new BracketScanner(languageOf(languageId)).run(before);
  return { kind: 'member', languageId, before, after, scanner };
}

/** What an answer given at ◆ is worth at █, in a document that is otherwise the same. */
function worth(marked: string, languageId = 'typescript', asked: Asked = answered) {
  const [first = '', second = '', after = ''] = marked.split(/[◆█]/);
  const remembered = new Remembered(new FakeClock());
  remembered.add(uri, placeAt(first, second + after, languageId), asked);
  return remembered.find(uri, placeAt(first + second, after, languageId))?.worth;
}

test.each([
  ['the same place', 'a = loan.◆█;'],
  ['the same statement', 'print(loan.◆title, loan.█);'],
  ['the next statement', 'let a = loan.◆title;\nlet b = loan.█;\n'],
  ['the next Python statement', 'if a:\n    f(loan.◆title)\n    b = loan.█', 'python'],
  ['a chain', 'f(this.loans.first.◆title, this.loans.first.█)'],
  ['what is optional', 'f(loan.◆title, loan?.█)'],
])('%s: as good as asked there', (_, marked, languageId = 'typescript') => {
  expect(worth(marked, languageId)).toBe('same');
});

test.each([
  ['a condition in between', 'f(loan.◆kind);\nif (loan.█)'],
  ['a condition that was left', 'if (isBook(loan)) {\n  f(loan.◆isbn);\n}\nf(loan.█)'],
  ['a condition without braces', 'if (loan.◆kind === 1) f(loan.█)'],
  ['a condition over lines', 'if (\n  a(loan.◆kind)\n) f(loan.█)'],
  ['a conjunction that was left', 'f(isBook(loan) && loan.◆isbn);\nf(loan.█)'],
  ['a statement under a condition', 'if (isBook(loan))\n  f(loan.◆isbn);\nf(loan.█)'],
  ['a Python block that was left', 'if is_book(loan):\n    f(loan.◆isbn)\nf(loan.█)', 'python'],
  ['a Python condition that was left', 'f(loan.◆isbn if is_book(loan) else 1)\nf(loan.█)', 'python'],
  ['a guard', 'f(loan.◆kind); assertBook(loan); f(loan.█)'],
  ['a conjunction', 'loan.◆kind === 1 && loan.█'],
  ['a callback in between', 'f(loan.◆kind, (x) => x + 1);\nf(loan.█)'],
  ['a Python condition', 'f(loan.◆kind)\nif loan.█', 'python'],
  ['a place where a member may be made', 'f(loan.◆title);\nloan.█', 'javascript'],
])('%s: a name may pass, none is forbidden', (_, marked, languageId = 'typescript') => {
  expect(worth(marked, languageId)).toBe('likely');
});

test.each([
  ['another receiver', 'f(loan.◆title, loans.█)'],
  ['the end of another chain', 'f(loan.◆title, a.loan.█)'],
  ['what a call returns', 'f(loan().◆title, loan().█)'],
  ['another value', 'f(loan.◆title);\nloan = next;\nf(loan.█)'],
  ['another value of a part', 'f(loan.book.◆title);\nloan.book = next;\nf(loan.book.█)'],
  ['a declaration', 'f(loan.◆title);\n{ const loan = 1; f(loan.█)'],
  ['a pattern', 'f(loan.◆title);\n{ const { loan } = b; f(loan.█)'],
  ['a loop', 'f(loan.◆title);\nfor (const loan of loans) f(loan.█)'],
  ['a parameter', 'f(loan.◆title);\nloans.map((loan) => loan.█'],
  ['another function', 'function a(loan: A) {\n  f(loan.◆title);\n}\nfunction b(loan: B) {\n  f(loan.█)'],
  [
    'another method',
    'class A {\n  a(loan: A) {\n    f(loan.◆title);\n  }\n  b(loan: B): void {\n    f(loan.█)',
  ],
  ['another Python function', 'def a(loan):\n    f(loan.◆title)\n\ndef b(loan):\n    f(loan.█', 'python'],
  ['a Python loop', 'f(loan.◆title)\nfor i, loan in x:\n    f(loan.█', 'python'],
  ['a Python declaration', 'f(loan.◆title)\nloan: Book = x\nf(loan.█', 'python'],
  ['a resource', 'f(loan.◆title)\nwith open() as loan:\n    f(loan.█', 'python'],
])('%s: nothing is known', (_, marked, languageId = 'typescript') => {
  expect(worth(marked, languageId)).toBeUndefined();
});

test('what stands above has to be what it was; what stands below, to forbid', () => {
  const remembered = new Remembered(new FakeClock());
  remembered.add(uri, placeAt('type A = 1;\nf(a.', ');', 'typescript'), answered);
  const worthOf = (before: string, after: string) =>
    remembered.find(uri, placeAt(before, after, 'typescript'))?.worth;
  expect(worthOf('type A = 1;\nf(a.', ');')).toBe('same');
  expect(worthOf('type A = 2;\nf(a.', ');')).toBeUndefined();
  expect(worthOf('type A = 1;\nf(a.b, a.', ');\ntype B = 1;')).toBe('likely');
});

test('answers are forgotten: in time, with their document, and when another one changes', () => {
  const clock = new FakeClock();
  const remembered = new Remembered(clock);
  const place = placeAt('a.', '', 'typescript');
  const found = () => remembered.find(uri, place)?.worth;
  const nobodyKnew: Asked = { ...answered, set: undefined };
  remembered.add(uri, place, answered);
  clock.advance(10_000);
  expect(found()).toBe('same');
  clock.advance(90_000);
  expect(found()).toBeUndefined();
  remembered.add(uri, place, nobodyKnew);
  expect(found()).toBe('same');
  clock.advance(10_000);
  expect(found()).toBeUndefined();
  remembered.add(uri, place, answered);
  remembered.forgetOthers(uri);
  expect(found()).toBe('same');
  remembered.forgetOthers('file:///b.ts');
  expect(found()).toBeUndefined();
  remembered.add(uri, place, answered);
  remembered.forget(uri);
  expect(found()).toBeUndefined();
});

test('a question under way is waited for where its answer will be as good as any; not one that was given up', () => {
  const pending: Asked = { ...answered, isAnswered: false, set: undefined };
  expect(worth('a = loan.◆█;', 'typescript', pending)).toBe('same');
  expect(worth('if (loan.◆a) f(loan.█)', 'typescript', pending)).toBeUndefined();
  expect(worth('f(loan.◆a, loan.█)', 'typescript', pending)).toBe('same');
  expect(worth('a = loan.◆█;', 'typescript', { ...pending, isLost: true })).toBeUndefined();
});

test('a kind of place that nobody knows anything about is asked about seldom, members always', () => {
  const remembered = new Remembered(new FakeClock());
  const isPassedBy = () => remembered.isBarren('typescript', 'string-literal');
  for (let i = 0; i < 6; i++) {
    expect(isPassedBy()).toBe(false);
    remembered.told('typescript', 'string-literal', false);
    remembered.told('typescript', 'member', false);
  }
  expect(Array.from({ length: 16 }, isPassedBy).filter((is) => !is)).toHaveLength(2);
  remembered.told('typescript', 'string-literal', true);
  expect(isPassedBy()).toBe(false);
  expect(remembered.isBarren('typescript', 'member')).toBe(false);
});
