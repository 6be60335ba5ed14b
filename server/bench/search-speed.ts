/** search-speed: how fast the index is made, kept and asked, from a fresh workspace up to a million chunks. */

import { execFileSync, spawnSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IndexedChunk, SearchStore } from '../src/engine/search/store.ts';
import { splitWords } from '../src/engine/search/words.ts';
import { openParsers } from '../src/node/open-local-engine.ts';
import { openEncoder } from '../src/node/search/encoder-files.ts';
import { type LocalIndex, openLocalIndex } from '../src/node/search/local-index.ts';
import { LocalSearch } from '../src/node/search/local-search.ts';
import { SqliteStore } from '../src/node/search/sqlite-store.ts';
import type { Figure, Report } from './report.ts';
import { type ScaleResult, scaleIdentity, searchScaleCommand } from './search-scale.ts';
import type { Setting } from './setting.ts';
import { median, p95 } from './statistics.ts';

const installFolder = join(dirname(fileURLToPath(import.meta.url)), '..');
const live = new AbortController().signal;

/** Queries of each size, half of them names, half first sentences of documentation. */
const nQueries = 60;

/** The larger indexes are built for no longer than this in all; the last is as large as it gets. */
const maxBuildMs = 270_000;

/** Files that are stored in one transaction. */
const filesPerBatch = 400;

/** Chunks that the larger indexes repeat; more would be held in memory, and shown as the product's. */
const maxRepeated = 10_000;

interface RepeatedFile {
  readonly path: string;
  readonly languageId: string;
  readonly chunks: readonly IndexedChunk[];
}

