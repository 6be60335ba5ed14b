/** describeStore: what every SearchStore must do; each backend's test runs it on a store of its own. */

import { describe, expect, test } from 'vitest';
import type { FileEntry, IndexedChunk, SearchStore, StoredChunk } from '../../engine/search/store.ts';

export interface StoreUnderTest {
  /** Opens the index called `name`; opened again after closing, it holds what it held. */
  open(name: string): Promise<SearchStore>;
}

/** Backends hold vectors in fewer bits: what comes back, and its cosine, may be off by this much. */
const vectorTolerance = 0.02;

export function fileEntry(path: string, more: Partial<FileEntry> = {}): FileEntry {
  return { path, languageId: 'typescript', mtimeMs: 1000, sizeBytes: 100, hash: `hash of ${path}`, ...more };
}

export function indexedChunk(text: string, more: Partial<IndexedChunk> = {}): IndexedChunk {
  return {
    id: `${text.length}`.padStart(16, '0'),
    start: 0,
    endExclusive: text.length,
    startLine: 0,
    endLine: text.split('\n').length - 1,
    kind: 'function',
    name: '',
    header: '',
    doc: '',
    text,
    ...more,
  };
}

/** A vector [8] of unit length that points along `axis`, `tilt` of it along the next one. */
export function axisVector(axis: number, tilt = 0): Float32Array {
  const vector = new Float32Array(8);
  vector[axis] = Math.sqrt(1 - tilt * tilt);
  vector[(axis + 1) % 8] = tilt;
  return vector;
}

