/** searchQuality: how high the right code comes, by repository, length and way of cutting; systems side by side. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Encoder } from '../src/engine/search/encoder.ts';
import type { StoredChunk } from '../src/engine/search/store.ts';
import type { Parsers } from '../src/engine/syntax/parsers.ts';
import { openParsers } from '../src/node/open-local-engine.ts';
import { openEncoder } from '../src/node/search/encoder-files.ts';
import { estimate, type Sample } from './bootstrap.ts';
import type { Figure } from './report.ts';
import {
  cosqaTask,
  identifierCases,
  repositoryTask,
  type SearchCase,
  type SearchTask,
  type Target,
} from './search-cases.ts';
import { type Chunking, chunkings, SearchIndex, type System, systems } from './search-index.ts';
import { Reranker } from './search-rerank.ts';
import type { Setting } from './setting.ts';
import { mean, median, p95 } from './statistics.ts';

export interface SearchMaterial {
  /** Bare git directories. */
  readonly gitDirs: readonly string[];
  /** Of CoSQA; the repositories alone without it. */
  readonly cosqaFolder: string | undefined;
  /** Queries of one repository at most. */
  readonly nCase: number;
}

/** Not in the product; asked for sentences over the product's chunks alone, since it is slow. */
const reranked = 'fused + re-rank';

type Ranking = System | typeof reranked;

const rankings: readonly Ranking[] = [...systems, reranked];

/** One query, asked of one system. */
interface Outcome {
  readonly task: string;
  readonly query: string;
  readonly system: Ranking;
  readonly chunking: Chunking;
  readonly kind: 'sentence' | 'identifier' | 'web query';
  readonly nTokens: number;
  readonly mrr: number;
  readonly ndcg: number;
  readonly recall: number;
  readonly nLines: number;
}

type Measure = 'mrr' | 'ndcg' | 'recall';

const measureNames: Readonly<Record<Measure, string>> = {
  mrr: 'MRR@10',
  ndcg: 'NDCG@10',
  recall: 'Recall@10',
};

/** Tokens of the language model; 256 is what encoders of SEA's kind read of a function. */
const lengths = [
  ['up to 64 tokens', 0, 64],
  ['65 to 256', 64, 256],
  ['over 256', 256, Number.POSITIVE_INFINITY],
] as const;

const product: Chunking = 'AST chunks';

/** Who is asked where only the chunks differ. */
const indexed: readonly System[] = ['BM25', 'vectors', 'fused'];

export async function searchQuality(setting: Setting, material: SearchMaterial): Promise<Figure[]> {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const encoder = await openEncoder(join(root, 'model'));
  const parsers = await openParsers(join(root, 'grammars'), () => {});
  if (!parsers) throw new Error('The grammars are not built. Run npm run build.');
  const parts = { setting, encoder, parsers, reranker: new Reranker(setting) };
  const outcomes: Outcome[] = [];
  for (const gitDir of material.gitDirs) {
    const task = await repositoryTask(gitDir, parsers, material.nCase);
    if (task.cases.length > 0) outcomes.push(...(await askAll(task, 'sentence', parts)));
  }
  if (material.cosqaFolder !== undefined) {
    const task = await cosqaTask(material.cosqaFolder, parsers);
    outcomes.push(...(await askAll(task, 'web query', parts)));
  }
  parsers.dispose();
  return [...figuresOf(outcomes), ...timeOf(parts.reranker)];
}

interface Parts {
  readonly setting: Setting;
  readonly encoder: Encoder;
  readonly parsers: Parsers;
  readonly reranker: Reranker;
}

