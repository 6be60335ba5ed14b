/** CacheModel against a plain search for the longest match, and its limits. */

import { expect, test } from 'vitest';
import { seededRandom } from '../testing/tiny-model.ts';
import { CacheModel, maxMatchTokens } from './cache-model.ts';

const ids = (...tokens: number[]) => Int32Array.from(tokens);

test('predicts what followed the longest match', () => {
  const cache = new CacheModel();
  cache.add(ids(1, 2, 3, 7));
  cache.append(ids(9, 2, 3, 8, 1, 2, 3));
  expect(cache.predict()).toMatchObject({ tokens: [7, 8], matchTokens: 3, nPlaces: 2 });
});

test('of equal votes the nearest place leads', () => {
  const cache = new CacheModel();
  cache.append(ids(5, 1, 5, 2, 5));
  expect(cache.predict()).toMatchObject({ tokens: [2, 1], shares: [0.5, 0.5], matchTokens: 1 });
});

test('says nothing about a token that never stood before, nor across the ends of texts', () => {
  const cache = new CacheModel();
  expect(cache.predict()).toBeUndefined();
  cache.add(ids(1, 2));
  expect(cache.predict()).toBeUndefined();
  cache.append(ids(2));
  expect(cache.predict()).toBeUndefined(); // the other 2 ends its text
  cache.append(ids(1));
  expect(cache.predict()).toMatchObject({ tokens: [2], matchTokens: 1 });
});

test('what is dropped is forgotten', () => {
  const cache = new CacheModel();
  cache.append(ids(1, 2, 1, 3, 1));
  cache.drop(3);
  cache.append(ids(1));
  expect(cache.predict()?.tokens).toEqual([2]);
});

test('equals a plain search on random texts', () => {
  const random = seededRandom(4);
  for (let round = 0; round < 60; round++) {
    const text = Array.from({ length: 10 + Math.floor(random() * 120) }, () => Math.floor(random() * 4));
    const cache = new CacheModel();
    cache.append(Int32Array.from(text));
    const lengths = new Map<number, number>(); // next token → longest match before it
    for (let i = 0; i + 1 < text.length; i++) {
      let n = 0;
      while (n < maxMatchTokens && n <= i && text[i - n] === text[text.length - 1 - n]) n++;
      if (n > 0) lengths.set(text[i + 1] as number, Math.max(n, lengths.get(text[i + 1] as number) ?? 0));
    }
    const prediction = cache.predict();
    expect(new Set(prediction?.tokens ?? [])).toEqual(new Set(lengths.keys()));
    expect(prediction?.matchTokens ?? 0).toBe(Math.max(0, ...lengths.values()));
    if (prediction) expect(prediction.shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  }
});
