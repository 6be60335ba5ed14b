/** types: whether static analysis keeps the model from inventing members, and what that costs. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SymbolOracle } from '../src/engine/decoding/constraints/symbol-oracle.ts';
import { systemClock } from '../src/node/clock.ts';
import { openParsers } from '../src/node/open-local-engine.ts';
import { LspOracle } from '../src/node/oracles/lsp-oracle.ts';
import { projectRoot } from '../src/node/oracles/on-disk.ts';
import { residentBytes } from '../src/node/oracles/process-memory.ts';
import {
  pyrightLanguages,
  pyrightLaunch,
  pyrightName,
  pyrightTraits,
  pythonRootMarkers,
} from '../src/node/oracles/python-server.ts';
import { TypeScriptOracle } from '../src/node/oracles/typescript-oracle.ts';
import { difference, estimate, type Sample } from './bootstrap.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';
import { median, p95 } from './statistics.ts';
import { type DotCase, dotCases, layOut } from './types-cases.ts';
import { type Judged, judge, kindsAsked, type Outcome } from './types-judge.ts';
import { type Method, methods, TypesRun } from './types-run.ts';

const bundleFolder = dirname(fileURLToPath(import.meta.url));
const memoryMb = 1500;
/** A document that is not read by then is left out. */
const maxColdMs = 90_000;
const live = new AbortController().signal;

const languages = ['typescript', 'javascript', 'python'] as const;
type OpenOracle = SymbolOracle & {
  readonly pid: number | undefined;
  isWarm(uri: string): boolean;
  /** Absent where an oracle that is warm knows all that it will know. */
  isWhole?(uri: string): boolean;
};

/** `nCase` cases of each language; `gitDirs` are bare git directories, laid out in a folder of their own. */
export async function types(
  setting: Setting,
  folders: readonly string[],
  gitDirs: readonly string[],
  nCase: number,
): Promise<Report> {
  const scratch = await mkdtemp(join(tmpdir(), 'stet-types-'));
  const parsers = await openParsers(join(bundleFolder, '..', 'grammars'), () => {});
  if (!parsers) throw new Error('The grammars do not load. Build the extension again.');
  const figures: Figure[] = [];
  try {
    const all = [...folders, ...layOut(gitDirs, scratch)];
    for (const languageId of languages) {
      const cases = await dotCases(parsers, all, languageId, nCase);
      if (cases.length > 0) figures.push(...(await measure(setting, languageId, cases)));
    }
  } finally {
    parsers.dispose();
    await rm(scratch, { recursive: true, force: true });
  }
  return { suite: 'types', conditions: setting.conditions, figures, notes };
}

const notes = [
  'Member accesses inside function bodies; the text behind the dot is removed to the end of the function and written anew (at most 96 tokens, greedy, network and cache model of the own file). “Suffix dropped”: the model does not see what follows; static analysis does.',
  'NIM: next identifier right; ISM, PM: share of the true identifiers and tokens that the text begins with; compiles: no error that the real file has not (function: all that was written; statement: its first statement in the otherwise real file). JavaScript: without checkJs only syntax counts as an error.',
  '“Ours + check” leaves out what the type check finds wrong within its 60 ms: compiles is then of what is left (shown).',
  'Every answer is waited for, so that the figures of quality do not depend on what else the machine does; times are real.',
  'The repositories have no node_modules and no site-packages here: receivers of library types are unknown, and nobody forbids anything there.',
];

async function measure(
  setting: Setting,
  languageId: string,
  cases: readonly DotCase[],
): Promise<readonly Figure[]> {
  const oracle = openOracle(languageId);
  const run = new TypesRun(setting, oracle);
  const judged: Judged[] = [];
  const coldMs: number[] = [];
  const paired: Paired[] = [];
  let nCold = 0;
  try {
    for (const [i, one] of cases.entries()) {
      const startMs = performance.now();
      if (!(await warm(oracle, one))) {
        nCold++;
        continue;
      }
      coldMs.push(performance.now() - startMs);
      await untilWhole(oracle, one.uri);
      if (i % pairStep === 0) paired.push(await pair(run, one, i % (2 * pairStep) === 0));
      const { uri, file } = one;
      const text = file.text;
      const range = { start: 0, endExclusive: text.length };
      const baseline = await oracle.diagnostics({ uri, languageId, text, ...range }, live);
      for (const hasSuffix of [true, false]) {
        // Every method is first as often as the others: what warms up helps each of them alike.
        for (const k of methods.keys()) {
          const method = methods[(i + k) % methods.length] as Method;
          const completed = await run.complete(one, method, hasSuffix);
          judged.push(await judge(oracle, one, { method, hasSuffix, completed, baseline }));
        }
      }
      if (cases[i + 1]?.uri !== uri) oracle.edit({ uri, languageId, version: 2, text: undefined });
      if (i % 10 === 9) process.stderr.write(`types ${languageId}: ${i + 1} of ${cases.length}\n`);
    }
    const rss = oracle.pid === undefined ? undefined : await residentBytes(oracle.pid);
    const latency = latencyFigures(languageId, paired);
    const rest = figuresOf(languageId, judged, {
      firstMs: coldMs[0] ?? Number.NaN,
      nCold,
      rss: rss ?? Number.NaN,
    });
    return [...rest, ...latency];
  } finally {
    await oracle.dispose();
  }
}

