/** compression: does a small context serve as well as a large one? Next lines with many ways of choosing it. */

import { logProbs } from '../src/engine/compress/perplexity.ts';
import { CacheModel } from '../src/engine/decoding/cache-model.ts';
import { cacheWeights } from '../src/engine/decoding/cache-weights.ts';
import { CursorCache } from '../src/engine/decoding/cursor-cache.ts';
import { decode } from '../src/engine/decoding/decode.ts';
import { CacheSampler } from '../src/engine/decoding/mix.ts';
import { GreedySampler } from '../src/engine/decoding/sampler.ts';
import { KvArena } from '../src/engine/model/arena.ts';
import { CausalLm } from '../src/engine/model/causal-lm.ts';
import { Sequence } from '../src/engine/model/sequence.ts';
import { type FimFormat, fimFormatOf } from '../src/engine/prompt/fim.ts';
import { SegmentTokenizer } from '../src/engine/tokens/retokenize.ts';
import { systemClock } from '../src/node/clock.ts';
import { difference, estimate, type Sample } from './bootstrap.ts';
import { type CompressionCase, compressionCases } from './compression-cases.ts';
import { CompressionMethods, type Context, type Method, methods } from './compression-methods.ts';
import type { QualityFile } from './quality-files.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';
import { editSimilarity, mean, median } from './statistics.ts';

const budgets = [512, 1024, 2048];

/** What the prompt is tried with: more does not fit into the embedded model's window beside the function. */
const promptBudgets: readonly number[] = [512, 1024];
const inPrompt: readonly Method[] = methods.filter((method) => !method.startsWith('ours '));

const maxLineTokens = 40;
const live = new AbortController().signal;
const exactly = { method: 'prefix', nRepairHead: 0, nRepairTail: 0 } as const;

type Reader = 'network' | 'cache';

interface Outcome {
  /** The file, for intervals. */
  readonly cluster: string;
  readonly es: number;
  readonly em: number;
  /** Of the true line, nats per token: the network's, or the mixture's. */
  readonly logProb: number;
  /** Whether the context has a name that the line needs; undefined where none is known. */
  readonly hasName: number | undefined;
  readonly context: Context;
}

/** At most `nCase` cases of each kind, taken in turn; none is begun after `minutes`. */
export async function compression(
  setting: Setting,
  files: readonly QualityFile[],
  nCase: number,
  minutes = Number.POSITIVE_INFINITY,
): Promise<Report> {
  const stopMs = performance.now() + 60_000 * minutes;
  const cases = inTurn(compressionCases(files, nCase));
  const done: CompressionCase[] = [];
  const run = new CompressionRun(setting);
  const choosing = await CompressionMethods.open(setting);
  const outcomes = new Map<string, Outcome[]>();
  for (const one of cases) {
    if (performance.now() > stopMs && done.length >= 2) break;
    process.stderr.write(`\rcase ${done.length + 1} of ${cases.length} `);
    for (const { key, outcome } of await outcomesOf(one, choosing, run)) {
      outcomes.set(key, [...(outcomes.get(key) ?? []), outcome]);
    }
    done.push(one);
  }
  process.stderr.write('\n');
  choosing.close();
  return {
    suite: 'compression',
    conditions: setting.conditions,
    figures: [...[...outcomes].flatMap(([key, all]) => figuresOf(key, all)), ...gains(outcomes)],
    notes: notes(done),
  };
}

async function outcomesOf(one: CompressionCase, choosing: CompressionMethods, run: CompressionRun) {
  const chosen: { method: Method; budget: number | undefined; context: Context }[] = [];
  for (const method of methods) {
    const isFree = method === 'none' || method === 'full';
    for (const budget of isFree ? [undefined] : budgets) {
      chosen.push({ method, budget, context: await choosing.context(method, one, budget ?? 0) });
    }
  }
  const done: { key: string; outcome: Outcome }[] = [];
  const reads = async (reader: Reader, wanted: typeof chosen) => {
    for (const { method, budget, context } of wanted) {
      const outcome = await run.complete(one, context, reader);
      done.push({ key: keyOf(one.kind, method, budget, reader), outcome });
    }
  };
  await reads('cache', chosen); // all have the same prompt, which is read once
  await reads(
    'network',
    chosen.filter(({ method, budget = 512 }) => inPrompt.includes(method) && promptBudgets.includes(budget)),
  );
  return done;
}

/** One of each kind in turn, so that a run that is cut short has as many of each. */
function inTurn(cases: readonly CompressionCase[]): CompressionCase[] {
  const needed = cases.filter(({ kind }) => kind === 'needed');
  const long = cases.filter(({ kind }) => kind === 'long');
  const n = Math.max(needed.length, long.length);
  return Array.from({ length: n }, (_, i) => [needed[i], long[i]].filter((one) => one !== undefined)).flat();
}

const keyOf = (kind: string, method: Method, budget: number | undefined, reader: Reader) =>
  [kind, budget ?? '', reader, method].join('|');

