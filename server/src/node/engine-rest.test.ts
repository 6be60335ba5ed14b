/** When the model leaves memory. */

import { expect, test } from 'vitest';
import { shouldRest } from './engine-rest.ts';

const minute = 60_000;

test('stet.model.unloadAfterMinutes: so long without a request; 0 is never', () => {
  expect(shouldRest(9 * minute, 10, 0.5)).toBe(false);
  expect(shouldRest(10 * minute, 10, 0.5)).toBe(true);
  expect(shouldRest(1000 * minute, 0, 0.5)).toBe(false);
});

test('where memory is short, after a minute, but not while somebody works', () => {
  expect(shouldRest(minute, 60, 0.04)).toBe(true);
  expect(shouldRest(minute, 0, 0.04)).toBe(true);
  expect(shouldRest(minute, 60, 0.06)).toBe(false);
  expect(shouldRest(minute - 1, 60, 0.01)).toBe(false);
  expect(shouldRest(0, 60, 0.01)).toBe(false);
});
