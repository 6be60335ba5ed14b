/** quality: how good suggestions are on files that the model has not seen; network, cache model and both. */

import { CacheModel } from '../src/engine/decoding/cache-model.ts';
import { cacheWeights } from '../src/engine/decoding/cache-weights.ts';
import { mixWeight } from '../src/engine/decoding/mix.ts';
import { logSumExp } from '../src/engine/decoding/sampler.ts';
import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import { difference, estimate, type Sample } from './bootstrap.ts';
import { CountedCache } from './counted-cache.ts';
import {
  type CaseKind,
  caseKinds,
  cutToCase,
  isCaseDone,
  type QualityCase,
  qualityCases,
} from './quality-cases.ts';
import { type QualityFile, sampleFiles } from './quality-files.ts';
import { shownFigures } from './quality-product.ts';
import { type Contender, contenders, type Filling, QualityRun } from './quality-run.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';
import { editSimilarity, median, p95 } from './statistics.ts';

/** Tokens per file that are scored, each with the rest of the window before it. */
const nScored = 400;

export async function quality(
  setting: Setting,
  files: readonly QualityFile[],
  nCase: number,
): Promise<Report> {
  const run = new QualityRun(setting);
  const chosen = sampleFiles(files, Math.min(nCase, 3 * files.length));
  const figures = await bitsPerByte(run, chosen.slice(0, Math.ceil(nCase / 2)));
  const fillings: Filling[] = [];
  for (const kind of caseKinds) {
    const cases = qualityCases(chosen, kind, nCase);
    figures.push(...(await infilling(run, kind, cases, fillings)));
    figures.push(...(await shownFigures(setting.newEngine(), kind, cases)));
  }
  const cost = (key: string, label: string, values: readonly number[]): Figure => ({
    key: `quality.cost.${key}`,
    label: `cache model: ${label}`,
    unit: 'ms',
    median: median(values),
    p95: p95(values),
    n: values.length,
  });
  figures.push(
    cost(
      'open',
      'to get ready, per suggestion (median)',
      fillings.map(({ openMs }) => openMs),
    ),
    cost(
      'token',
      'per token (median)',
      fillings.map(({ pickMs, nTokens }) => pickMs / (nTokens + 1)),
    ),
  );
  return { suite: 'quality', conditions: setting.conditions, figures };
}

/** Left to right with the file's path, as much text before each token as the window holds. */
async function bitsPerByte(run: QualityRun, files: readonly QualityFile[]): Promise<Figure[]> {
  const random = seededRandom(3);
  const samples: Record<'network' | 'cache' | 'both', (Sample & { language: string })[]> = {
    network: [],
    cache: [],
    both: [],
  };
  const header = run.fim.file === undefined ? [] : [run.fim.file];
  const counted = new CountedCache();
  for (const file of files) {
    const path = header.length > 0 ? run.header(file.name) : new Int32Array(0);
    const tokens = run.segments.encode(file.text);
    const start = 1 + Math.floor(random() * Math.max(1, tokens.length - nScored));
    const scored = tokens.subarray(start, start + nScored);
    const nContext = run.contextTokens - scored.length - path.length - header.length;
    const prompt = Int32Array.from([
      ...header,
      ...path,
      ...tokens.subarray(Math.max(0, start - nContext), start),
    ]);
    const cache = new CacheModel();
    cache.append(tokens.subarray(0, start));
    let bytes = 0;
    const bits = { network: 0, cache: 0, both: 0 };
    await run.logitsAlong(prompt, scored, (row, i) => {
      const token = scored[i] as number;
      const logSum = logSumExp(row);
      const network = Math.exp((row[token] as number) - logSum);
      const top = Math.exp(row.reduce((a, b) => Math.max(a, b), -Infinity) - logSum);
      const prediction = cache.predict();
      const share = prediction?.shares[prediction.tokens.indexOf(token)] ?? 0;
      const weight = prediction ? mixWeight(cacheWeights, prediction, top) : 0;
      bits.network -= Math.log2(network);
      bits.both -= Math.log2((1 - weight) * network + weight * share);
      bits.cache -= Math.log2(counted.probability(prediction, token, row.length));
      bytes += run.setting.tokenizer.bytesOf(token).length;
      cache.append(scored.subarray(i, i + 1));
    });
    for (const who of ['network', 'cache', 'both'] as const) {
      samples[who].push({ cluster: file.name, sum: bits[who], weight: bytes, language: file.languageId });
    }
  }
  const languages = [undefined, ...new Set(files.map(({ languageId }) => languageId))];
  return languages.flatMap((language) => {
    const of = (who: 'network' | 'cache' | 'both') =>
      samples[who].filter((sample) => language === undefined || sample.language === language);
    const add = (name: string, list: readonly Sample[]) =>
      toFigure(
        `bits.${language ?? 'all'}.${name}`,
        `bits per byte, ${language ?? 'all files'}: ${name}`,
        'bit/byte',
        list,
      );
    const base = [add('network', of('network')), add('network + own file', of('both'))];
    if (language !== undefined) return base;
    return [
      ...base,
      add('cache', of('cache')),
      add('gain of the cache', difference(of('network'), of('both'))),
    ];
  });
}

/** Fills all cases by all contenders; what the product would do with the cache model goes to `fillings`. */
async function infilling(
  run: QualityRun,
  kind: CaseKind,
  cases: readonly QualityCase[],
  fillings: Filling[],
): Promise<Figure[]> {
  const scores = new Map<Contender, Record<Measure, Sample[]>>();
  for (const contender of contenders) scores.set(contender, { exact: [], similarity: [], first: [] });
  for (const one of cases) {
    const truth = one.middle.trimEnd();
    const first = run.segments.encode(one.middle)[0];
    for (const contender of contenders) {
      const filling = await run.fill(one, contender, (text) => isCaseDone(one, text));
      if (contender === 'network + cache') fillings.push(filling);
      const text = cutToCase(one, filling.text).trimEnd();
      const score = scores.get(contender) as Record<Measure, Sample[]>;
      const add = (measure: Measure, value: number) =>
        score[measure].push({ cluster: one.file.name, sum: 100 * value, weight: 1 });
      add('exact', text === truth ? 1 : 0);
      add('similarity', editSimilarity(text, truth));
      add('first', filling.firstToken === first ? 1 : 0);
    }
  }
  const figure = (contender: string, measure: Measure, samples: readonly Sample[]) =>
    toFigure(`${kind}.${contender}.${measure}`, `${kind}, ${contender}: ${labels[measure]}`, '%', samples);
  const network = scores.get('network') as Record<Measure, Sample[]>;
  return measures.flatMap((measure) => [
    ...contenders.map((contender) => figure(contender, measure, scores.get(contender)?.[measure] ?? [])),
    ...contenders
      .filter((contender) => contender.startsWith('network +'))
      .map((contender) =>
        figure(
          `gain of ${contender}`,
          measure,
          difference(network[measure], scores.get(contender)?.[measure] ?? []),
        ),
      ),
  ]);
}

const measures = ['exact', 'similarity', 'first'] as const;
type Measure = (typeof measures)[number];
const labels: Readonly<Record<Measure, string>> = {
  exact: 'exact match',
  similarity: 'edit similarity',
  first: 'first token right',
};

function toFigure(key: string, label: string, unit: string, samples: readonly Sample[]): Figure {
  const { mean, interval } = estimate(samples);
  return { key: `quality.${key}`, label, unit, median: mean, interval, n: samples.length };
}