function openOracle(languageId: string): OpenOracle {
  const onHealth = (health: string, detail: string) => {
    if (health === 'restarting' || health === 'failed') process.stderr.write(`types: ${detail}\n`);
  };
  if (languageId !== 'python') {
    const path = join(bundleFolder, 'oracle-typescript.cjs');
    return new TypeScriptOracle({ path, memoryMb, clock: systemClock, onHealth, onLog: () => {} });
  }
  const files = {
    pyrightFolder: join(bundleFolder, 'pyright'),
    preload: join(bundleFolder, 'no-children.cjs'),
  };
  return new LspOracle({
    name: pyrightName,
    languages: pyrightLanguages,
    traits: pyrightTraits,
    memoryMb,
    clock: systemClock,
    onHealth,
    deadlines: { symbolsMs: 30_000, diagnosticsMs: 60_000 },
    rootOf: (uri) => projectRoot(uri, pythonRootMarkers),
    launch: (root) => pyrightLaunch(files, root, memoryMb),
  });
}

async function warm(oracle: OpenOracle, { uri, languageId, file }: DotCase): Promise<boolean> {
  if (oracle.isWarm(uri)) return true;
  oracle.edit({ uri, languageId, version: 1, text: file.text });
  const endMs = performance.now() + maxColdMs;
  while (!oracle.isWarm(uri)) {
    if (performance.now() > endMs) return false;
    await systemClock.sleep(5);
  }
  return true;
}

/** Quality is that of the steady state; a large project is read in two parts, the second one when it is quiet. */
async function untilWhole(oracle: OpenOracle, uri: string): Promise<void> {
  const endMs = performance.now() + maxColdMs;
  while (oracle.isWhole?.(uri) === false && performance.now() < endMs) await systemClock.sleep(5);
}

/** Every so many cases the whole request is timed, with and without the monitor. */
const pairStep = 3;

interface Paired {
  readonly offMs: number;
  readonly onMs: number;
}

async function pair(run: TypesRun, one: DotCase, isOnFirst: boolean): Promise<Paired> {
  const onBefore = isOnFirst ? await run.requestMs(one, 'ours') : undefined;
  const offMs = await run.requestMs(one, 'no monitor');
  return { offMs, onMs: onBefore ?? (await run.requestMs(one, 'ours')) };
}

function latencyFigures(languageId: string, paired: readonly Paired[]): Figure[] {
  const figure = (key: string, label: string, unit: string, values: readonly number[]): Figure => ({
    key: `types.${languageId}.request.${key}`,
    label: `${languageId}: ${label}`,
    unit,
    median: median(values),
    p95: p95(values),
    n: values.length,
  });
  if (paired.length === 0) return [];
  return [
    figure(
      'off',
      'whole request with the debounce, empty cache, no monitor',
      'ms',
      paired.map(({ offMs }) => offMs),
    ),
    figure(
      'on',
      'whole request with the debounce, empty cache, ours',
      'ms',
      paired.map(({ onMs }) => onMs),
    ),
    figure(
      'added',
      'added to a request by ours, in pairs',
      '%',
      paired.map(({ offMs, onMs }) => 100 * (onMs / offMs - 1)),
    ),
  ];
}

interface OracleCost {
  readonly firstMs: number;
  readonly nCold: number;
  readonly rss: number;
}

