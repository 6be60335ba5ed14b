/** cache-weights: learns how far the cache model is to be believed, on files that nothing is measured with. */

// Maximum likelihood of the mixture by EM, per bucket of `mixBucket` (Jelinek & Mercer 1980, deleted
// interpolation). The holes are filled by teacher forcing in the product's own prompts, their ends
// included, where the network alone is right. Run it on a development split: neither training nor
// held-out repositories. It prints the table of server/src/engine/decoding/cache-weights.ts.

import { certaintyBounds, matchBounds, mixBucket, nAgreement } from '../src/engine/decoding/mix.ts';
import { logSumExp } from '../src/engine/decoding/sampler.ts';
import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import { estimate, type Sample } from './bootstrap.ts';
import type { QualityFile } from './quality-files.ts';
import { sampleFiles } from './quality-files.ts';
import { QualityRun } from './quality-run.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';

/** One token of a hole: what both models gave to the true one. */
interface Observation {
  readonly cluster: string;
  readonly bucket: number;
  readonly network: number;
  readonly cache: number;
}

const nBucket = 2 * matchBounds.length * nAgreement * certaintyBounds.length;

/** Characters of a hole: about as many tokens as one suggestion has. */
const holeChars = 180;

/** Short holes for each such one: only their first tokens say something of the cursor's own piece. */
const nShort = 4;
const shortChars = 12;

/** Observations that a bucket's neighbours lend it: keeps rare buckets from saying 0 or 1. */
const nPrior = 20;

export async function learnCacheWeights(
  setting: Setting,
  files: readonly QualityFile[],
  nCase: number,
): Promise<Report> {
  const run = new QualityRun(setting);
  const observations: Observation[] = [];
  const random = seededRandom(11);
  const chosen = sampleFiles(files, nCase);
  for (let i = 0; i < nCase * (1 + nShort); i++) {
    const file = chosen[i % chosen.length] as QualityFile;
    const nChar = i < nCase ? holeChars : shortChars;
    const start = Math.floor(random() * Math.max(1, file.text.length - nChar));
    const found = await observe(run, file, start, start + nChar, i % 2 === 1);
    observations.push(...(i < nCase ? found : found.filter(({ bucket }) => bucket >= nBucket / 2)));
  }
  const weights = learn(observations);
  process.stdout.write(`${tableOf(weights)}\n`);
  const halves = [0, 1].map((half) => observations.filter(({ cluster }) => parity(cluster) === half));
  const crossed = [1, 0].flatMap((half) => {
    const learned = learn(halves[half] as Observation[]);
    return (halves[1 - half] as Observation[]).map((one) => ({ one, weight: learned[one.bucket] ?? 0 }));
  });
  const bits = (p: number) => -Math.log2(Math.max(p, 1e-12));
  const figures = [
    figure(
      'network',
      'network alone',
      crossed.map(({ one }) => sample(one, bits(one.network))),
    ),
    figure(
      'mixed',
      'mixture, cross-validated in halves of files',
      crossed.map(({ one, weight }) => sample(one, bits((1 - weight) * one.network + weight * one.cache))),
    ),
  ];
  return { suite: 'cache-weights', conditions: setting.conditions, figures };
}

/** Every token of a hole, teacher-forced; −1 is the bucket where the cache says nothing. */
async function observe(run: QualityRun, file: QualityFile, start: number, end: number, withFiles: boolean) {
  const hole = { file, before: file.text.slice(0, start), after: file.text.slice(end) };
  const ends = [...run.fim.ends];
  const tokens = Int32Array.from([...run.segments.encode(file.text.slice(start, end)), ends[0] as number]);
  const cursor = run.cursorCache(hole, withFiles);
  const observations: Observation[] = [];
  const isEndAt = (i: number) => i === tokens.length - 1;
  await run.logitsAlong(run.prompt(hole, tokens.length), tokens, (row, i) => {
    const logSum = logSumExp(row);
    const probability = (token: number) => Math.exp((row[token] as number) - logSum);
    const prediction = cursor.predict();
    const token = tokens[i] as number;
    const network = isEndAt(i) ? ends.reduce((sum, id) => sum + probability(id), 0) : probability(token);
    const top = Math.exp(row.reduce((a, b) => Math.max(a, b), -Infinity) - logSum);
    const cache = prediction?.shares[prediction.tokens.indexOf(token)] ?? 0;
    observations.push({
      cluster: file.name,
      bucket: prediction ? mixBucket(prediction, top) : -1,
      network,
      cache,
    });
    if (!isEndAt(i)) cursor.accept(token);
  });
  return observations;
}

/** λ by bucket. Buckets are drawn towards those of the same match length and agreement. */
function learn(observations: readonly Observation[]): number[] {
  const nCertainty = certaintyBounds.length;
  const groups = Array.from({ length: nBucket / nCertainty }, (_, group) =>
    expectationMaximisation(
      observations.filter(({ bucket }) => bucket >= 0 && Math.floor(bucket / nCertainty) === group),
      0.3,
    ),
  );
  return Array.from({ length: nBucket }, (_, bucket) =>
    expectationMaximisation(
      observations.filter((one) => one.bucket === bucket),
      groups[Math.floor(bucket / nCertainty)] as number,
    ),
  );
}

function expectationMaximisation(observations: readonly Observation[], prior: number): number {
  let weight = prior;
  for (let round = 0; round < 60; round++) {
    let expected = nPrior * prior;
    for (const { network, cache } of observations) {
      const fromCache = weight * cache;
      expected += fromCache / (fromCache + (1 - weight) * network + 1e-12);
    }
    weight = expected / (observations.length + nPrior);
  }
  return weight;
}

/** The table as TypeScript. */
function tableOf(weights: readonly number[]): string {
  const nCertainty = certaintyBounds.length;
  const at = (match: number, agreement: number) =>
    weights.slice((match * nAgreement + agreement) * nCertainty).slice(0, nCertainty);
  const rows = [...matchBounds, ...matchBounds].map((_, match) => {
    const cells = Array.from(
      { length: nAgreement },
      (_unused, agreement) =>
        `[${at(match, agreement)
          .map((weight) => weight.toFixed(2))
          .join(', ')}]`,
    );
    return `  [${cells.join(', ')}],`;
  });
  return `[\n${rows.join('\n')}\n]`;
}

const sample = ({ cluster }: Observation, sum: number): Sample => ({ cluster, sum, weight: 1 });

/** Files fall into two halves by a hash of their names. */
function parity(name: string): number {
  let hash = 0;
  for (const char of name) hash = (Math.imul(hash, 31) + (char.codePointAt(0) as number)) | 0;
  return (hash >>> 3) & 1;
}

function figure(key: string, label: string, samples: readonly Sample[]): Figure {
  const { mean, interval } = estimate(samples);
  return { key: `cache-weights.${key}`, label, unit: 'bit/token', median: mean, interval, n: samples.length };
}
