/** Vector scan: the kernel agrees with plain JavaScript and with float arithmetic, whatever was replaced before. */

import { describe, expect, test } from 'vitest';
import { packVector, unpackVector, VectorScan } from './vector-scan.ts';

/** A fixed random stream: a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function unitVector(dims: number, next: () => number): Float32Array {
  const vector = Float32Array.from({ length: dims }, () => next() + next() + next() - 1.5);
  const norm = Math.hypot(...vector);
  return vector.map((number) => number / norm);
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, number, i) => sum + number * b[i]!, 0);

describe('VectorScan', () => {
  test.each([8, 16, 100, 256])('%i numbers: kernel, loop and floats agree', (dims) => {
    const next = random(dims);
    const fast = new VectorScan(dims);
    const slow = new VectorScan(dims, false);
    const vectors = new Map<number, Float32Array>();
    for (let group = 0; group < 60; group++) {
      const rows = Array.from({ length: 1 + Math.floor(next() * 200) }, (_, i) => {
        const vector = unitVector(dims, next);
        vectors.set(group * 1000 + i, vector);
        return { key: group * 1000 + i, packed: packVector(vector) };
      });
      fast.replace(group, rows);
      slow.replace(group, rows);
    }
    for (let n = 0; n < 5; n++) {
      const query = unitVector(dims, next);
      const hits = fast.nearest(query, 20);
      expect(slow.nearest(query, 20)).toEqual(hits);
      const exact = [...vectors].map(([key, vector]) => ({
        key,
        score: dot(query, unpackVector(packVector(vector))),
      }));
      exact.sort((a, b) => b.score - a.score);
      hits.forEach((hit, i) => {
        expect(hit.score).toBeCloseTo(exact[i]!.score, 3);
      });
      expect(hits.length).toBe(20);
    }
  });

  test('what was replaced or removed is never found, what stays always is', () => {
    const next = random(7);
    const scan = new VectorScan(32);
    const kept = new Map<number, Map<number, Float32Array>>();
    for (let n = 0; n < 400; n++) {
      const group = Math.floor(next() * 40);
      if (next() < 0.2) {
        scan.remove(group);
        kept.delete(group);
        continue;
      }
      const rows = new Map(
        Array.from({ length: Math.floor(next() * 400) }, (_, i) => [group * 4096 + i, unitVector(32, next)]),
      );
      scan.replace(
        group,
        [...rows].map(([key, vector]) => ({ key, packed: packVector(vector) })),
      );
      kept.set(group, rows);
    }
    const all = [...kept.values()].flatMap((rows) => [...rows]);
    expect(scan.size).toBe(all.length);
    const found = scan.nearest(unitVector(32, next), all.length + 10).map(({ key }) => key);
    expect(found.length).toBe(all.length);
    expect(new Set(found).size).toBe(found.length);
    const keys = new Set(all.map(([key]) => key));
    expect(found.filter((key) => !keys.has(key))).toEqual([]);
    for (const [key, vector] of all.slice(0, 50)) expect(scan.nearest(vector, 1)[0]?.key).toBe(key);
  });

  test('a filter, a limit of 0, an empty scan and a query of zeros', () => {
    const next = random(3);
    const scan = new VectorScan(16);
    expect(scan.nearest(unitVector(16, next), 5)).toEqual([]);
    const rows = Array.from({ length: 100 }, (_, key) => ({ key, packed: packVector(unitVector(16, next)) }));
    scan.replace(1, rows);
    const even = scan.nearest(unitVector(16, next), 10, (key) => key % 2 === 0);
    expect(even.length).toBe(10);
    expect(even.every(({ key }) => key % 2 === 0)).toBe(true);
    expect(scan.nearest(unitVector(16, next), 0)).toEqual([]);
    expect(scan.nearest(new Float32Array(16), 5)).toEqual([]);
    expect(scan.nearest(new Float32Array(16).fill(Number.NaN), 5)).toEqual([]);
    scan.clear();
    expect(scan.nearest(unitVector(16, next), 5)).toEqual([]);
  });

  test('chunks without a vector are no hits', () => {
    const scan = new VectorScan(16);
    const vector = new Float32Array(16).fill(0.25);
    scan.replace(1, [
      { key: 1, packed: { scale: 0, numbers: new Int8Array(0) } },
      { key: 2, packed: packVector(vector) },
    ]);
    expect(scan.nearest(vector, 5).map(({ key }) => key)).toEqual([2]);
  });
});
