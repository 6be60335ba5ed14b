/** Tests of intervals and of the judgement on two runs, on made-up runs whose truth is known. */

import { expect, test } from 'vitest';
import { agreement, medianInterval, quantile, type Sample } from './statistics.ts';

/** Uniform in [0, 1), the same for the same seed (a linear congruential generator is enough here). */
function uniform(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4294967296;
  };
}

/** About normal, by the sum of twelve: nothing here depends on the tails. */
const normal = (random: () => number) => Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6);

interface Machine {
  /** How much longer everything takes. */
  readonly slower?: number;
  /** Standard deviations of the logarithm of a time: from round to round, from question to question. */
  readonly moods?: number;
  readonly noise?: number;
}

/** Twelve sessions of two questions, which differ a lot, asked in three rounds. */
function run(seed: number, { slower = 1, moods = 0.08, noise = 0.15 }: Machine = {}): Sample[] {
  const questions = uniform(7); // the same in every run
  const base = Array.from({ length: 24 }, () => 100 * Math.exp(0.7 * normal(questions)));
  const random = uniform(seed);
  return [0, 1, 2].flatMap((round) => {
    const mood = Math.exp(moods * normal(random));
    return base.map((ms, i) => ({
      ms: ms * slower * mood * Math.exp(noise * normal(random)),
      session: Math.floor(i / 2),
      question: i % 2,
      round,
    }));
  });
}

const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
const share = (isRight: (seed: number) => boolean) => seeds.filter(isRight).length / seeds.length;
const verdict = (now: Sample[], before: Sample[]) => agreement(now, before)?.verdict;

test('an interval holds its median, and is the same every time', () => {
  const samples = run(1);
  const [low, high] = medianInterval(samples);
  const p50 = quantile(
    samples.map(({ ms }) => ms),
    0.5,
  );
  expect(low).toBeLessThanOrEqual(p50);
  expect(high).toBeGreaterThanOrEqual(p50);
  expect(medianInterval(samples)).toEqual([low, high]);
  expect(medianInterval([])).toEqual([Number.NaN, Number.NaN]);
});

test('an interval is as wide as the moods of the machine', () => {
  const width = (moods: number) => {
    const [low, high] = medianInterval(run(1, { moods, noise: 0.01 }));
    return high / low;
  };
  expect(width(0.5)).toBeGreaterThan(width(0));
});

test('two runs on one machine agree, though its moods differ', () => {
  expect(share((seed) => verdict(run(seed), run(seed + 100)) === 'same')).toBeGreaterThanOrEqual(0.95);
});

test('the median of a second run lies in the interval of the first', () => {
  const isInside = (seed: number) => {
    const [low, high] = medianInterval(run(seed));
    const p50 = quantile(
      run(seed + 100).map(({ ms }) => ms),
      0.5,
    );
    return low <= p50 && p50 <= high;
  };
  expect(share(isInside)).toBeGreaterThanOrEqual(0.95);
});

test.each([
  [1.4, 'slower'],
  [1 / 1.4, 'faster'],
] as const)('%f times as long is seen, though questions differ by more: %s', (slower, words) => {
  const seen = share((seed) => verdict(run(seed, { slower }), run(seed + 100)) === words);
  expect(seen).toBeGreaterThanOrEqual(0.95);
});

test('less than 5 % is the same, however little noise there is', () => {
  const quiet = { moods: 0, noise: 0.001 };
  expect(verdict(run(1, { ...quiet, slower: 1.04 }), run(2, quiet))).toBe('same');
  expect(verdict(run(1, { ...quiet, slower: 1.07 }), run(2, quiet))).toBe('slower');
});

test('only questions that both runs asked are compared', () => {
  const now = run(1);
  const before = run(2).filter(({ session }) => session < 4);
  expect(agreement(now, before)?.verdict).toBe('same');
  const other = before.map((sample) => ({ ...sample, session: sample.session + 50 }));
  expect(agreement(now, other)).toBeUndefined();
  expect(agreement(now, [])).toBeUndefined();
});

test('a run of one round is judged too', () => {
  const once = (samples: Sample[]) => samples.filter(({ round }) => round === 0);
  expect(verdict(once(run(1, { moods: 0 })), once(run(2, { moods: 0 })))).toBe('same');
  expect(verdict(once(run(1, { moods: 0, slower: 2 })), once(run(2, { moods: 0 })))).toBe('slower');
});
