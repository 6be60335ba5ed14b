/** MemoryStore: the reference keeps to the contract where other stores are compared with it. */
import { expect, test } from 'vitest';
import type { IndexedChunk } from '../search/store.ts';
import { MemoryStore } from './memory-store.ts';

const chunk = (text: string, more: Partial<IndexedChunk> = {}): IndexedChunk => ({
  id: '0',
  start: 0,
  endExclusive: text.length,
  startLine: 0,
  endLine: 0,
  kind: 'function',
  name: '',
  header: '',
  doc: '',
  text,
  ...more,
});
const file = (path: string) => ({ path, languageId: 'go', mtimeMs: 5, sizeBytes: 1, hash: 'h' });

test('rarer words and names come first, by BM25', async () => {
  const store = new MemoryStore();
  const chunks = ['zebra common', 'common x', 'common y', 'other z', 'more w', 'last v'].map((text, i) =>
    chunk(text, { start: i }),
  );
  await store.replace([{ file: file('/a.go'), chunks }]);
  const texts = async (words: string[]) =>
    (await store.chunks((await store.lexical(words, 9)).map(({ key }) => key))).map(({ text }) => text);
  expect((await texts(['common', 'zebra']))[0]).toBe('zebra common');
  expect(await texts(['common'])).toHaveLength(3);
  expect(await texts(['nothing'])).toEqual([]);
});

test('replacing and removing forget', async () => {
  const store = new MemoryStore();
  await store.replace([{ file: file('/a.go'), chunks: [chunk('old', { vector: Float32Array.of(1, 0) })] }]);
  await store.replace([{ file: file('/a.go'), chunks: [chunk('new', { vector: Float32Array.of(0, 1) })] }]);
  expect(await store.lexical(['old'], 5)).toEqual([]);
  expect(await store.nearest(Float32Array.of(0, 1), 5)).toEqual([{ key: 2, score: 1 }]);
  expect(await store.stats()).toMatchObject({ nFiles: 1, nChunks: 1, nVectors: 1 });
  await store.remove(['/a.go']);
  expect((await store.files()).size).toBe(0);
});