/** `gitDirs`: bare repositories, archived into one workspace. `sizes`: chunks of the larger indexes, ascending. */
export async function searchSpeed(
  setting: Setting,
  gitDirs: readonly string[],
  sizes: readonly number[] = [10_000, 100_000, 1_000_000],
): Promise<Report> {
  if (gitDirs.length === 0) throw new Error('Name repositories with --repos: they are what is indexed.');
  const work = await mkdtemp(join(tmpdir(), 'stet-bench-speed-'));
  try {
    const root = join(work, 'workspace').replaceAll('\\', '/');
    for (const gitDir of gitDirs) await unpack(gitDir, join(root, nameOf(gitDir)));
    const fresh = await freshWorkspace(root, work);
    const scale = await scaled(fresh.files, fresh.queries, work, sizes);
    const ripgrep = ripgrepTimes(root, fresh.queries);
    return {
      suite: 'search-speed',
      conditions: setting.conditions,
      figures: [...fresh.figures, ...ripgrep, ...scale],
      notes: [
        `Workspace: ${gitDirs.map(nameOf).join(', ')}.`,
        'CPU is of the whole process, all threads; wall times share the machine with whatever else it does.',
        `Indexes of a given number of chunks repeat the workspace's own, so their vocabulary does not grow: common words are as common as they get.`,
      ],
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** `owner+name/repo` and `name.git` are named by what tells them apart. */
function nameOf(gitDir: string): string {
  const name = basename(gitDir).replace(/\.git$/, '');
  return name === 'repo' || name === '' ? basename(dirname(gitDir)) : name;
}

async function unpack(gitDir: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const tar = execFileSync('git', ['--git-dir', gitDir, 'archive', 'HEAD'], { maxBuffer: 2 ** 31 - 1 });
  execFileSync('tar', ['-x', '-C', to], { input: tar });
}

/** The product itself on a workspace that it has never seen. */
async function freshWorkspace(root: string, work: string) {
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  const local = new LocalSearch({
    modelFolder: join(installFolder, 'model'),
    grammarsFolder: join(installFolder, 'grammars'),
    tracer: () => {},
    onStatus: () => {},
  });
  const roots = [{ path: root, name: 'workspace' }];
  const settings = {
    isEnabled: true,
    exclude: [],
    maxFileSizeKb: 1024,
    maxFiles: 200_000,
    indexFolder: join(work, 'index'),
  };
  local.open(roots, settings);
  const first = await local.search({ query: 'parse options', limit: 10 }, live);
  const firstMs = performance.now() - startMs;
  await local.settled();
  const cpuSeconds = secondsSince(startCpu);
  const wallSeconds = (performance.now() - startMs) / 1000;
  const { nFiles, nChunks, sizeBytes } = local.status;
  await local.dispose();
  const index = await openLocalIndex({
    roots,
    settings,
    encoder: await openEncoder(join(installFolder, 'model')),
    parsers: await openParsers(join(installFolder, 'grammars'), () => {}),
    tracer: () => {},
    onProgress: () => {},
  });
  const files = await someFiles(index.store);
  const updates = await updateTimes(
    index,
    files.slice(0, 40).map(({ path }) => path),
  );
  await index.close();
  const figures: Figure[] = [
    figure('files', 'files indexed', 'files', nFiles),
    figure('chunks', 'chunks', 'chunks', nChunks),
    figure(
      'index-cpu',
      'read, parsed, chunked, embedded, stored: CPU per 10,000 files',
      's',
      (cpuSeconds / nFiles) * 10_000,
    ),
    figure('index-wall', 'the same, wall time', 's', (wallSeconds / nFiles) * 10_000),
    figure('bytes-per-chunk', 'index on disk, per chunk', 'bytes', sizeBytes / nChunks),
    figure(
      'first-result',
      `first results in a fresh workspace (${first.hits.length} hits), loading included`,
      'ms',
      firstMs,
    ),
    {
      ...figure(
        'update-one',
        'one file written: read, parsed, stored',
        'ms',
        median(updates),
        updates.length,
      ),
      p95: p95(updates),
    },
  ];
  return { figures, files, queries: queriesOf(files) };
}

/** One file at a time is written and followed, from the event to the transaction. */
async function updateTimes(index: LocalIndex, paths: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const path of paths) {
    await appendFile(path, '\n// one more line\n');
    const startMs = performance.now();
    index.indexer.filesChanged([path]);
    await index.indexer.idle;
    times.push(performance.now() - startMs);
  }
  return times;
}

async function someFiles(store: SearchStore): Promise<RepeatedFile[]> {
  const files: RepeatedFile[] = [];
  let nChunks = 0;
  const all = [...(await store.files()).values()];
  const step = Math.max(1, Math.floor(all.length / 2500)); // from everywhere
  for (let i = 0; i < all.length && nChunks < maxRepeated; i += step) {
    const { path, languageId } = all[i] as (typeof all)[number];
    const chunks = await store.chunksOf(path);
    nChunks += chunks.length;
    if (chunks.length > 0) files.push({ path, languageId, chunks });
  }
  return files;
}

function queriesOf(files: readonly RepeatedFile[]): string[] {
  const chunks = files.flatMap((file) => file.chunks);
  const names = [...new Set(chunks.map(({ name }) => name))].filter((name) => /^\w{6,40}$/.test(name));
  const sentences = chunks
    .map(({ doc }) => (doc.split(/[.\n]/)[0] ?? '').replace(/["/:]/g, ' ').trim())
    .filter((sentence) => splitWords(sentence).length >= 4 && sentence.length < 150);
  const spread = (list: readonly string[]) =>
    Array.from(
      { length: nQueries / 2 },
      (_, i) => list[Math.floor((i * list.length) / (nQueries / 2))] ?? 'parse options',
    );
  return [...spread(names), ...spread(sentences)];
}

/** One index that grows; asked at each size by a process of its own. */
async function scaled(
  files: readonly RepeatedFile[],
  queries: readonly string[],
  work: string,
  sizes: readonly number[],
): Promise<Figure[]> {
  const { dims } = await openEncoder(join(installFolder, 'model'));
  const file = join(work, 'scaled', 'index.sqlite');
  const figures: Figure[] = [];
  const endMs = performance.now() + (files.length > 0 ? maxBuildMs : 0);
  let copy = 0;
  for (const size of sizes) {
    const store = await SqliteStore.open({ file, identity: scaleIdentity, dims, tracer: () => {} });
    for (let nChunks = (await store.stats()).nChunks; nChunks < size && performance.now() < endMs; copy++) {
      for (let i = 0; i < files.length && nChunks < size; i += filesPerBatch) {
        await store.replace(copied(files.slice(i, i + filesPerBatch), copy));
        nChunks = (await store.stats()).nChunks;
      }
    }
    await store.close();
    figures.push(...scaleFigures(askedApart(file, queries), size));
    process.stderr.write(`${size} chunks measured\n`);
  }
  return figures;
}

/** The files once more, as those of another folder. */
function copied(files: readonly RepeatedFile[], copy: number) {
  return files.map(({ path, languageId, chunks }) => ({
    file: {
      path: path.replace('/workspace/', `/copy${copy}/`),
      languageId,
      mtimeMs: 0,
      sizeBytes: 0,
      hash: '',
    },
    chunks,
  }));
}

function askedApart(file: string, queries: readonly string[]): ScaleResult {
  const bench = process.argv[1] as string;
  const { status, stdout, stderr } = spawnSync(process.execPath, [bench, searchScaleCommand, file], {
    input: JSON.stringify(queries),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The index of the bench could not be asked: ${stderr}`);
  return JSON.parse(stdout) as ScaleResult;
}

function scaleFigures(result: ScaleResult, size: number): Figure[] {
  const { nChunks, sizeBytes, loadMs, rssMb, peakRssMb, engine } = result;
  // Less than was asked for where the machine was too slow to build it.
  const of = `${(nChunks < size ? nChunks : size).toLocaleString('en')} chunks`;
  const row = (key: string, label: string, values: readonly number[]) => ({
    ...figure(`${key}-${size}`, `${label}, ${of}`, 'ms', median(values), values.length),
    p95: p95(values),
  });
  return [
    row('query', `query, words and vectors (SQLite: ${engine})`, result.queries),
    row('query-cpu', 'the same, CPU', result.cpu),
    row('lexical', 'first stage, words', result.lexical),
    row('scan', 'vector scan alone', result.scans),
    row('update', 'one file stored again', result.updates),
    figure(`load-${size}`, `vectors read into memory, once, ${of}`, 'ms', loadMs),
    figure(`rss-${size}`, `memory of a process that only searches, ${of}`, 'MB', rssMb),
    figure(`peak-rss-${size}`, `the same at its highest, ${of}`, 'MB', peakRssMb),
    figure(`disk-${size}`, `index on disk, per chunk, ${of}`, 'bytes', sizeBytes / nChunks),
  ];
}

/** What a person without an index does: counts the words of the query in every file. */
function ripgrepTimes(root: string, queries: readonly string[]): Figure[] {
  if (spawnSync('rg', ['--version']).status !== 0) return [];
  const times = queries.slice(0, nQueries).map((query) => {
    const words = splitWords(query).filter((word) => word.length > 2);
    const startMs = performance.now();
    spawnSync('rg', ['--count-matches', '-i', ...words.flatMap((word) => ['-e', word]), root], {
      maxBuffer: 2 ** 28,
    });
    return performance.now() - startMs;
  });
  return [
    {
      ...figure(
        'ripgrep',
        "ripgrep counting the query's words in the same workspace",
        'ms',
        median(times),
        times.length,
      ),
      p95: p95(times),
    },
  ];
}

function figure(key: string, label: string, unit: string, value: number, n = 1): Figure {
  return { key: `search-speed.${key}`, label, unit, median: value, n };
}

function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
