/** related: what pieces of files that are not open bring to suggestions; the same holes with and without them. */

// As in the product (lsp/related-context): an index of the repository is asked by the names around the
// cursor and by meaning, and what it finds in files that are not open feeds the cache model. Only
// quality is measured, so nothing here depends on how fast the machine is.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheWeights } from '../src/engine/decoding/cache-weights.ts';
import { CacheSampler } from '../src/engine/decoding/mix.ts';
import type { StoredChunk } from '../src/engine/search/store.ts';
import { maxPieces, relatedPieces, scopeOf } from '../src/lsp/related-context.ts';
import { openParsers } from '../src/node/open-local-engine.ts';
import { openEncoder } from '../src/node/search/encoder-files.ts';
import { difference, estimate, type Sample } from './bootstrap.ts';
import { cutToCase, isCaseDone, type QualityCase, qualityCases } from './quality-cases.ts';
import { filesOfRepository, sampleFiles } from './quality-files.ts';
import { type Hole, QualityRun } from './quality-run.ts';
import type { Figure, Report } from './report.ts';
import { SearchIndex } from './search-index.ts';
import type { Setting } from './setting.ts';

/** Who knows what beside the own file. Open are the four files beside it, as in `quality`. */
const contenders = ['open files', 'open and related', 'own file', 'own and related'] as const;
type Contender = (typeof contenders)[number];

const measures = ['bits per token', 'exact line', 'has a new name'] as const;
type Measure = (typeof measures)[number];

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const maxTruthTokens = 48;

type Scores = Record<Contender, Record<Measure, Sample[]>>;

/** `nCase` lines of each repository, in files as they are, with all that follows the line. */
export async function related(setting: Setting, gitDirs: readonly string[], nCase: number): Promise<Report> {
  if (gitDirs.length === 0) throw new Error('Name repositories with --repos: their files are related.');
  const run = new QualityRun(setting);
  const scores = Object.fromEntries(
    contenders.map((name) => [name, { 'bits per token': [], 'exact line': [], 'has a new name': [] }]),
  ) as unknown as Scores;
  const parsers = await openParsers(join(root, 'grammars'), () => {});
  const encoder = await openEncoder(join(root, 'model'));
  if (!parsers) throw new Error('The grammars do not load: npm run build.');
  for (const gitDir of gitDirs) {
    const files = filesOfRepository(gitDir);
    const documents = files.map(({ name, languageId, text }) => ({ path: name, languageId, text }));
    const index = await SearchIndex.build(documents, 'AST chunks', encoder, parsers);
    const cases = qualityCases(sampleFiles(files, nCase), 'line', nCase);
    for (const [i, one] of cases.entries()) {
      process.stderr.write(`\r${gitDir}: ${i + 1} of ${cases.length} `);
      await measure(run, one, await piecesFor(index, encoder, one), scores);
    }
    await index.close();
  }
  process.stderr.write('\n');
  parsers.dispose();
  return { suite: 'related', conditions: setting.conditions, figures: figures(scores), notes };
}

type Encoder = Awaited<ReturnType<typeof openEncoder>>;

/** What the index finds at a place, by which files are open. */
async function piecesFor(index: SearchIndex, encoder: Encoder, { file, before, after }: QualityCase) {
  const scope = scopeOf(before + after, before.length);
  const named = (await index.fused(scope.words, 2 * maxPieces)).map(({ chunk }) => chunk);
  const vector = encoder.embedDocument({ name: '', path: '', code: scope.text });
  const hits = await index.store.nearest(vector, maxPieces);
  const near = await index.store.chunks(hits.map(({ key }) => key));
  return (open: ReadonlySet<string>) => {
    const isWanted = ({ path, languageId }: StoredChunk) => !open.has(path) && languageId === file.languageId;
    return relatedPieces(named.filter(isWanted), near.filter(isWanted));
  };
}

async function measure(
  run: QualityRun,
  one: QualityCase,
  pieces: Awaited<ReturnType<typeof piecesFor>>,
  scores: Scores,
) {
  const { file, middle } = one;
  const truth = run.segments.encode(middle).subarray(0, maxTruthTokens);
  const rows: Float32Array[] = [];
  await run.logitsAlong(run.prompt(one), truth, (row) => rows.push(row.slice()));
  const known = new Set(
    namesIn([one.before, one.after, ...file.neighbours.map(({ text }) => text)].join('\n')),
  );
  const fresh = namesIn(middle).filter((name) => !known.has(name));
  for (const contender of contenders) {
    const open = contender.startsWith('open') ? file.neighbours : [];
    const found = contender.endsWith('related')
      ? pieces(new Set([file, ...open].map(({ name }) => name)))
      : [];
    // As the product orders them: the file touched last, what is related, the other open files.
    const others = [...open.slice(0, 1), ...found, ...open.slice(1)];
    const hole = { ...one, file: { name: file.name, neighbours: others.map(asFile) } };
    const bits = bitsOf(run, hole, rows, truth);
    const { text } = await run.fill(hole, 'network + cache', (written) => isCaseDone(one, written));
    const written = cutToCase(one, text).trimEnd();
    const add = (measure: Measure, sum: number, weight = 1) =>
      scores[contender][measure].push({ cluster: file.name, sum, weight });
    add('bits per token', bits, truth.length);
    add('exact line', written === middle.trimEnd() ? 100 : 0);
    if (fresh.length > 0)
      add(
        'has a new name',
        fresh.some((name) => others.some(({ text: other }) => other.includes(name))) ? 100 : 0,
      );
  }
}

function bitsOf(run: QualityRun, hole: Hole, rows: readonly Float32Array[], truth: Int32Array): number {
  const sampler = new CacheSampler(run.cursorCache(hole, true), cacheWeights, run.isEnd);
  let bits = 0;
  truth.forEach((token, i) => {
    bits -= (sampler.logProbabilities(rows[i] as Float32Array)[token] as number) / Math.LN2;
    sampler.accept(token);
  });
  return bits;
}

const asFile = ({ text }: { readonly text: string }) => ({ name: '', languageId: '', text });

function namesIn(text: string): string[] {
  return text.match(/[\p{L}_$][\p{L}\p{N}_$]{3,}/gu) ?? [];
}

const notes = [
  'A hole is a line from a random column to its end, in a file as it is in the repository, with all that follows it. “open” is the file and the four beside it, “own” the file alone; “related” adds up to 12 pieces that the index finds for the place in files that are not open. The gain is of pairs, with the 95 % interval of 1,000 resamples by file.',
  '“has a new name”: of the lines with a name that neither their file nor the four beside it have, the share where another text that feeds the cache model has it.',
];

function figures(scores: Scores): Figure[] {
  return measures.flatMap((measure) => {
    const of = (contender: Contender) => scores[contender][measure];
    const figure = (row: string, samples: readonly Sample[]): Figure => {
      const { mean, interval } = estimate(samples);
      const unit = measure === 'bits per token' ? 'bit/token' : '%';
      return {
        key: `related.${measure}.${row}`.replaceAll(' ', '-'),
        label: `${measure}: ${row}`,
        unit,
        median: mean,
        interval,
        n: samples.length,
      };
    };
    return [
      ...contenders.map((contender) => figure(contender, of(contender))),
      figure('gain beside open files', difference(of('open files'), of('open and related'))),
      figure('gain beside the own file', difference(of('own file'), of('own and related'))),
    ];
  });
}