export function describeStore(title: string, setUp: () => StoreUnderTest): void {
  describe(title, () => {
    let nStores = 0;
    /** A fresh, empty store for one test. */
    const withStore = async (work: (store: SearchStore, name: string) => Promise<void>) => {
      const name = `/home/space-${++nStores}`;
      const store = await setUp().open(name);
      try {
        await work(store, name);
      } finally {
        await store.close();
      }
    };
    const texts = (chunks: readonly StoredChunk[]) => chunks.map((chunk) => chunk.text);
    const found = async (store: SearchStore, hits: Promise<readonly { key: number }[]>) =>
      texts(await store.chunks((await hits).map(({ key }) => key)));

    test('a new store is empty and answers', () =>
      withStore(async (store) => {
        expect((await store.files()).size).toBe(0);
        expect(await store.lexical(['word'], 10)).toEqual([]);
        expect(await store.nearest(axisVector(0), 10)).toEqual([]);
        expect(await store.chunks([1, 2])).toEqual([]);
        expect(await store.chunksOf('/none')).toEqual([]);
        expect(await store.stats()).toMatchObject({ nFiles: 0, nChunks: 0, nVectors: 0 });
        await store.remove(['/none']);
        await store.replace([]);
        await store.clear();
      }));

    test('what is put in comes back as it was, in order of place', () =>
      withStore(async (store) => {
        const file = fileEntry('/w/src/ünïcode 文件.ts', { mtimeMs: 1234.5, sizeBytes: 2 ** 33 });
        const first = indexedChunk('const a = "\'\\";\n// 😀 𝄞 {} , NULL\n', {
          name: 'Outer.a',
          header: 'class Outer {',
          doc: 'An “a”.',
        });
        const second = indexedChunk('function b() {}', {
          start: 40,
          endExclusive: 55,
          startLine: 3,
          endLine: 3,
          vector: axisVector(1),
        });
        await store.replace([{ file, chunks: [second, first] }]);
        expect((await store.files()).get(file.path)).toEqual(file);
        const chunks = await store.chunksOf(file.path);
        const { vector, ...rest } = chunks[1] as StoredChunk;
        const place = {
          path: file.path,
          languageId: file.languageId,
          mtimeMs: file.mtimeMs,
          key: expect.any(Number),
        };
        expect(chunks[0]).toEqual({ ...first, ...place });
        const { vector: _, ...secondRest } = second;
        expect(rest).toEqual({ ...secondRest, ...place });
        expect(vector).toBeInstanceOf(Float32Array);
        for (const [i, value] of axisVector(1).entries()) expect(vector?.[i]).toBeCloseTo(value, 1);
        expect(await store.stats()).toMatchObject({ nFiles: 1, nChunks: 2, nVectors: 1 });
      }));

    test('chunks come in the order of the keys; keys that are gone are left out', () =>
      withStore(async (store) => {
        await store.replace([
          {
            file: fileEntry('/w/a.ts'),
            chunks: ['x', 'y', 'z'].map((text, i) => indexedChunk(text, { start: i })),
          },
        ]);
        const keys = (await store.chunksOf('/w/a.ts')).map(({ key }) => key);
        const asked = [keys[2], 999_999, keys[0]] as number[];
        expect(texts(await store.chunks(asked))).toEqual(['z', 'x']);
      }));

    test('replacing a file forgets its old chunks, words and vectors; others stay', () =>
      withStore(async (store) => {
        const other = {
          file: fileEntry('/w/b.ts'),
          chunks: [indexedChunk('stays here', { vector: axisVector(2) })],
        };
        const old = {
          file: fileEntry('/w/a.ts'),
          chunks: [indexedChunk('obsolete words', { vector: axisVector(0) })],
        };
        await store.replace([old, other]);
        await store.replace([
          { file: fileEntry('/w/a.ts', { hash: 'new' }), chunks: [indexedChunk('fresh words')] },
        ]);
        expect(await store.lexical(['obsolete'], 10)).toEqual([]);
        expect(await found(store, store.lexical(['fresh'], 10))).toEqual(['fresh words']);
        expect(await found(store, store.nearest(axisVector(0), 10))).toEqual(['stays here']);
        expect((await store.files()).get('/w/a.ts')?.hash).toBe('new');
        expect(await store.stats()).toMatchObject({ nFiles: 2, nChunks: 2, nVectors: 1 });
      }));

    test('a file without chunks is remembered; removing forgets; clearing forgets everything', () =>
      withStore(async (store) => {
        await store.replace([{ file: fileEntry('/w/empty.ts'), chunks: [] }]);
        expect([...(await store.files()).keys()]).toEqual(['/w/empty.ts']);
        await store.replace([
          { file: fileEntry('/w/a.ts'), chunks: [indexedChunk('alpha', { vector: axisVector(0) })] },
        ]);
        await store.remove(['/w/a.ts', '/w/never.ts']);
        expect([...(await store.files()).keys()]).toEqual(['/w/empty.ts']);
        expect(await store.lexical(['alpha'], 10)).toEqual([]);
        expect(await store.nearest(axisVector(0), 10)).toEqual([]);
        await store.clear();
        expect(await store.stats()).toMatchObject({ nFiles: 0, nChunks: 0, nVectors: 0 });
        await store.replace([{ file: fileEntry('/w/a.ts'), chunks: [indexedChunk('again')] }]);
        expect(await found(store, store.lexical(['again'], 10))).toEqual(['again']);
      }));

    test('lexical: rarer words, names, and shorter chunks come first; parts of identifiers are found', () =>
      withStore(async (store) => {
        const filler = 'value list item entry node tree field type size kind '.repeat(20);
        const chunks = [
          indexedChunk(`common zebra ${filler}`, { start: 0 }),
          indexedChunk(`common ${filler}`, { start: 1 }),
          indexedChunk(`common second ${filler}`, { start: 2 }),
          indexedChunk('giraffe', { start: 3 }),
          indexedChunk(`giraffe ${filler}`, { start: 4 }),
          indexedChunk('return 1', { start: 5, name: 'parseConfigFile' }),
          indexedChunk(`parse ${filler}`, { start: 6 }),
        ];
        await store.replace([{ file: fileEntry('/w/a.ts'), chunks }]);
        const top = async (...words: string[]) => (await found(store, store.lexical(words, 10)))[0];
        expect(await top('common', 'zebra')).toBe(chunks[0]?.text);
        expect(await top('giraffe')).toBe('giraffe');
        expect(await top('parse')).toBe('return 1');
        expect(await top('config')).toBe('return 1');
        const hits = await store.lexical(['common'], 10);
        expect(hits).toHaveLength(3);
        expect(hits.every(({ score }, i) => i === 0 || score <= (hits[i - 1]?.score ?? 0))).toBe(true);
        expect(await store.lexical(['common'], 2)).toHaveLength(2);
      }));

    test('lexical: no words, unknown words, and what looks like query syntax are answered', () =>
      withStore(async (store) => {
        await store.replace([{ file: fileEntry('/w/a.ts'), chunks: [indexedChunk('not and or near')] }]);
        expect(await store.lexical([], 10)).toEqual([]);
        expect(await store.lexical(['nowhere'], 10)).toEqual([]);
        expect(await found(store, store.lexical(['and', 'not', 'or', 'near'], 10))).toEqual([
          'not and or near',
        ]);
        for (const odd of [
          '"',
          "'",
          '*',
          '(',
          ':',
          '&',
          '!',
          '\\',
          '-',
          '',
          ' ',
          "'; drop table files; --",
        ]) {
          expect(Array.isArray(await store.lexical([odd, 'near'], 10))).toBe(true);
        }
        const many = Array.from({ length: 3000 }, (_, i) => `word${i}`);
        expect(await found(store, store.lexical([...many, 'near'], 10))).toBeInstanceOf(Array);
      }));

    test('nearest: by cosine, best first, and only what is embedded', () =>
      withStore(async (store) => {
        const chunks = [0.9, 0.1, 0.5].map((tilt, i) =>
          indexedChunk(`tilt ${tilt}`, { start: i, vector: axisVector(0, tilt) }),
        );
        await store.replace([
          { file: fileEntry('/w/a.ts'), chunks: [...chunks, indexedChunk('not embedded', { start: 9 })] },
        ]);
        const hits = await store.nearest(axisVector(0), 10);
        expect(texts(await store.chunks(hits.map(({ key }) => key)))).toEqual([
          'tilt 0.1',
          'tilt 0.5',
          'tilt 0.9',
        ]);
        for (const [i, tilt] of [0.1, 0.5, 0.9].entries()) {
          expect(Math.abs((hits[i]?.score ?? 0) - Math.sqrt(1 - tilt * tilt))).toBeLessThan(vectorTolerance);
        }
        expect(await store.nearest(axisVector(0), 1)).toHaveLength(1);
      }));

    test('filters narrow both ways of finding, and all must hold', () =>
      withStore(async (store) => {
        const put = (path: string, languageId: string, kind: 'function' | 'class', mtimeMs: number) => ({
          file: fileEntry(path, { languageId, mtimeMs }),
          chunks: [indexedChunk(`shared ${path}`, { kind, vector: axisVector(0) })],
        });
        await store.replace([
          put('/w/src/a.ts', 'typescript', 'function', 1000),
          put('/w/src/b.py', 'python', 'class', 2000),
          put('/w/test/c.ts', 'typescript', 'class', 3000),
        ]);
        const filters = [
          [{ languageIds: ['python', 'go'] }, ['/w/src/b.py']],
          [{ paths: ['src/**'] }, ['/w/src/a.ts', '/w/src/b.py']],
          [{ paths: ['*.py', 'test'] }, ['/w/src/b.py', '/w/test/c.ts']],
          [{ kinds: ['class' as const] }, ['/w/src/b.py', '/w/test/c.ts']],
          [{ changedSinceMs: 2000 }, ['/w/src/b.py', '/w/test/c.ts']],
          [{ changedSinceMs: 2000, languageIds: ['typescript'] }, ['/w/test/c.ts']],
          [{ paths: ['nowhere'] }, []],
        ] as const;
        for (const [filter, expected] of filters) {
          const wanted = expected.map((path) => `shared ${path}`);
          expect((await found(store, store.lexical(['shared'], 10, filter))).sort()).toEqual(wanted);
          expect((await found(store, store.nearest(axisVector(0), 10, filter))).sort()).toEqual(wanted);
        }
      }));

    test('what was put in is there when the index is opened again', () =>
      withStore(async (store, name) => {
        await store.replace([
          { file: fileEntry('/w/a.ts'), chunks: [indexedChunk('persists', { vector: axisVector(3) })] },
        ]);
        await store.close();
        const again = await setUp().open(name);
        try {
          expect([...(await again.files()).keys()]).toEqual(['/w/a.ts']);
          expect(await found(again, again.lexical(['persists'], 10))).toEqual(['persists']);
          expect(await found(again, again.nearest(axisVector(3), 10))).toEqual(['persists']);
        } finally {
          await again.close();
        }
      }));

    test('a thousand chunks in one replace, and words that are no words', () =>
      withStore(async (store) => {
        const chunks = Array.from({ length: 1000 }, (_, i) =>
          indexedChunk(`chunk number${i} ${'\u0001\u007f\uffff '.repeat(3)}`, {
            start: i * 10,
            vector: axisVector(i % 8),
          }),
        );
        await store.replace([{ file: fileEntry('/w/big.ts'), chunks }]);
        expect(await store.stats()).toMatchObject({ nFiles: 1, nChunks: 1000, nVectors: 1000 });
        expect((await found(store, store.lexical(['number777'], 10)))[0]).toBe(chunks[777]?.text);
      }));
  });
}
