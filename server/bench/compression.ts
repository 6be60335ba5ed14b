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
import { type CompressionCase, compressionCases } from './compression-cases.ts';
import { CompressionMethods, type Context, type Method, methods } from './compression-methods.ts';
import type { QualityFile } from './quality-files.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';
import { editSimilarity, mean, median } from './statistics.ts';

const budgets = [512, 1024];
const maxLineTokens = 40;
const live = new AbortController().signal;
const exactly = { method: 'prefix', nRepairHead: 0, nRepairTail: 0 } as const;

interface Outcome {
  readonly es: number;
  readonly em: number;
  readonly logProb: number;
  readonly ratio: number;
  readonly ms: number;
  readonly nTokens: number;
  readonly parses: number | undefined;
  /** Whether the context has a name that the line needs; undefined where none is known. */
  readonly hasName: number | undefined;
}

/** `nCase` cases of each kind. */
export async function compression(
  setting: Setting,
  files: readonly QualityFile[],
  nCase: number,
): Promise<Report> {
  const cases = compressionCases(files, nCase);
  const run = new CompressionRun(setting);
  const choosing = await CompressionMethods.open(setting);
  const outcomes = new Map<string, Outcome[]>();
  for (const [index, one] of cases.entries()) {
    process.stderr.write(`\rcase ${index + 1} of ${cases.length} `);
    for (const budget of budgets) {
      for (const method of methods) {
        if (budget !== budgets[0] && (method === 'none' || method === 'full')) continue;
        const context = await choosing.context(method, one, budget);
        for (const withCache of [false, true]) {
          const key = keyOf(one.kind, method, budget, withCache);
          const outcome = await run.complete(one, context, withCache);
          outcomes.set(key, [...(outcomes.get(key) ?? []), outcome]);
        }
      }
    }
  }
  process.stderr.write('\n');
  choosing.close();
  return {
    suite: 'compression',
    conditions: setting.conditions,
    figures: [...outcomes].flatMap(([key, all]) => figuresOf(key, all)),
    notes: notes(cases),
  };
}

const keyOf = (kind: string, method: Method, budget: number, withCache: boolean) =>
  [kind, method === 'none' || method === 'full' ? '' : budget, withCache ? 'cache' : 'network', method].join(
    '|',
  );

function figuresOf(key: string, all: readonly Outcome[]): Figure[] {
  const [kind, budget, reader, method] = key.split('|') as [string, string, string, string];
  const wanted = kind === 'long' ? 'next line' : 'next line that needs another file';
  const table = `${wanted}: ${reader === 'cache' ? 'cache model fed, prompt without context' : 'in the prompt of the network alone'}`;
  const row = budget ? `${method}, ${budget} tokens` : method;
  const figure = (
    column: string,
    unit: string,
    pick: (one: Outcome) => number | undefined,
    summary = mean,
  ): Figure => {
    const samples = all.map(pick).filter((value) => value !== undefined);
    const name = `compression.${kind}.${reader}.${method}.${budget}.${column}`.replaceAll(' ', '-');
    return {
      key: name,
      label: `${table}, ${row}: ${column}`,
      unit,
      median: summary(samples),
      n: samples.length,
      cell: { table, row, column },
    };
  };
  const figures = [
    figure('ES', '%', ({ es }) => 100 * es),
    figure('EM', '%', ({ em }) => 100 * em),
    ...(reader === 'network' ? [figure('log-prob', 'nats/token', ({ logProb }) => logProb)] : []),
  ];
  if (reader !== 'network' || method === 'none') return figures;
  return [
    ...figures,
    ...(all.some(({ hasName }) => hasName !== undefined)
      ? [figure('has the name', '%', ({ hasName }) => (hasName === undefined ? undefined : 100 * hasName))]
      : []),
    figure('tokens', '', ({ nTokens }) => nTokens),
    figure('ratio', '×', ({ ratio }) => ratio),
    figure('ms', 'ms', ({ ms }) => ms, median),
    ...(all.some(({ parses }) => parses !== undefined)
      ? [figure('parses', '%', ({ parses }) => (parses === undefined ? undefined : 100 * parses))]
      : []),
  ];
}

function notes(cases: readonly CompressionCase[]): string[] {
  const count = (kind: string) => cases.filter((one) => one.kind === kind).length;
  return [
    `${count('long')} next lines in the middle of functions, and ${count('needed')} that name something that one other file declares and their own has not used yet; 24 to 44 kB of other files are the background, the unfinished function the query and all of the file that the model sees.`,
    '“full” is the background’s end as far as the window goes; the model has 1024 positions in the product and 2048 at most, so no contender sees all of it. “Cache model fed”: the context feeds the cache model and no prompt, as the product does with open and related files.',
    'ms is the choosing of the context: cold for the smaller budget; for the larger one the model was asked already.',
  ];
}

function hasName({ files }: Context, name: string): boolean {
  return files.some(({ text }) => text.includes(name));
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

  async complete(one: CompressionCase, context: Context, withCache: boolean): Promise<Outcome> {
    const encode = (text: string) => this.segments.encode(text);
    const header = [...this.header(one.file.name), this.fim.prefix, this.fim.suffix, this.fim.middle];
    const query = encode(one.query);
    const room = this.nRow - header.length - query.length - maxLineTokens;
    const others = context.files.flatMap(({ path, text }) => [...this.header(path), ...encode(text)]);
    const inPrompt = withCache ? [] : others.slice(Math.max(0, others.length - room)); // as the product: the cache alone
    const prompt = Int32Array.from([...inPrompt, ...header, ...query]);
    const isEnd = (token: number) => this.fim.ends.has(token) || this.setting.tokenizer.isSpecial(token);
    const { logits } = await this.lm.prefill(this.sequence, prompt, live, exactly);
    const bytes: number[] = [];
    const sampler = withCache
      ? new CacheSampler(this.cache(context, one.query), cacheWeights, isEnd)
      : new GreedySampler();
    const options = { logits, maxTokens: maxLineTokens, isEnd, sampler, signal: live };
    for await (const token of decode(this.lm, this.sequence, options)) {
      bytes.push(...this.setting.tokenizer.bytesOf(token));
      if (bytes.includes(10)) break;
    }
    const written = new TextDecoder().decode(Uint8Array.from(bytes)).split('\n')[0]?.trim() ?? '';
    const truth = one.truth.trim();
    const { nTokens, ms, parses, nTokensBefore } = context;
    return {
      es: editSimilarity(written, truth),
      em: written === truth ? 1 : 0,
      logProb: withCache ? 0 : await this.logProb(prompt, one.truth),
      ratio: nTokens > 0 ? nTokensBefore / nTokens : Number.NaN,
      ms,
      nTokens,
      parses,
      hasName: one.names.length === 0 ? undefined : Number(one.names.some((name) => hasName(context, name))),
    };
  }

  private async logProb(prompt: Int32Array, truth: string): Promise<number> {
    this.sequence.truncate(prompt.length);
    const values = await logProbs(this.lm, this.sequence, this.segments.encode(truth), live);
    return mean([...values]);
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
