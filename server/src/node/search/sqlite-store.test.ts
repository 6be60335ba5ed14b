/** SqliteStore: the contract by every engine that is here, and what happens to files that are not ours to read. */

import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqlite, type SqliteEngine } from './sqlite.ts';
import { SqliteStore } from './sqlite-store.ts';
import { axisVector, describeStore, fileEntry, indexedChunk } from './store-contract.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stet-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tracer = () => {};
const options = (engine: SqliteEngine, identity = 'one') => ({
  file: join(folder, 'sub', 'index.sqlite'),
  identity,
  dims: 8,
  tracer,
  engine,
});

async function hasNodeSqlite(): Promise<boolean> {
  try {
    (await openSqlite(':memory:', 'node')).close();
    return true;
  } catch {
    return false;
  }
}

const engines: SqliteEngine[] = (await hasNodeSqlite()) ? ['wasm', 'node'] : ['wasm'];

for (const engine of engines) {
  describeStore(`SqliteStore (${engine})`, () => ({
    open: (name) => SqliteStore.open({ ...options(engine), file: join(folder, `${name}.sqlite`) }),
  }));

  describe(`SqliteStore (${engine}) on disk`, () => {
    const one = { file: fileEntry('/a.ts'), chunks: [indexedChunk('alpha', { vector: axisVector(0) })] };
    const filled = async () => {
      const store = await SqliteStore.open(options(engine));
      await store.replace([one]);
      await store.close();
    };

    test('an index of another version is made anew', async () => {
      await filled();
      const same = await SqliteStore.open(options(engine));
      expect((await same.files()).size).toBe(1);
      await same.close();
      const other = await SqliteStore.open(options(engine, 'two'));
      expect((await other.files()).size).toBe(0);
      await other.replace([one]);
      await other.close();
    });

    test.each(['text that is no database', ''])('a file that holds %j is made anew', async (content) => {
      await mkdir(join(folder, 'sub'));
      await writeFile(options(engine).file, content.repeat(500));
      const store = await SqliteStore.open(options(engine));
      await store.replace([one]);
      expect(await store.lexical(['alpha'], 1)).toHaveLength(1);
      await store.close();
    });

    test('a file cut in half is made anew, or says what to do', async () => {
      await filled();
      const { file } = options(engine);
      const bytes = await readFile(file);
      await writeFile(file, bytes.subarray(0, bytes.length / 2));
      try {
        const store = await SqliteStore.open(options(engine));
        await store.replace([one]).catch((error) => expect(error.message).toMatch(/Rebuild/));
        await store.clear(); // what Rebuild does
        await store.replace([one]);
        expect(await store.lexical(['alpha'], 1)).toHaveLength(1);
        await store.close();
      } catch (error) {
        expect(error).toMatchObject({ code: 'index-unavailable' });
      }
    });

    test('a file whose list of files is damaged is made anew', async () => {
      const store = await SqliteStore.open(options(engine));
      const files = Array.from({ length: 200 }, (_, i) => fileEntry(`/some/folder/file${i}.ts`));
      await store.replace(files.map((file) => ({ file, chunks: [] })));
      await store.close();
      const bytes = await readFile(options(engine).file);
      const pageBytes = bytes.readUInt16BE(16);
      for (let at = pageBytes; at < bytes.length; at += pageBytes) {
        const page = bytes.subarray(at, at + pageBytes);
        if (page.includes('/some/folder/')) page.fill(0xff, 0, 200);
      }
      await writeFile(options(engine).file, bytes);
      const again = await SqliteStore.open(options(engine));
      await again.replace([one]);
      expect([...(await again.files()).keys()]).toEqual(['/a.ts']);
      await again.close();
    });

    test('a folder that cannot be made is an error that names the way out', async () => {
      await writeFile(join(folder, 'sub'), 'a file where the folder should be');
      await expect(SqliteStore.open(options(engine))).rejects.toMatchObject({
        code: 'index-unavailable',
        message: expect.stringContaining('stet.search.indexFolder'),
      });
    });

    test.skipIf(process.getuid?.() === 0)('a folder that cannot be written to is one, too', async () => {
      await mkdir(join(folder, 'sub'));
      await chmod(join(folder, 'sub'), 0o500);
      await expect(SqliteStore.open(options(engine))).rejects.toMatchObject({ code: 'index-unavailable' });
      await chmod(join(folder, 'sub'), 0o700);
    });

    test('a replacement that fails leaves everything as it was', async () => {
      const store = await SqliteStore.open(options(engine));
      await store.replace([one]);
      const tooLong = { ...indexedChunk('beta'), vector: new Float32Array(3).fill(1) };
      const batch = [
        { file: fileEntry('/a.ts', { hash: 'new' }), chunks: [indexedChunk('gamma')] },
        { file: fileEntry('/b.ts'), chunks: [tooLong] },
      ];
      await expect(store.replace(batch)).rejects.toThrow();
      expect([...(await store.files()).values()].map(({ hash }) => hash)).toEqual(['hash of /a.ts']);
      expect(await store.lexical(['alpha'], 5)).toHaveLength(1);
      expect(await store.lexical(['gamma'], 5)).toEqual([]);
      expect(await store.stats()).toMatchObject({ nFiles: 1, nChunks: 1, nVectors: 1 });
      await store.close();
    });
  });
}

test('the lock that a killed WebAssembly process leaves is no obstacle', async () => {
  const store = await SqliteStore.open(options('wasm'));
  await store.close();
  await mkdir(`${options('wasm').file}.lock`);
  const again = await SqliteStore.open(options('wasm'));
  expect((await again.files()).size).toBe(0);
  await again.close();
});
