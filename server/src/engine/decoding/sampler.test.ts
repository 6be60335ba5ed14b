/** Tests of greedy picking under a bias: always the token that brute force over the vocabulary finds. */

import { expect, test } from 'vitest';
import { type Bias, greedy, logSumExp } from './sampler.ts';

function bruteForce(logits: Float32Array, bias: Bias): number {
  const scores = [...logits].map((logit, token) => logit + bias(token));
  const best = Math.max(...scores);
  return best === -Infinity ? logits.indexOf(Math.max(...logits)) : scores.indexOf(best);
}

/** Deterministic, so that a failure can be seen again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

test('without a bias it is the greatest logit, the lowest id among equals', () => {
  expect(greedy(Float32Array.of(1, 3, 3, 2))).toBe(1);
});

test('all forbidden: the bias is ignored', () => {
  expect(greedy(Float32Array.of(1, 3, 2), () => -Infinity)).toBe(1);
});

test.each([0, 0.5, 0.9, 0.99, 1])('with a share of %s forbidden it agrees with brute force', (share) => {
  const random = randomFrom(7);
  for (let round = 0; round < 300; round++) {
    // Few distinct values, so that equals are common.
    const logits = Float32Array.from({ length: 64 }, () => Math.floor(random() * 12));
    const biases = logits.map(() => (random() < share ? (random() < 0.5 ? -Infinity : -2.5) : 0));
    const bias = (token: number) => biases[token] as number;
    expect(greedy(logits, bias)).toBe(bruteForce(logits, bias));
  }
});

test('logSumExp is that of Math.exp, to the fifth digit', () => {
  const random = randomFrom(3);
  for (let round = 0; round < 50; round++) {
    const logits = Float32Array.from({ length: 2000 }, () => 40 * random() ** 3 - 20);
    const exact = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    expect(Math.abs(logSumExp(logits) - exact)).toBeLessThan(2e-5);
  }
  expect(logSumExp(Float32Array.of(-Infinity, 3))).toBeCloseTo(3, 5);
});