type Measure = 'ES' | 'EM' | 'log-prob' | 'has the name';

const units: Readonly<Record<Measure, string>> = {
  ES: '%',
  EM: '%',
  'log-prob': 'nats/token',
  'has the name': '%',
};

function measured(measure: Measure, { es, em, logProb, hasName }: Outcome): number | undefined {
  switch (measure) {
    case 'ES':
      return 100 * es;
    case 'EM':
      return 100 * em;
    case 'log-prob':
      return logProb;
    case 'has the name':
      return hasName === undefined ? undefined : 100 * hasName;
  }
}

function figuresOf(key: string, all: readonly Outcome[]): Figure[] {
  const [kind, budget, reader, method] = key.split('|') as [string, string, Reader, string];
  const wanted = kind === 'long' ? 'next line' : 'next line that needs another file';
  const table = `${wanted}: ${reader === 'cache' ? 'cache model fed, prompt without context' : 'in the prompt of the network alone'}`;
  const row = budget ? `${method}, ${budget} tokens` : method;
  const figure = (
    column: string,
    unit: string,
    pick: (one: Outcome) => number | undefined,
    summary = mean,
  ): Figure[] => {
    const samples = all.map(pick).filter((value) => value !== undefined);
    if (samples.length === 0) return [];
    const name = `compression.${kind}.${reader}.${method}.${budget}.${column}`.replaceAll(' ', '-');
    const label = `${table}, ${row}: ${column}`;
    const cell = { table, row, column };
    return [{ key: name, label, unit, median: summary(samples), n: samples.length, cell }];
  };
  const common = (['ES', 'EM', 'log-prob'] as const).flatMap((measure) =>
    figure(measure, units[measure], (one) => measured(measure, one)),
  );
  if (reader === 'network') return common;
  const ratio = ({ nTokens, nTokensBefore }: Context) => (nTokens > 0 ? nTokensBefore / nTokens : undefined);
  const parses = ({ parses: share }: Context) => (share === undefined ? undefined : 100 * share);
  return [
    ...common,
    ...figure('has the name', '%', (one) => measured('has the name', one)),
    ...figure('tokens', '', ({ context }) => context.nTokens),
    ...figure('ratio', '×', ({ context }) => ratio(context)),
    ...figure('ms', 'ms', ({ context }) => context.ms, median),
    ...figure('warm ms', 'ms', ({ context }) => context.warmMs, median),
    ...figure('parses', '%', ({ context }) => parses(context)),
  ];
}

/** Ours against others, case by case, with intervals: for the log-probability and the needed name. */
function gains(outcomes: ReadonlyMap<string, readonly Outcome[]>): Figure[] {
  const others = methods.filter((method) => !method.startsWith('ours') && method !== 'random functions');
  const figures: Figure[] = [];
  for (const [kind, measure] of [
    ['long', 'log-prob'],
    ['needed', 'log-prob'],
    ['needed', 'has the name'],
  ] as const) {
    for (const budget of budgets) {
      const samples = (method: Method): Sample[] => {
        const isFree = method === 'none' || method === 'full';
        const all = outcomes.get(keyOf(kind, method, isFree ? undefined : budget, 'cache')) ?? [];
        return all.map((one) => ({ cluster: one.cluster, sum: measured(measure, one) ?? 0, weight: 1 }));
      };
      const ours = samples('ours');
      if (ours.length === 0) continue;
      for (const method of others) {
        const { mean: gain, interval } = estimate(difference(samples(method), ours));
        const row = `${kind === 'long' ? 'next line' : 'needs another file'}, ${budget} tokens, cache model fed: ours minus ${method}`;
        figures.push({
          key: `compression.gain.${kind}.${measure}.${budget}.${method}`.replaceAll(' ', '-'),
          label: `${row}, ${measure}`,
          unit: units[measure],
          median: gain,
          interval,
          n: ours.length,
        });
      }
    }
  }
  return figures;
}

function notes(cases: readonly CompressionCase[]): string[] {
  const count = (kind: string) => cases.filter((one) => one.kind === kind).length;
  return [
    `${count('long')} next lines in the middle of functions, and ${count('needed')} that name something that one other file declares and their own has not used yet; 24 to 44 kB of other files are the background, the unfinished function the query and all of the file that the model sees.`,
    '“full” is the background’s end as far as the window goes; the model has 1024 positions in the product and 2048 at most, so no contender sees all of it, and 2,048 tokens of context are not put into the prompt. “Cache model fed”: the context feeds the cache model and no prompt, as the product does with open and related files; there no window limits it, and log-prob is the mixture’s.',
    'LongCodeZip is the paper’s method with the embedded model as its scorer. “ours” is the product: an index’s vectors of the chunks and words rank, no model is asked. ms is the choosing of the context, vectors of an index not counted: cold for the smallest budget; for larger ones a model was asked already.',
  ];
}

