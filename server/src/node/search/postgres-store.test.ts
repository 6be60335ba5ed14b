/** The PostgreSQL backend, against a real PostgreSQL with pgvector over the wire protocol. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EngineError } from '../../engine/base/error.ts';
import { type PgliteServer, startPglite } from './pglite-server.ts';
import { openPostgresStore } from './postgres-store.ts';
import { axisVector, describeStore, fileEntry, indexedChunk } from './store-contract.ts';

let server: PgliteServer;
beforeAll(async () => {
  server = await startPglite();
});
afterAll(() => server.stop());

const identity = '1 test';
const open = (name: string) =>
  openPostgresStore({ connectionString: server.connectionString, name, identity });

describeStore('PostgreSQL with pgvector', () => ({ open }));

describe('what is particular to PostgreSQL', () => {
  test('two windows open and write one new index at the same time', async () => {
    const stores = await Promise.all([open('/shared'), open('/shared'), open('/shared')]);
    await Promise.all(
      stores.map((store, i) =>
        store.replace([{ file: fileEntry(`/w/${i}.ts`), chunks: [indexedChunk(`window ${i}`)] }]),
      ),
    );
    expect(await stores[0]?.stats()).toMatchObject({ nFiles: 3, nChunks: 3 });
    await Promise.all(stores.map((store) => store.close()));
  });

  test('indexes of two workspaces know nothing of each other', async () => {
    const [a, b] = [await open('/one'), await open('/two')];
    await a.replace([{ file: fileEntry('/one/a.ts'), chunks: [indexedChunk('only here')] }]);
    expect(await b.lexical(['only'], 10)).toEqual([]);
    await b.clear();
    expect(await a.lexical(['only'], 10)).toHaveLength(1);
    await Promise.all([a.close(), b.close()]);
  });

  test('an index that another encoder made is not mixed with ours', async () => {
    const ours = await open('/same');
    await ours.replace([{ file: fileEntry('/w/a.ts'), chunks: [indexedChunk('only here')] }]);
    const theirs = await openPostgresStore({
      connectionString: server.connectionString,
      name: '/same',
      identity: '2 test',
    });
    expect((await theirs.files()).size).toBe(0);
    await theirs.clear();
    expect((await ours.files()).size).toBe(1);
    await Promise.all([ours.close(), theirs.close()]);
  });

  test('a replace that fails leaves everything as it was', async () => {
    const store = await open('/atomic');
    await store.replace([{ file: fileEntry('/w/a.ts'), chunks: [indexedChunk('before')] }]);
    const wrong = indexedChunk('after', { start: Number.NaN });
    await expect(store.replace([{ file: fileEntry('/w/a.ts'), chunks: [wrong] }])).rejects.toThrow(
      EngineError,
    );
    expect(await store.lexical(['before'], 10)).toHaveLength(1);
    expect(await store.stats()).toMatchObject({ nFiles: 1, nChunks: 1 });
    await store.close();
  });

  test('text with NUL and lone surrogates is kept, the same length', async () => {
    const store = await open('/odd');
    const text = 'a\0b\ud800c';
    await store.replace([{ file: fileEntry('/w/a.ts'), chunks: [indexedChunk(text)] }]);
    expect((await store.chunksOf('/w/a.ts'))[0]?.text).toBe('a\ufffdb\ufffdc');
    await store.close();
  });

  test('vectors of another encoder replace those of before', async () => {
    const store = await open('/encoder');
    await store.replace([
      { file: fileEntry('/w/a.ts'), chunks: [indexedChunk('old', { vector: axisVector(0) })] },
    ]);
    const other = new Float32Array(4).fill(0.5);
    await store.replace([{ file: fileEntry('/w/b.ts'), chunks: [indexedChunk('new', { vector: other })] }]);
    expect(await store.nearest(axisVector(0), 10)).toEqual([]);
    expect(await store.nearest(other, 10)).toHaveLength(1);
    expect(await store.stats()).toMatchObject({ nChunks: 2, nVectors: 1 });
    await store.close();
  });

  test('a database without pgvector: said so, with the way out', async () => {
    const bare = await startPglite({ hasPgvector: false });
    const opening = openPostgresStore({ connectionString: bare.connectionString, name: '/w', identity });
    await expect(opening).rejects.toThrow(/pgvector.*CREATE EXTENSION vector/s);
    await bare.stop();
  });

  test('no database there: said so, and the password is not', async () => {
    const connectionString = 'postgres://stet:canary-password@127.0.0.1:1/nowhere';
    const error = await openPostgresStore({ connectionString, name: '/w', identity }).catch((error) => error);
    expect(error).toBeInstanceOf(EngineError);
    expect(error.message).toMatch(/database failed.*stet\.search\.backend/s);
    expect(String(error.stack)).not.toContain('canary-password');
  });

  test('a connection string that is none: said so', async () => {
    for (const connectionString of ['', 'nonsense', 'postgres://%zz']) {
      await expect(openPostgresStore({ connectionString, name: '/w', identity })).rejects.toThrow(
        EngineError,
      );
    }
  });
});
