/** Answers: found again at their place and behind it, and nowhere else. */

import { expect, test } from 'vitest';
import { type Answer, Answers } from './answers.ts';

const answer = (...texts: [string, ...string[]]): Answer => ({
  candidates: texts.map((text) => ({ text, replaceAfter: 0, points: [] })) as never,
  nWanted: texts.length,
});
const at = (textBefore: string, textAfter = '\n}') => ({ textBefore, textAfter });

test('the same place has the same answer, whatever was typed and deleted in between', () => {
  const answers = new Answers();
  answers.put('a', at('let x = '), answer('foo();'));
  expect(answers.find('a', at('let x = '))).toMatchObject({ nTyped: 0, candidates: [{ text: 'foo();' }] });
});

test('a place within an answer has the rest of it', () => {
  const answers = new Answers();
  answers.put('a', at('let x = '), answer('foo();', 'bar();'));
  const found = answers.find('a', at('let x = ba'));
  expect(found?.nTyped).toBe(2);
  expect(found?.candidates.map(({ text }) => text)).toEqual(['bar();']);
  expect(answers.find('a', at('let x = z'))).toBeUndefined();
  expect(answers.find('a', at('let x = foo();'))).toBeUndefined(); // nothing is left of it
});

test('another text behind, document or prefix is another place', () => {
  const answers = new Answers();
  answers.put('a', at('let x = '), answer('foo();'));
  expect(answers.find('a', at('let x = ', '\n]'))).toBeUndefined();
  expect(answers.find('b', at('let x = '))).toBeUndefined();
  expect(answers.find('a', at('let y = '))).toBeUndefined();
  expect(answers.find('a', at('let x ='))).toBeUndefined();
});

test('the nearest place wins, and what is withdrawn is gone', () => {
  const answers = new Answers();
  answers.put('a', at('x = '), answer('one + two;'));
  answers.put('a', at('x = one'), answer(' + three;'));
  expect(answers.find('a', at('x = one '))?.candidates[0]?.text).toBe(' + three;');
  answers.delete('a', at('x = one'));
  expect(answers.find('a', at('x = one '))?.candidates[0]?.text).toBe('one + two;');
});

test('in a long file too', () => {
  const long = 'const value = other + 1;\n'.repeat(10_000);
  const answers = new Answers();
  answers.put('a', at(`${long}x = `, long), answer('foo();'));
  expect(answers.find('a', at(`${long}x = fo`, long))?.nTyped).toBe(2);
  expect(answers.find('a', at(`${long}y = `, long))).toBeUndefined();
  expect(answers.find('a', at(`${long}x = `, `${long}z`.slice(1)))).toBeUndefined();
});