function hasName({ files }: Context, name: string): boolean {
  return files.some(({ text }) => text.includes(name));
}

/** What is the same for all contexts of a case. */
interface Prepared {
  readonly one: CompressionCase;
  /** Logits before each token of the true line, behind the prompt without context. */
  readonly rows: readonly Float32Array[];
}

/** One model that goes on behind a context. */
class CompressionRun {
  private readonly segments: SegmentTokenizer;
  private readonly fim: FimFormat;
  private readonly lm: CausalLm;
  private readonly sequence: Sequence;
  private readonly nRow: number;

  constructor(private readonly setting: Setting) {
    const { forward, model, tokenizer } = setting;
    this.segments = new SegmentTokenizer(tokenizer);
    this.fim = fimFormatOf(model.metadata, tokenizer);
    this.lm = new CausalLm(forward, systemClock);
    this.nRow = forward.config.maxPositions;
    this.sequence = new Sequence(new KvArena(forward.config, this.nRow));
  }

  async complete(one: CompressionCase, context: Context, reader: Reader): Promise<Outcome> {
    const encode = (text: string) => this.segments.encode(text);
    const header = [...this.header(one.file.name), this.fim.prefix, this.fim.suffix, this.fim.middle];
    const query = encode(one.query);
    const room = this.nRow - header.length - query.length - maxLineTokens;
    const others = context.files.flatMap(({ path, text }) => [...this.header(path), ...encode(text)]);
    const seen = reader === 'cache' ? [] : others.slice(Math.max(0, others.length - room)); // as the product
    const prompt = Int32Array.from([...seen, ...header, ...query]);
    const rows = reader === 'cache' ? (await this.prepare(one, prompt)).rows : undefined;
    const isEnd = (token: number) => this.fim.ends.has(token) || this.setting.tokenizer.isSpecial(token);
    const { logits } = await this.lm.prefill(this.sequence, prompt, live, exactly);
    const bytes: number[] = [];
    const sampler = rows
      ? new CacheSampler(this.cache(context, one.query), cacheWeights, isEnd)
      : new GreedySampler();
    const options = { logits, maxTokens: maxLineTokens, isEnd, sampler, signal: live };
    for await (const token of decode(this.lm, this.sequence, options)) {
      bytes.push(...this.setting.tokenizer.bytesOf(token));
      if (bytes.includes(10)) break;
    }
    const written = new TextDecoder().decode(Uint8Array.from(bytes)).split('\n')[0]?.trim() ?? '';
    const truth = one.truth.trim();
    return {
      cluster: one.file.name,
      es: editSimilarity(written, truth),
      em: written === truth ? 1 : 0,
      logProb: rows ? this.mixedLogProb(one, context, rows, isEnd) : await this.logProb(prompt, one.truth),
      hasName: one.names.length === 0 ? undefined : Number(one.names.some((name) => hasName(context, name))),
      context,
    };
  }

  private prepared: Prepared | undefined;

  private async prepare(one: CompressionCase, prompt: Int32Array): Promise<Prepared> {
    if (this.prepared?.one === one) return this.prepared;
    const { logits } = await this.lm.prefill(this.sequence, prompt, live, exactly);
    const rows = [logits.slice()];
    const truth = this.segments.encode(one.truth).subarray(0, maxLineTokens);
    if (truth.length > 1) {
      const all = await this.lm.steps(this.sequence, truth.subarray(0, -1), live);
      const nVocab = all.length / (truth.length - 1);
      for (let i = 0; i + 1 < truth.length; i++) rows.push(all.slice(i * nVocab, (i + 1) * nVocab));
    }
    this.prepared = { one, rows };
    return this.prepared;
  }

  private mixedLogProb(
    one: CompressionCase,
    context: Context,
    rows: readonly Float32Array[],
    isEnd: (token: number) => boolean,
  ): number {
    const sampler = new CacheSampler(this.cache(context, one.query), cacheWeights, isEnd);
    const truth = this.segments.encode(one.truth);
    const values = rows.map((row, i) => {
      const token = truth[i] as number;
      const value = sampler.logProbabilities(row)[token] as number;
      sampler.accept(token);
      return value;
    });
    return mean(values);
  }

  private async logProb(prompt: Int32Array, truth: string): Promise<number> {
    this.sequence.truncate(prompt.length);
    const tokens = this.segments.encode(truth).subarray(0, maxLineTokens);
    return mean([...(await logProbs(this.lm, this.sequence, tokens, live))]);
  }

  private cache({ files }: Context, before: string): CursorCache {
    const cache = new CacheModel();
    for (const { text } of files) cache.add(this.segments.encode(text));
    return new CursorCache(cache, this.setting.tokenizer, before, this.segments.encode(before));
  }

  private header(name: string): number[] {
    if (this.fim.file === undefined) return [];
    return [this.fim.file, ...this.segments.encode(`${name.split('/').slice(-3).join('/')}\n`)];
  }
}
