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

test('counts sizes where it is told them, and forgets what is too large for it', () => {
  const evicted: string[] = [];
  const lru = new Lru<string, string>(
    5,
    (_, key) => evicted.push(key),
    (value) => value.length,
  );
  lru.set('a', 'aa');
  lru.set('b', 'bbb');
  lru.set('a', 'a');
  lru.set('c', 'c');
  expect(evicted).toEqual([]);
  lru.set('d', 'dd');
  expect(evicted).toEqual(['b']);
  lru.set('e', 'eeeeee');
  expect(evicted).toEqual(['b', 'a', 'c', 'd', 'e']);
  lru.set('f', 'fffff');
  expect(lru.get('f')).toBe('fffff');
});
