/** Back-off: dismissals make it stricter within bounds, accepts and time take that back. */

import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { BackOff } from './back-off.ts';

test('grows with dismissals, within bounds', () => {
  const backOff = new BackOff(new FakeClock());
  expect(backOff.adjusted(0.5)).toBe(0.5);
  backOff.dismissed();
  const once = backOff.adjusted(0.5);
  expect(once).toBeGreaterThan(0.5);
  for (let i = 0; i < 100; i++) backOff.dismissed();
  expect(backOff.adjusted(0.5)).toBeGreaterThan(once);
  expect(backOff.adjusted(0.5)).toBeLessThan(0.85);
  expect(backOff.adjusted(0)).toBe(0); // whoever shows everything goes on doing so
});

test('an accepted suggestion takes several dismissals back, never below the start', () => {
  const backOff = new BackOff(new FakeClock());
  for (let i = 0; i < 3; i++) backOff.dismissed();
  for (let i = 0; i < 2; i++) backOff.accepted();
  expect(backOff.adjusted(0.5)).toBe(0.5);
});

test('time forgets', () => {
  const clock = new FakeClock();
  const backOff = new BackOff(clock);
  for (let i = 0; i < 10; i++) backOff.dismissed();
  const strict = backOff.adjusted(0.5);
  clock.advance(60 * 60_000);
  expect(backOff.adjusted(0.5)).toBeLessThan(strict);
  expect(backOff.adjusted(0.5)).toBeCloseTo(0.5, 2);
});

test('only typing past a suggestion that was read is a dismissal', () => {
  const clock = new FakeClock();
  const backOff = new BackOff(clock);
  const document = (text: string, uri = 'file:///a.ts') => new DocumentSnapshot(uri, 'typescript', 1, text);
  const before = document('x = ');
  const suggest = (ms: number) => {
    backOff.shown({ id: 1, text: 'foo;', start: 4, endExclusive: 4 }, before);
    clock.advance(ms);
  };
  suggest(1000);
  backOff.asked(before, false); // asked once more at the same place, as to see others
  backOff.asked(document('x = f'), true); // typed along
  backOff.asked(document('y', 'file:///b.ts'), false); // went elsewhere
  suggest(100);
  backOff.asked(document('x = z'), false); // typed on before it could be read
  suggest(1000);
  backOff.asked(document('x = foo;'), false); // typed it all
  expect(backOff.adjusted(0.5)).toBe(0.5);
  suggest(1000);
  backOff.asked(document('x = z'), false);
  const strict = backOff.adjusted(0.5);
  expect(strict).toBeGreaterThan(0.5);
  suggest(0);
  backOff.taken(1);
  expect(backOff.adjusted(0.5)).toBeLessThan(strict);
});
