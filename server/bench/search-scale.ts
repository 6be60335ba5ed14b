/** search-scale: a large index asked and written to by a process that does nothing else, so that its memory is its own. */

// Started by search-speed as `bench search-scale FILE`, with the queries on its standard input; prints
// its figures as JSON. The bench itself holds a language model and the files that it repeats.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { search } from '../src/engine/search/search.ts';
import { systemClock } from '../src/node/clock.ts';
import { openEncoder } from '../src/node/search/encoder-files.ts';
import { SqliteStore } from '../src/node/search/sqlite-store.ts';
import { textMatcher } from '../src/node/search/text-matcher.ts';

/** What bench's main is called with. */
export const searchScaleCommand = 'search-scale';

export const scaleIdentity = 'bench';

export interface ScaleResult {
  /** Milliseconds each: queries with both stages, their CPU, their first stage, scans alone, files stored again. */
  readonly queries: readonly number[];
  readonly cpu: readonly number[];
  readonly lexical: readonly number[];
  readonly scans: readonly number[];
  readonly updates: readonly number[];
  /** Reading the vectors, which the first search's second stage waits for. */
  readonly loadMs: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
  readonly nChunks: number;
  readonly sizeBytes: number;
  readonly engine: string;
}

const nResults = 20;
const nScans = 20;
const nUpdates = 20;
/** Asked before anything is measured: a process that runs has its code compiled. */
const nWarm = 10;

const live = new AbortController().signal;

export async function searchScale(file: string): Promise<void> {
  const asked = JSON.parse(readFileSync(0, 'utf8')) as string[];
  const encoder = await openEncoder(join(dirname(fileURLToPath(import.meta.url)), '..', 'model'));
  const { dims } = encoder;
  const store = await SqliteStore.open({ file, identity: scaleIdentity, dims, tracer: () => {} });
  const parts = {
    store,
    encoder,
    matcher: textMatcher,
    clock: systemClock,
    nowMs: Date.now(),
    openPaths: [],
  };
  const startMs = performance.now();
  await store.nearest(encoder.embedQuery('warm up'), 1);
  const loadMs = performance.now() - startMs;
  for (const query of asked.slice(0, nWarm)) await search(query, nResults, parts, live);
  const queries: number[] = [];
  const cpu: number[] = [];
  const lexical: number[] = [];
  for (const query of asked) {
    const start = performance.now();
    const startCpu = process.cpuUsage();
    await search(query, nResults, parts, live, (stage) => {
      if (stage === 'lexical') lexical.push(performance.now() - start);
    });
    queries.push(performance.now() - start);
    const { user, system } = process.cpuUsage(startCpu);
    cpu.push((user + system) / 1000);
  }
  const scans = await timesOf(asked.slice(0, nScans), (query) =>
    store.nearest(encoder.embedQuery(query), 100),
  );
  const [path] = (await store.files()).keys();
  const entry = (await store.files()).get(path ?? '');
  const chunks = await store.chunksOf(path ?? '');
  const updates = await timesOf(
    Array.from({ length: nUpdates }, (_, i) => i),
    async (mtimeMs) => {
      if (entry) await store.replace([{ file: { ...entry, mtimeMs }, chunks }]);
    },
  );
  const { nChunks, sizeBytes } = await store.stats();
  const result: ScaleResult = {
    ...{ queries, cpu, lexical, scans, updates, loadMs, nChunks, sizeBytes },
    rssMb: process.memoryUsage.rss() / 1e6,
    peakRssMb: process.resourceUsage().maxRSS / 1000,
    engine: store.engine,
  };
  await store.close();
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function timesOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (const item of items) {
    const startMs = performance.now();
    await work(item);
    times.push(performance.now() - startMs);
  }
  return times;
}
