/** The mixture: when the cache model wins, when the network does, and who decides about the end. */

import { expect, test } from 'vitest';
import { tinyBpe } from '../testing/tiny-bpe.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';
import { CacheModel } from './cache-model.ts';
import { cacheWeights } from './cache-weights.ts';
import { CursorCache } from './cursor-cache.ts';
import { CacheSampler, certaintyBounds, matchBounds, mixBucket, mixWeight, nAgreement } from './mix.ts';
import { logSumExp } from './sampler.ts';

const tokenizer = Tokenizer.parse(tinyBpe('alpha beta gamma', { nMerges: 0 })); // one token a byte
const idOf = (char: string) => tokenizer.encode(char)[0] as number;
const end = 300;

/** Logits in which the named characters have these probabilities, and the rest shares what is left. */
function logitsOf(probabilities: Record<string, number>): Float32Array {
  const logits = new Float32Array(301).fill(-30);
  for (const [name, p] of Object.entries(probabilities))
    logits[name === 'end' ? end : idOf(name)] = Math.log(p);
  return logits;
}

function pick(before: string, probabilities: Record<string, number>, weight: number, written = ''): string {
  const cursor = new CursorCache(new CacheModel(), tokenizer, before, tokenizer.encode(before));
  for (const token of tokenizer.encode(written)) cursor.accept(token);
  const weights = [...matchBounds, ...matchBounds].map(() =>
    Array.from({ length: nAgreement }, () => certaintyBounds.map(() => weight)),
  );
  const token = new CacheSampler(cursor, weights, (id) => id === end).pick(logitsOf(probabilities));
  return token === end ? 'end' : new TextDecoder().decode(tokenizer.bytesOf(token));
}

test('the mixture is what is picked from', () => {
  const before = 'ab ab a'; // the text says: b
  expect(pick(before, { c: 0.6, b: 0.1, z: 0.3 }, 0)).toBe('c');
  expect(pick(before, { c: 0.6, b: 0.1, z: 0.3 }, 0.3)).toBe('c'); // .42 against .07 + .3
  expect(pick(before, { c: 0.6, b: 0.1, z: 0.3 }, 0.4)).toBe('b'); // .36 against .06 + .4
  expect(pick(before, { b: 0.9, z: 0.1 }, 0.9)).toBe('b');
});

test('the network decides about the end, that of the word at the cursor too', () => {
  expect(pick('ab ab', { end: 0.6, b: 0.4 }, 0.99, ' a')).toBe('end');
  expect(pick('ab ab', { end: 0.4, c: 0.6 }, 0.99, ' a')).toBe('b');
  expect(pick('ab ab a', { end: 0.6, b: 0.4 }, 0.99)).toBe('end');
  expect(pick('ab ab a', { end: 0.4, c: 0.6 }, 0.99)).toBe('b');
});

test('without a match the network decides', () => {
  expect(pick('xyz', { c: 0.6 }, 0.99)).toBe('c');
  expect(pick('', { c: 0.6 }, 0.99)).toBe('c');
});

test('every situation has a weight of the learned table, below 1', () => {
  for (const matchTokens of [1, 5, 32]) {
    for (const first of [0.2, 0.7, 0.9, 1]) {
      for (const certainty of [0, 0.5, 1]) {
        for (const isRest of [true, false]) {
          const prediction = { tokens: [1], shares: [first], matchTokens, nPlaces: 2, isRest };
          const weight = mixWeight(cacheWeights, prediction, certainty);
          expect(weight).toBeGreaterThan(0);
          expect(weight).toBeLessThan(1);
        }
      }
    }
  }
  expect(cacheWeights.flat(2)).toHaveLength(2 * matchBounds.length * nAgreement * certaintyBounds.length);
});

test('buckets are distinct and within the table', () => {
  const prediction = { tokens: [1], shares: [1], matchTokens: 32, nPlaces: 1 };
  const last = matchBounds.length * nAgreement * certaintyBounds.length - 1;
  expect(mixBucket(prediction, 1)).toBe(last);
  expect(mixBucket({ ...prediction, isRest: true }, 1)).toBe(2 * last + 1);
  expect(mixBucket({ ...prediction, matchTokens: 1, shares: [0.1] }, 0)).toBe(0);
});

test('logSumExp stays finite for large logits', () => {
  expect(logSumExp(Float32Array.of(1000, 1000))).toBeCloseTo(1000 + Math.log(2), 3);
});