async function askAll(
  task: SearchTask,
  kind: Outcome['kind'],
  { setting, encoder, parsers, reranker }: Parts,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const textOf = new Map(task.files.map(({ path, text }) => [path, text]));
  const nTokens = ({ path, start, endExclusive }: Target) =>
    setting.tokenizer.encode((textOf.get(path) ?? '').slice(start, endExclusive)).length;
  for (const chunking of kind === 'web query' ? [product] : chunkings) {
    const index = await SearchIndex.build(task.files, chunking, encoder, parsers);
    const ask = async (one: SearchCase, of: Outcome['kind']) => {
      const length = Math.min(...one.targets.map(nTokens));
      for (const system of asked(chunking, of)) {
        const hits =
          system === reranked
            ? await reranker.order(one.query, await index.fused(one.query))
            : await index.ask(one.query, system);
        const nLines = mean(hits.map(({ startLine, endLine }) => endLine - startLine + 1));
        const measures = measuresOf(hits, one.targets);
        outcomes.push({
          task: task.name,
          query: one.query,
          system,
          chunking,
          kind: of,
          nTokens: length,
          nLines: hits.length > 0 ? nLines : 0,
          ...measures,
        });
      }
    };
    for (const one of task.cases) await ask(one, kind);
    if (kind === 'sentence' && chunking === product)
      for (const one of identifierCases(task)) await ask(one, 'identifier');
    await index.close();
  }
  const shown = outcomes.filter(({ kind, chunking }) => kind !== 'identifier' && chunking === product);
  const values = present(shown).map((system) => `${system} ${meanOf(shown, 'mrr', { system }).toFixed(3)}`);
  process.stderr.write(`${task.name}: ${task.cases.length} queries; ${values.join(', ')}\n`);
  return outcomes;
}

function asked(chunking: Chunking, kind: Outcome['kind']): readonly Ranking[] {
  if (chunking !== product) return indexed;
  return kind === 'sentence' ? rankings : systems;
}

const present = (outcomes: readonly Outcome[]) =>
  rankings.filter((system) => outcomes.some((one) => one.system === system));

/** A hit is right when most of it lies in the function, or most of the function lies in it. */
function isRight(chunk: StoredChunk, target: Target): boolean {
  if (chunk.path !== target.path) return false;
  const shared = Math.min(chunk.endExclusive, target.endExclusive) - Math.max(chunk.start, target.start);
  const shorter = Math.min(chunk.endExclusive - chunk.start, target.endExclusive - target.start);
  return shared > 0 && shared >= shorter / 2;
}

/** Of the first ten; a function that is found twice counts once. */
export function measuresOf(
  hits: readonly StoredChunk[],
  targets: readonly Target[],
): Record<Measure, number> {
  const left = new Set(targets);
  const ranks: number[] = [];
  hits.slice(0, 10).forEach((hit, rank) => {
    const found = [...left].find((target) => isRight(hit, target));
    if (!found) return;
    left.delete(found);
    ranks.push(rank);
  });
  const gain = (rank: number) => 1 / Math.log2(rank + 2);
  const ideal = targets.slice(0, 10).reduce((sum, _, rank) => sum + gain(rank), 0);
  return {
    mrr: ranks.length > 0 ? 1 / ((ranks[0] as number) + 1) : 0,
    ndcg: ranks.reduce((sum, rank) => sum + gain(rank), 0) / ideal,
    recall: ranks.length / targets.length,
  };
}

type Which = Partial<Pick<Outcome, 'system' | 'task' | 'chunking' | 'kind'>>;

const select = (outcomes: readonly Outcome[], which: Which) =>
  outcomes.filter((one) => Object.entries(which).every(([key, value]) => one[key as keyof Which] === value));

const meanOf = (outcomes: readonly Outcome[], measure: Measure, which: Which) =>
  mean(select(outcomes, which).map((one) => one[measure]));

function figuresOf(outcomes: readonly Outcome[]): Figure[] {
  const sentences = select(outcomes, { kind: 'sentence', chunking: product });
  return [
    ...rankings.flatMap((system) => listed(select(sentences, { system }), `sentences, ${system}`)),
    ...gains(sentences, 'all'),
    ...gain(sentences, 'all', reranked, 'fused'),
    ...byRepository(sentences),
    ...byLength(sentences),
    ...byChunking(select(outcomes, { kind: 'sentence' })),
    ...bySystem(select(outcomes, { kind: 'identifier' }), 'Functions asked for by name'),
    ...bySystem(select(outcomes, { kind: 'web query' }), 'CoSQA dev, documentation cut'),
    ...gains(select(outcomes, { kind: 'web query' }), 'CoSQA'),
  ];
}

/** Means with intervals, resampled by query. */
function listed(outcomes: readonly Outcome[], label: string): Figure[] {
  if (outcomes.length === 0) return [];
  return (['mrr', 'ndcg', 'recall'] as const).map((measure) => {
    const samples = outcomes.map(
      (one): Sample => ({ cluster: `${one.task} ${one.query}`, sum: one[measure], weight: 1 }),
    );
    const { mean: value, interval } = estimate(samples);
    const name = measureNames[measure];
    return {
      key: `search.${label}.${measure}`,
      label: `${label}: ${name}`,
      unit: '',
      median: value,
      interval,
      n: samples.length,
    };
  });
}

