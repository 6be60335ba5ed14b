/** Sampling: draws have the distribution that was asked for, with drafts and constraints too (chi-square). */

import { describe, expect, test } from 'vitest';
import { KvArena } from '../model/arena.ts';
import { CausalLm } from '../model/causal-lm.ts';
import { Sequence } from '../model/sequence.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { decode } from './decode.ts';
import { DraftPolicy } from './drafters/draft-policy.ts';
import { Drafting } from './drafters/drafting.ts';
import type { Bias } from './sampler.ts';
import { ChanceSampler, type SamplingOptions } from './sampling.ts';

const plain: SamplingOptions = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 0 };
const probabilities = [0.4, 0.25, 0.15, 0.1, 0.06, 0.04];
const logits = Float32Array.from(probabilities, Math.log);

/** Of 0.001 with 1 to 5 degrees of freedom: a right sampler fails once in a thousand, and seeds are fixed. */
const critical = [0, 10.8, 13.8, 16.3, 18.5, 20.5];

function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  const n = counts.reduce((sum, count) => sum + count, 0);
  return expected.reduce((sum, p, i) => {
    if (p === 0) {
      expect(counts[i]).toBe(0);
      return sum;
    }
    return sum + ((counts[i] as number) - n * p) ** 2 / (n * p);
  }, 0);
}

function draws(options: Partial<SamplingOptions>, bias?: Bias, n = 4000): number[] {
  const counts = probabilities.map(() => 0);
  for (let seed = 0; seed < n; seed++) {
    const token = new ChanceSampler({ ...plain, ...options, seed }).pick(logits, bias);
    counts[token] = (counts[token] as number) + 1;
  }
  return counts;
}

function expectDrawnFrom(counts: readonly number[], weights: readonly number[]) {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const nPossible = weights.filter((weight) => weight > 0).length;
  expect(
    chiSquare(
      counts,
      weights.map((weight) => weight / sum),
    ),
  ).toBeLessThan(critical[nPossible - 1] as number);
}

describe('draws', () => {
  test.each([
    ['as the model has it', {}, probabilities],
    ['at a temperature', { temperature: 0.5 }, probabilities.map((p) => p * p)],
    ['from the likeliest three', { topK: 3 }, [0.4, 0.25, 0.15, 0, 0, 0]],
    ['from the nucleus', { topP: 0.7 }, [0.4, 0.25, 0.15, 0, 0, 0]],
    ['from what has a fifth of the likeliest', { minP: 0.2 }, [0.4, 0.25, 0.15, 0.1, 0, 0]],
  ] as const)('%s', (_, options, weights) => expectDrawnFrom(draws(options), weights));

  test('with a bias, from p · exp(bias), hard or soft', () => {
    const biases = [-Infinity, 0, -1, 0, -Infinity, 0];
    const counts = draws({}, (token) => biases[token] as number);
    expectDrawnFrom(
      counts,
      probabilities.map((p, i) => p * Math.exp(biases[i] as number)),
    );
  });

  test('where the filters left only what is forbidden, the likeliest that is not', () => {
    const counts = draws({ topK: 1 }, (token) => (token === 0 ? -Infinity : 0), 20);
    expect(counts).toEqual([0, 20, 0, 0, 0, 0]);
  });

  test('a seed is a text, and picking again is no second draw', () => {
    const sampler = new ChanceSampler({ ...plain, seed: 5 });
    const first = sampler.pick(logits);
    expect(sampler.pick(logits)).toBe(first);
    const rest = Array.from({ length: 20 }, () => {
      sampler.accept(0);
      return sampler.pick(logits);
    });
    expect(new Set(rest).size).toBeGreaterThan(1);
    expect(sampler.probability()).toBeCloseTo(probabilities[rest.at(-1) as number] as number);
  });
});

test('with drafts, texts have the distribution that they have without', async () => {
  const nVocab = 4;
  /** Three tokens after the prompt, each with odds that depend on the one before. */
  const rowAfter = (token: number) => [1, 2, 3, 4].map((weight, i) => Math.log(weight + ((i + token) % 4)));
  const model = new ScriptedModel(() => 0, nVocab);
  model.run = async ({ arena, tokens, start, logitsOf }) => {
    (arena.values[0] as Float32Array).set(Array.from(tokens), start);
    return Float32Array.from(logitsOf.flatMap((i) => rowAfter(tokens[i] as number)));
  };
  const lm = new CausalLm(model, new FakeClock());
  const sequence = new Sequence(new KvArena(model.config, 32));
  const signal = new AbortController().signal;
  const counts = Array<number>(16).fill(0);
  const nText = 6000;
  const policy = new DraftPolicy();
  let nRight = 0;
  for (let seed = 0; seed < nText; seed++) {
    const { logits: first } = await lm.prefill(sequence, Int32Array.of(1), signal);
    const guess = {
      name: 'fixed',
      priors: [0.9],
      draft: () => ({ tokens: [3, 1, 2], trust: 0 }),
      accept: () => {},
    };
    const drafting = new Drafting([guess], policy);
    policy.judged({ drafter: guess, draft: { tokens: [], trust: 0 } }, 20, false); // believe it whatever comes
    const tokens: number[] = [];
    const sampler = new ChanceSampler({ ...plain, seed });
    const options = { logits: first, maxTokens: 4, isEnd: () => false, sampler, drafting, signal };
    for await (const token of decode(lm, sequence, options)) tokens.push(token);
    const [, second, third] = tokens as [number, number, number];
    counts[4 * second + third] = (counts[4 * second + third] as number) + 1;
    nRight += drafting.counts.nRight;
  }
  expect(nRight).toBeGreaterThan(500);
  const share = (token: number, next: number) => {
    const row = rowAfter(token).map(Math.exp);
    return (row[next] as number) / row.reduce((sum, weight) => sum + weight, 0);
  };
  const expected = counts.map((_, i) => {
    const [second, third] = [Math.floor(i / 4), i % 4];
    return [0, 1, 2, 3].reduce(
      (sum, one) => sum + share(1, one) * share(one, second) * share(second, third),
      0,
    );
  });
  expect(chiSquare(counts, expected)).toBeLessThan(37.7); // 0.001 with 15 degrees of freedom
});
