/** Back-off: dismissals make it stricter within bounds, accepts and time take that back. */

import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
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