/** MRR of the product less that of the baselines. */
function gains(outcomes: readonly Outcome[], name: string): Figure[] {
  return (['BM25, one field', 'BM25', 'vectors'] as const).flatMap((base) =>
    gain(outcomes, name, 'fused', base),
  );
}

/** MRR of one system less that of another, query by query. */
function gain(outcomes: readonly Outcome[], name: string, system: Ranking, over: Ranking): Figure[] {
  const base = select(outcomes, { system: over });
  if (base.length === 0) return [];
  const samples = select(outcomes, { system }).map(
    (one, i): Sample => ({
      cluster: `${one.task} ${one.query}`,
      sum: one.mrr - (base[i] as Outcome).mrr,
      weight: 1,
    }),
  );
  const { mean: value, interval } = estimate(samples);
  return [
    {
      key: system === 'fused' ? `search.gain.${name}.${over}` : `search.gain.${name}.${system} over ${over}`,
      label: `${name}: MRR@10 gained by ${system} over ${over}`,
      unit: '',
      median: value,
      interval,
      n: samples.length,
    },
  ];
}

function timeOf({ timesMs }: Reranker): Figure[] {
  if (timesMs.length === 0) return [];
  const label = 're-rank: time of a query beside the search (median)';
  const [value, slow] = [median(timesMs), p95(timesMs)];
  return [{ key: 'search.re-rank.time', label, unit: 'ms', median: value, p95: slow, n: timesMs.length }];
}

function byRepository(outcomes: readonly Outcome[]): Figure[] {
  const table = 'MRR@10 by repository, and what fused gains in percent; the bar is 15 over BM25 on each';
  return [...new Set(outcomes.map(({ task }) => task))].flatMap((task) => {
    const own = select(outcomes, { task });
    const n = select(own, { system: 'fused' }).length;
    const row = `${task} (${n})`;
    const value = (system: Ranking) => meanOf(own, 'mrr', { system });
    const gain = (over: System) => 100 * (value('fused') / value(over) - 1);
    return [
      ...rankings.map((system) => cell(table, row, system, value(system), n)),
      cell(table, row, 'over one field, %', gain('BM25, one field'), n),
      cell(table, row, 'over BM25, %', gain('BM25'), n),
    ];
  });
}

function byLength(outcomes: readonly Outcome[]): Figure[] {
  const table = 'MRR@10 by length of the function';
  return lengths.flatMap(([label, over, upTo]) => {
    const own = outcomes.filter(({ nTokens }) => nTokens > over && nTokens <= upTo);
    const n = select(own, { system: 'fused' }).length;
    if (n === 0) return [];
    return rankings.map((system) =>
      cell(table, `${label} (${n})`, system, meanOf(own, 'mrr', { system }), n),
    );
  });
}

/** Longer chunks are found more easily and show more beside the answer, so their length stands beside. */
function byChunking(outcomes: readonly Outcome[]): Figure[] {
  const table = 'MRR@10 by how files are cut';
  const long = outcomes.filter(({ nTokens }) => nTokens > 256);
  return chunkings.flatMap((chunking) => {
    const own = select(outcomes, { chunking });
    const fused = select(own, { system: 'fused' });
    if (fused.length === 0) return [];
    const shown = mean(fused.filter(({ nLines }) => nLines > 0).map(({ nLines }) => nLines));
    return [
      ...indexed.map((system) => cell(table, chunking, system, meanOf(own, 'mrr', { system }), fused.length)),
      cell(
        table,
        chunking,
        'fused, over 256 tokens',
        meanOf(select(long, { chunking }), 'mrr', { system: 'fused' }),
        fused.length,
      ),
      cell(table, chunking, 'lines of a hit', shown, fused.length),
    ];
  });
}

function bySystem(outcomes: readonly Outcome[], table: string): Figure[] {
  if (outcomes.length === 0) return [];
  return present(outcomes).flatMap((system) =>
    (['mrr', 'ndcg', 'recall'] as const).map((measure) =>
      cell(
        table,
        system,
        measureNames[measure],
        meanOf(outcomes, measure, { system }),
        select(outcomes, { system }).length,
      ),
    ),
  );
}

function cell(table: string, row: string, column: string, value: number, n: number): Figure {
  return {
    key: `search.${table}.${row}.${column}`,
    label: `${row}, ${column}`,
    unit: '',
    median: value,
    n,
    cell: { table, row, column },
  };
}
