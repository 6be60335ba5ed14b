/** Lru: what is forgotten, and when. */
import { expect, test } from 'vitest';
import { Lru } from './lru.ts';

test('forgets what was used longest ago', () => {
  const evicted: string[] = [];
  const lru = new Lru<string, number>(2, (_, key) => evicted.push(key));
  lru.set('a', 1);
  lru.set('b', 2);
  lru.get('a');
  lru.set('c', 3);
  expect(evicted).toEqual(['b']);
  expect(lru.get('a')).toBe(1);
  expect(lru.get('b')).toBeUndefined();
  expect(lru.size).toBe(2);
});
