/** fill: as good as trying everything, and never over budget. */
import { expect, test } from 'vitest';
import { seededRandom } from '../testing/tiny-model.ts';
import { type Form, fill } from './knapsack.ts';

function bruteForce(things: readonly (readonly Form[])[], budget: number): number {
  const [first, ...rest] = things;
  if (!first) return 0;
  let best = bruteForce(rest, budget);
  for (const { cost, value } of first) {
    if (cost <= budget) best = Math.max(best, value + bruteForce(rest, budget - cost));
  }
  return best;
}

function totals(things: readonly (readonly Form[])[], chosen: readonly number[]) {
  const forms = chosen.flatMap((iForm, i) => (iForm < 0 ? [] : [things[i]![iForm]!]));
  return {
    cost: forms.reduce((sum, form) => sum + form.cost, 0),
    value: forms.reduce((sum, form) => sum + form.value, 0),
  };
}

test('is as good as trying every combination', () => {
  const random = seededRandom(5);
  for (let round = 0; round < 300; round++) {
    const things = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
      Array.from({ length: Math.floor(random() * 4) }, () => ({
        cost: Math.floor(random() * 20),
        value: random() * 10 - 2,
      })),
    );
    const budget = Math.floor(random() * 50);
    const { cost, value } = totals(things, fill(things, budget));
    expect(cost).toBeLessThanOrEqual(budget);
    expect(value).toBeCloseTo(bruteForce(things, budget), 9);
  }
});

test('stays within a budget too large for exact counting, and fills it', () => {
  const random = seededRandom(6);
  const things = Array.from({ length: 400 }, () => [
    { cost: 1 + Math.floor(random() * 900), value: random() },
  ]);
  const { cost } = totals(things, fill(things, 100_000));
  expect(cost).toBeLessThanOrEqual(100_000);
  expect(cost).toBeGreaterThan(95_000);
});

test('takes nothing that is worth nothing, and nothing at all without a budget', () => {
  expect(fill([[{ cost: 0, value: 0 }], [{ cost: 1, value: -1 }]], 10)).toEqual([-1, -1]);
  expect(fill([[{ cost: 1, value: 1 }]], 0)).toEqual([-1]);
  expect(fill([], 10)).toEqual([]);
});
