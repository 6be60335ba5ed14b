/** Tests of the order in which sessions are played. */

import { expect, test } from 'vitest';
import type { SessionEvent } from '../../../protocol/session.ts';
import { roundsOf, warmUpOf } from './rounds.ts';

const session = (languageId: string): SessionEvent[] => [{ kind: 'open', name: 'a', languageId, text: '' }];
const twelve = Array.from({ length: 12 }, (_, i) => session(i % 2 ? 'typescript' : 'python'));

test('all sessions are played in each of three rounds, the same questions each time', () => {
  const plays = roundsOf(twelve, 72);
  expect(plays).toHaveLength(36);
  expect(plays.every(({ nQuestion }) => nQuestion === 2)).toBe(true);
  expect(plays.map(({ at }) => at).slice(0, 13)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0]);
  expect(plays.at(-1)).toMatchObject({ at: 11, round: 2 });
});

test('few questions are asked in few sessions, once', () => {
  expect(roundsOf(twelve, 6).map(({ at, round, nQuestion }) => [at, round, nQuestion])).toEqual(
    [0, 1, 2, 3, 4, 5].map((at) => [at, 0, 1]),
  );
});

test('one session is played to its end, three times', () => {
  expect(roundsOf([session('c')], 180).map(({ nQuestion }) => nQuestion)).toEqual([60, 60, 60]);
});

test('every language is warmed up once', () => {
  expect(warmUpOf(twelve)).toEqual([twelve[0], twelve[1]]);
});