function figuresOf(languageId: string, judged: readonly Judged[], cost: OracleCost): Figure[] {
  const figures: Figure[] = [];
  const single = (key: string, label: string, unit: string, values: readonly number[], more = {}) =>
    figures.push({
      key: `types.${languageId}.${key}`,
      label: `${languageId}: ${label}`,
      unit,
      median: median(values),
      n: values.length,
      ...more,
    });
  for (const hasSuffix of [true, false]) {
    const of = (method: Method) =>
      judged.filter((one) => one.method === method && one.hasSuffix === hasSuffix);
    const how = hasSuffix ? 'suffix kept' : 'suffix dropped';
    const table = `${languageId}, ${how}`;
    const cell = (row: string, column: string, samples: readonly Sample[]) =>
      figures.push({
        key: `types.${languageId}.${hasSuffix ? 'fim' : 'plain'}.${row}.${column}`,
        label: `${table}, ${row}: ${column}`,
        unit: '%',
        median: estimate(samples).mean,
        n: of('no monitor').length,
        cell: { table, row, column },
      });
    for (const method of methods) {
      for (const outcome of outcomes) cell(method, outcome.name, samplesOf(of(method), outcome.of));
      cell(
        method,
        'shown',
        samplesOf(of(method), () => 1),
      );
    }
    const shown = of('ours').filter(({ isDropped }) => !isDropped);
    for (const outcome of outcomes) cell('ours + check', outcome.name, samplesOf(shown, outcome.of));
    cell(
      'ours + check',
      'shown',
      samplesOf(of('ours'), ({ isDropped }) => (isDropped ? 0 : 1)),
    );
    for (const outcome of outcomes) {
      const gain = difference(samplesOf(of('no monitor'), outcome.of), samplesOf(of('ours'), outcome.of));
      const { mean, interval } = estimate(gain);
      single(
        `${hasSuffix ? 'fim' : 'plain'}.gain.${outcome.name}`,
        `${how}, gain of ours: ${outcome.name}`,
        'points',
        [mean],
        {
          interval,
          n: gain.length,
        },
      );
    }
  }
  figures.push(...costFigures(languageId, judged, cost));
  return figures;
}

const outcomes: readonly { name: string; of: (one: Outcome) => number }[] = [
  { name: 'NIM', of: ({ scores }) => scores.nextIdentifier },
  { name: 'ISM', of: ({ scores }) => scores.identifiers },
  { name: 'PM', of: ({ scores }) => scores.prefix },
  { name: 'compiles (statement)', of: ({ isStatementFine }) => (isStatementFine ? 1 : 0) },
  { name: 'compiles (function)', of: ({ isFunctionFine }) => (isFunctionFine ? 1 : 0) },
];

const samplesOf = (judged: readonly Judged[], value: (one: Judged) => number): Sample[] =>
  judged.map((one) => ({ cluster: one.uri, sum: 100 * value(one), weight: 1 }));

function costFigures(languageId: string, judged: readonly Judged[], cost: OracleCost): Figure[] {
  const of = (method: Method) => judged.filter((one) => one.method === method);
  const perToken = (method: Method) =>
    of(method).map(({ completed: { ms, nTokens } }) => ms / Math.max(1, nTokens));
  const figure = (
    key: string,
    label: string,
    unit: string,
    values: readonly number[],
    value = median(values),
  ): Figure => ({
    key: `types.${languageId}.${key}`,
    label: `${languageId}: ${label}`,
    unit,
    median: value,
    ...(values.length > 1 && { p95: p95(values) }),
    n: values.length,
  });
  const masks = of('ours').flatMap(({ completed }) => completed.masks);
  const share = (key: string, label: string, isIt: (mask: (typeof masks)[number]) => boolean) =>
    figure(key, label, '%', [(100 * masks.filter(isIt).length) / Math.max(1, masks.length)]);
  const first = of('ours').filter(({ hasSuffix }) => hasSuffix);
  const harmful = first.filter(({ place }) => place === 'harmful').length;
  return [
    ...methods.map((method) => figure(`token.${method}`, `ms per token, ${method}`, 'ms', perToken(method))),
    figure(
      'wait',
      'waited for names per request, ours',
      'ms',
      of('ours').map(({ completed }) => completed.waitedMs),
    ),
    figure(
      'ask',
      'until an answer, ours',
      'ms',
      masks.map(({ ms }) => ms),
    ),
    share(
      'late',
      'answers that the product would not have waited for (more than 40 ms)',
      (mask) => (mask.waitedMs ?? 0) > 40,
    ),
    share('unknown', 'questions that nobody could answer', ({ nNames }) => nNames === 0),
    share('closed', 'questions with a closed set', ({ isClosed }) => isClosed),
    figure('harmful', 'closed sets without the true name, at the first dot', '%', [
      (100 * harmful) / Math.max(1, first.length),
    ]),
    figure('hit', 'sets with the true name, at the first dot', '%', [
      (100 * first.filter(({ place }) => place === 'hit').length) / Math.max(1, first.length),
    ]),
    figure(
      'check',
      'type check of a finished text',
      'ms',
      judged.map(({ checkMs }) => checkMs),
    ),
    figure('cold', 'first document opened until it is known', 'ms', [cost.firstMs]),
    figure('left-out', 'cases left out: not read within 90 s', '', [cost.nCold]),
    figure('rss', 'memory of the oracle at the end', 'MB', [cost.rss / 1e6]),
    ...kindsAsked(masks).map(({ kind, n, nNames, nRejected }) =>
      figure(`kind.${kind}`, `${kind}: tokens refused per question (${n} asked, ${nNames} answered)`, '', [
        nRejected,
      ]),
    ),
  ];
}
