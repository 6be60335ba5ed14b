/** Indexer: what a search meets while files wait, after a save, and among a hundred thousand files. */

import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import type { FoundFile, IndexableFiles } from './indexer.ts';
import { Indexer } from './indexer.ts';

const never = new AbortController().signal;

/** Files by path; `read` counts how often any was read. */
function listed(texts: ReadonlyMap<string, string>, step = 500) {
  const found = (path: string): FoundFile => ({
    path,
    languageId: 'plaintext',
    mtimeMs: 1,
    sizeBytes: texts.get(path)?.length ?? 0,
  });
  let nRead = 0;
  const files: IndexableFiles = {
    async *all() {
      const paths = [...texts.keys()];
      for (let i = 0; i < paths.length; i += step) yield paths.slice(i, i + step).map(found);
    },
    at: async (path) => (texts.has(path) ? [found(path)] : []),
    read: async (path) => {
      nRead++;
      const text = texts.get(path);
      return !text ? undefined : { text, hash: `${text.length}` };
    },
    isRuleFile: () => false,
  };
  return { files, nRead: () => nRead };
}

function indexerOf(files: IndexableFiles, clock = new FakeClock(), maxFiles = 1_000_000) {
  const store = new MemoryStore();
  const states: string[] = [];
  const indexer = new Indexer({
    files,
    store,
    chunk: async (text) => [
      { id: '0', start: 0, endExclusive: text.length, kind: 'text', name: '', header: '', doc: '' },
    ],
    embed: undefined,
    maxFiles,
    clock,
    tracer: () => {},
    onProgress: ({ state }) => void states.push(state),
  });
  return { indexer, store, states };
}

/** The loop waits in its first file until `open` is called; nobody else does. */
class HeldClock extends FakeClock {
  open = () => {};
  private isFirst = true;

  override async yieldToHost(): Promise<void> {
    if (!this.isFirst) return;
    this.isFirst = false;
    await new Promise<void>((resolve) => {
      this.open = resolve;
    });
  }
}

test('while files wait, a search reads them for its words and has what holds them indexed first', async () => {
  const texts = new Map(Array.from({ length: 30 }, (_, i) => [`/w/f${i}.txt`, `number ${i}`]));
  texts.set('/w/zz.txt', 'a flamingo');
  const clock = new HeldClock();
  const { indexer, store } = indexerOf(listed(texts).files, clock);
  indexer.start();
  await expect.poll(() => indexer.progress.nDone, { timeout: 50_000 }).toBe(1); // held there
  expect(indexer.isReady).toBe(false);
  await indexer.lookAhead(['flamingo'], 250, never);
  expect(await store.lexical(['flamingo'], 5)).toHaveLength(1);
  expect((await store.files()).size).toBe(1);
  clock.open();
  await indexer.idle;
  expect(indexer.isReady).toBe(true);
  expect((await store.files()).size).toBe(31);
});

test('a save does not make an index unready that was whole; a checkout of many files does', async () => {
  const texts = new Map(Array.from({ length: 100 }, (_, i) => [`/w/f${i}.txt`, `number ${i}`]));
  const { indexer } = indexerOf(listed(texts).files);
  expect(indexer.isReady).toBe(true);
  indexer.start();
  expect(indexer.isReady).toBe(false);
  await indexer.idle;
  indexer.filesChanged(['/w/f1.txt']);
  expect([indexer.isIdle, indexer.isReady]).toEqual([false, true]);
  await indexer.idle;
  indexer.filesChanged([...texts.keys()]);
  expect(indexer.isReady).toBe(false);
  await indexer.idle;
  indexer.pause();
  expect(indexer.isReady).toBe(false);
});

test('a folder that is gone takes its files along, by whatever name', async () => {
  const texts = new Map(
    ['/w/v1.0/a.txt', '/w/v1.0/deep/b.txt', '/w/v1.00/c.txt'].map((path) => [path, 'text']),
  );
  const { indexer, store } = indexerOf(listed(texts).files);
  indexer.start();
  await indexer.idle;
  texts.delete('/w/v1.0/a.txt');
  texts.delete('/w/v1.0/deep/b.txt');
  indexer.filesChanged(['/w/v1.0']);
  await indexer.idle;
  expect([...(await store.files()).keys()]).toEqual(['/w/v1.00/c.txt']);
});

test('files that could not be stored are found again when there is room', async () => {
  const texts = new Map(Array.from({ length: 5 }, (_, i) => [`/w/f${i}.txt`, `number ${i}`]));
  const { indexer, store } = indexerOf(listed(texts).files);
  const { replace } = store;
  store.replace = async () => {
    throw new Error('the disk is full');
  };
  indexer.start();
  await indexer.idle;
  expect(indexer.progress.state).toBe('error');
  store.replace = replace;
  indexer.filesChanged(['/w/f0.txt']);
  await indexer.idle;
  expect([indexer.progress.state, (await store.files()).size]).toEqual(['ready', 5]);
});

test('a hundred thousand files are gone through once; of more than allowed the rest is left out', {
  timeout: 200_000,
}, async () => {
  const texts = new Map(
    // Most are empty: it is about the number of files, not of words.
    Array.from({ length: 100_000 }, (_, i) => [`/w/f${i}.txt`, i % 100 === 0 ? `number ${i}` : '']),
  );
  const some = listed(texts, 5000);
  const { indexer, store, states } = indexerOf(some.files);
  indexer.start();
  await indexer.idle;
  expect((await store.stats()).nFiles).toBe(100_000);
  expect(states.at(-1)).toBe('ready');
  indexer.start(); // as the next time it is opened: nothing is read again
  await indexer.idle;
  expect(some.nRead()).toBe(100_000);
  const limited = indexerOf(some.files, new FakeClock(), 1000);
  limited.indexer.start();
  await limited.indexer.idle;
  expect((await limited.store.stats()).nFiles).toBe(1000);
  expect(limited.indexer.progress.isTruncated).toBe(true);
});
