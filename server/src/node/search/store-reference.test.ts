/** The SQLite store against definitions: its nearest chunks are those of a scan over all of them in floats. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { IndexedChunk } from '../../engine/search/store.ts';
import { MemoryStore } from '../../engine/testing/memory-store.ts';
import { seededRandom } from '../../engine/testing/tiny-model.ts';
import { SqliteStore } from './sqlite-store.ts';

const dims = 32;
const nFiles = 60;

/** int8 with one scale per vector: a cosine is off by about this much at most. */
const tolerance = 0.02;

test('nearest equals brute force up to rounding, also after files were replaced and removed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stet-reference-'));
  const sqlite = await SqliteStore.open({
    file: join(folder, 'index.sqlite'),
    identity: 'test',
    tracer: () => {},
    dims,
  });
  const memory = new MemoryStore();
  try {
    const random = seededRandom(11);
    const unit = () => {
      const vector = Float32Array.from({ length: dims }, () => random() - 0.5);
      return vector.map((value) => value / Math.hypot(...vector));
    };
    const write = async (path: string, nChunks: number) => {
      const chunks = Array.from({ length: nChunks }, (_, i): IndexedChunk => {
        const text = `text ${path} ${i} ${random()}`;
        const place = {
          id: '0',
          start: i * 100,
          endExclusive: i * 100 + text.length,
          startLine: i,
          endLine: i,
        };
        return { ...place, kind: 'function', name: '', header: '', doc: '', text, vector: unit() };
      });
      const file = { path, languageId: 'go', mtimeMs: 1, sizeBytes: 1, hash: '' };
      await Promise.all([sqlite, memory].map((store) => store.replace([{ file, chunks }])));
    };
    for (let i = 0; i < nFiles; i++) await write(`/w/${i}.go`, 1 + Math.floor(random() * 20));
    for (let i = 0; i < nFiles; i += 3) await write(`/w/${i}.go`, Math.floor(random() * 10));
    for (const store of [sqlite, memory]) await store.remove(['/w/1.go', '/w/4.go']);
    for (let i = 0; i < 30; i++) {
      const vector = unit();
      const [found, expected] = [await sqlite.nearest(vector, 10), await memory.nearest(vector, 10)];
      expect(found.length).toBe(expected.length);
      for (const [rank, { score }] of found.entries())
        expect(Math.abs(score - (expected[rank]?.score ?? 0))).toBeLessThan(tolerance);
      const [text, right] = await Promise.all(
        [sqlite.chunks([found[0]?.key ?? 0]), memory.chunks([expected[0]?.key ?? 0])].map(
          async (chunks) => (await chunks)[0]?.text,
        ),
      );
      const isClear = (expected[0]?.score ?? 0) - (expected[1]?.score ?? 0) > 2 * tolerance;
      if (isClear) expect(text).toBe(right);
    }
  } finally {
    await sqlite.close();
    await rm(folder, { recursive: true, force: true });
  }
});
