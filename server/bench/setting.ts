/** Setting: the model, the machine and the real files that a suite measures with. */

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../src/engine/base/ports.ts';
import { measurePassCosts } from '../src/engine/decoding/drafters/draft-policy.ts';
import { createEngine, type Engine } from '../src/engine/engine.ts';
import type { Forward } from '../src/engine/model/backend.ts';
import type { WeightFormat } from '../src/engine/model/weights.ts';
import { tinyModel } from '../src/engine/testing/tiny-model.ts';
import { Tokenizer } from '../src/engine/tokens/tokenizer.ts';
import { systemClock } from '../src/node/clock.ts';
import { type OpenedModel, openModel } from '../src/node/model-store.ts';
import { loadForward } from '../src/node/onnx.ts';
import { threadCount, userCacheFolder } from '../src/node/places.ts';
import type { Conditions } from './report.ts';

export interface SettingOptions {
  readonly modelFolder: string;
  readonly random: string | undefined;
  readonly format: WeightFormat;
  readonly threads: number;
  readonly nRound: number;
}

export interface Setting {
  readonly conditions: Conditions;
  readonly nRound: number;
  /** The model as published: config.json, tokenizer.json, safetensors. */
  readonly modelFolder: string;
  readonly model: OpenedModel;
  readonly tokenizer: Tokenizer;
  /** Milliseconds to load the converted model, and what the process grew by. */
  readonly loadMs: number;
  readonly loadRssBytes: number;
  readonly forward: Forward;
  /** A fresh engine on the same loaded model, with all drafters or those named; nothing is in its caches. */
  newEngine(drafters?: readonly string[]): Engine;
  /** Real source files: this repository's own. */
  readonly files: readonly SourceFile[];
  close(): Promise<void>;
}

export interface SourceFile {
  readonly name: string;
  readonly languageId: string;
  readonly text: string;
}

/** Shapes with random weights, as measured in the reference figures of the design. */
const randomShapes: Readonly<Record<string, Parameters<typeof tinyModel>[0]>> = {
  '59M': {
    nLayer: 12,
    dModel: 640,
    nHead: 8,
    nKvHead: 2,
    headDim: 64,
    dFfn: 1792,
    nVocab: 16384,
    maxPositions: 4096,
  },
  '90M': {
    nLayer: 12,
    dModel: 768,
    nHead: 8,
    nKvHead: 2,
    headDim: 64,
    dFfn: 2048,
    nVocab: 16384,
    maxPositions: 4096,
  },
};

/**
 * Nobody pauses while something is measured. Else what engines do in idle time (healing, looking ahead)
 * would, on a slow machine, run into each other's passes, since they share one model; and it would
 * change what is measured. Suites therefore ask without debounce.
 */
const clockWithoutPauses: Clock = {
  ...systemClock,
  sleep: (_ms, signal) =>
    new Promise((_resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
};

export async function openSetting(options: SettingOptions): Promise<Setting> {
  const { format, nRound } = options;
  const random =
    options.random === undefined ? undefined : await writeRandomModel(options.random, options.modelFolder);
  const model = await openModel(random ?? options.modelFolder, { cacheFolder: userCacheFolder(), format });
  const tokenizer = Tokenizer.parse(model.tokenizerJson, model.tokenizerConfig);
  const threads = threadCount(options.threads);
  const rssBefore = process.memoryUsage.rss();
  const startMs = performance.now();
  const forward = await loadForward(model.graphs, model.config, { nThread: threads });
  const loadMs = performance.now() - startMs;
  const loadRssBytes = process.memoryUsage.rss() - rssBefore;
  const passCosts = await measurePassCosts(forward, systemClock);
  const ports = { clock: clockWithoutPauses, tracer: () => {} };
  return {
    nRound,
    modelFolder: random ?? options.modelFolder,
    model,
    tokenizer,
    loadMs,
    loadRssBytes,
    forward,
    files: await ownSources(),
    newEngine: (drafters) => {
      const measured = { passCosts, ...(drafters && { drafters }) };
      const { name, metadata } = model;
      return createEngine({ name, metadata, tokenizer, forward, cacheMemoryMb: 256, ...measured }, ports);
    },
    async close() {
      await forward.dispose();
      if (random !== undefined) await rm(random, { recursive: true, force: true });
    },
    conditions: {
      date: new Date().toISOString().slice(0, 10),
      cpu: cpus()[0]?.model ?? 'unknown CPU',
      cores: availableParallelism(),
      threads,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      loadAverage: loadavg()[0] ?? 0,
      model: options.random === undefined ? model.name : `random ${options.random}`,
      format,
      parametersMillions: nParameters(model) / 1e6,
    },
  };
}

/** Random weights under the embedded model's tokenizer, with the longest window that is measured. */
async function writeRandomModel(name: string, embedded: string): Promise<string> {
  const shape = randomShapes[name];
  if (!shape) throw new Error(`--random is one of ${Object.keys(randomShapes).join(', ')}.`);
  const folder = await mkdtemp(join(tmpdir(), 'stet-bench-'));
  for (const [file, bytes] of tinyModel({ ...shape, dtype: 'BF16' }).files) {
    await writeFile(join(folder, file), bytes);
  }
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(embedded, file), join(folder, file));
  }
  const stet = JSON.parse(await readFile(join(embedded, 'stet.json'), 'utf8')) as Record<string, unknown>;
  await writeFile(
    join(folder, 'stet.json'),
    JSON.stringify({ ...stet, name: `random ${name}`, contextTokens: 2112 }),
  );
  return folder;
}

/** Weights that a token passes through or looks up, the tied embedding counted once. */
function nParameters({ config: c }: OpenedModel): number {
  const attention = c.dModel * (c.nHead + 2 * c.nKvHead) * c.headDim + c.nHead * c.headDim * c.dModel;
  const embedding = c.nVocab * c.dModel * (c.tiedEmbeddings ? 1 : 2);
  return c.nLayer * (attention + 3 * c.dModel * c.dFfn) + embedding;
}

/** Long files of this repository, in the languages that the embedded model knows best. */
async function ownSources(): Promise<SourceFile[]> {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const names = [
    ['server/src/node/onnx.ts', 'typescript'],
    ['server/src/engine/model/reuse.ts', 'typescript'],
    ['server/src/engine/model/graph.ts', 'typescript'],
    ['server/src/engine/completion/complete.ts', 'typescript'],
    ['server/src/engine/completion/trim.ts', 'typescript'],
    ['server/src/node/model-cache.ts', 'typescript'],
    ['training/stetlm/corpus.py', 'python'],
    ['training/stetlm/train.py', 'python'],
  ] as const;
  return Promise.all(
    names.map(async ([name, languageId]) => ({
      name,
      languageId,
      text: await readFile(join(root, name), 'utf8'),
    })),
  );
}
