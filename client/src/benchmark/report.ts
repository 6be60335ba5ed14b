/** BenchmarkReport: the figures of a benchmark in the editor, computed from what was measured. */

import type { TraceParams } from '../../../protocol/messages.ts';
import { type StageMs, type StageName, stageNames } from '../stages.ts';
import { reasonOf } from '../trace/reasons.ts';
import {
  type Interval,
  mean,
  median,
  medianInterval,
  type Sample,
  type Spread,
  spreadOf,
} from './statistics.ts';

/** How a question came about: the file was just opened, the cursor came from elsewhere, or typing went on. */
export type QuestionKind = 'opened' | 'jump' | 'typing';

/** One question and its answer. */
export interface Answered {
  readonly kind: QuestionKind;
  readonly outcome: string;
  /** From the key to the items in the editor's hands. */
  readonly ms: number;
  readonly stages: StageMs;
  /** Whether the suggestion's first line is what the line went on with; absent where that is not known. */
  readonly isHit?: boolean;
  readonly trace?: TraceParams;
}

/** The same, with its place in the run. */
export interface Measurement extends Answered, Sample {}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly platform: string;
  readonly editor: string;
  readonly stet: string;
  /** Processes that wanted the processor in the last minute, at the end of the run; 0 where unknown. */
  readonly loadAverage: number;
}

export interface VariantReport {
  readonly name: string;
  readonly latencyMs: Spread;
  readonly byKind: readonly { readonly kind: QuestionKind; readonly latencyMs: Spread }[];
  /** Means, which add up to the mean latency. */
  readonly stagesMs: StageMs;
  readonly shownPercent: number;
  /** Of the questions whose line is known; absent where none is. */
  readonly hitPercent?: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Means over the questions that the model was asked. */
  readonly tokens: { readonly kept: number; readonly shifted: number; readonly computed: number };
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  /** The largest that the engine process was. */
  readonly rssMb: number;
  /** Every latency, in the order in which they were measured. */
  readonly samples: readonly Sample[];
}

export interface Comparison {
  readonly name: string;
  readonly against: string;
  /** The median difference, question by question, in ms; negative: `name` is faster. */
  readonly differenceMs: number;
  readonly interval: Interval;
}

/** Of what is kept to be compared with; another version is forgotten. */
export const reportVersion = 2;

export interface BenchmarkReport {
  readonly version: typeof reportVersion;
  readonly date: string;
  readonly source: string;
  readonly model: string;
  readonly machine: Machine;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly variants: readonly VariantReport[];
  readonly comparisons: readonly Comparison[];
  /** Sentences. */
  readonly verdict: readonly string[];
}

export interface Measured {
  readonly name: string;
  readonly measurements: readonly Measurement[];
}

type Facts = Pick<BenchmarkReport, 'date' | 'source' | 'model' | 'machine' | 'settings'>;

/** The first of `measured` is the product as it is set; the others are compared with it. */
export function buildReport(facts: Facts, measured: readonly Measured[]): BenchmarkReport {
  const variants = measured.map(variantReport);
  const comparisons = measured.slice(1).map((other) => comparisonOf(measured[0] as Measured, other));
  return {
    version: reportVersion,
    ...facts,
    variants,
    comparisons,
    verdict: verdictOf(variants[0] as VariantReport, comparisons),
  };
}

const kinds: readonly QuestionKind[] = ['opened', 'jump', 'typing'];
const stageList = Object.keys(stageNames) as StageName[];

function variantReport({ name, measurements }: Measured): VariantReport {
  const traces = measurements.flatMap(({ trace }) => (trace && trace.firstTokenMs > 0 ? [trace] : []));
  const known = measurements.filter(({ isHit }) => isHit !== undefined);
  const sum = (of: (trace: TraceParams) => number | undefined) =>
    traces.reduce((total, trace) => total + (of(trace) ?? 0), 0);
  const average = (of: (trace: TraceParams) => number) => (traces.length > 0 ? sum(of) / traces.length : 0);
  const rate = (n: number, ms: number) => (ms > 0 ? (1000 * n) / ms : 0);
  const outcomes: Record<string, number> = {};
  for (const { outcome } of measurements) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const percent = (n: number, of: number) => (of > 0 ? (100 * n) / of : 0);
  const stagesMs = Object.fromEntries(
    stageList.map((stage) => [stage, mean(measurements.map(({ stages }) => stages[stage]))]),
  ) as StageMs;
  return {
    name,
    latencyMs: spreadOf(measurements),
    byKind: kinds.flatMap((kind) => {
      const own = measurements.filter((measurement) => measurement.kind === kind);
      return own.length > 0 ? [{ kind, latencyMs: spreadOf(own) }] : [];
    }),
    stagesMs,
    shownPercent: percent(
      measurements.filter(({ outcome }) => reasonOf(outcome).isShown).length,
      measurements.length,
    ),
    ...(known.length > 0 && {
      hitPercent: percent(known.filter(({ isHit }) => isHit).length, known.length),
    }),
    outcomes,
    tokens: {
      kept: average((trace) => trace.nKept),
      shifted: average((trace) => trace.nShifted),
      computed: average((trace) => trace.nNew),
    },
    prefillTokensPerSecond: rate(
      sum((trace) => trace.nNew),
      sum((trace) => trace.stages?.prefill),
    ),
    decodeTokensPerSecond: rate(
      sum((trace) => trace.nTokens),
      sum((trace) => trace.stages?.decode),
    ),
    rssMb: Math.max(0, ...measurements.map(({ trace }) => (trace?.rssBytes ?? 0) / 1e6)),
    samples: measurements.map(({ ms, session, question, round }) => ({ ms, session, question, round })),
  };
}

/** Both played the same sessions, each question right after the other, so they are compared in pairs. */
function comparisonOf(base: Measured, other: Measured): Comparison {
  const placeOf = ({ session, question, round }: Sample) => `${session} ${question} ${round}`;
  const before = new Map(base.measurements.map((measurement) => [placeOf(measurement), measurement.ms]));
  const differences = other.measurements.flatMap((measurement) => {
    const ms = before.get(placeOf(measurement));
    return ms === undefined ? [] : [{ ...measurement, ms: measurement.ms - ms }];
  });
  return {
    name: other.name,
    against: base.name,
    differenceMs: median(differences.map(({ ms }) => ms)),
    interval: medianInterval(differences),
  };
}

/** Times below these feel like that: Nielsen 1993 (0.1 s is at once, 1 s keeps the train of thought). */
const atOnceMs = 100;
const inTimeMs = 300;
const lateMs = 1000;

function verdictOf(variant: VariantReport, comparisons: readonly Comparison[]): string[] {
  const { p50, p95 } = variant.latencyMs;
  const feeling =
    p50 < atOnceMs
      ? 'Suggestions are there at once'
      : p50 < inTimeMs
        ? 'Suggestions come in time'
        : p50 < lateMs
          ? 'Suggestions can be waited for, but are not at once'
          : 'Suggestions come too late to be of use while typing';
  const sentences = [
    `${feeling}: half of them within ${Math.round(p50)} ms of the key, 95 % within ${Math.round(p95)} ms.`,
  ];
  const stages = Object.entries(variant.stagesMs).sort((a, b) => b[1] - a[1]);
  const [largest, largestMs] = stages[0] as [StageName, number];
  const total = stages.reduce((sum, [, ms]) => sum + ms, 0);
  sentences.push(
    `Most of the time goes to: ${stageNames[largest]} (${Math.round((100 * largestMs) / total)} %).${advice(largest)}`,
  );
  for (const comparison of comparisons) sentences.push(inWords(comparison));
  return sentences;
}

function advice(stage: StageName): string {
  if (stage === 'prefill') return ' Fewer stet.completion.contextTokens would help, or a smaller model.';
  if (stage === 'decode') return ' Fewer stet.completion.maxTokens would help, or a smaller model.';
  if (stage === 'debounce') return ' A smaller stet.completion.debounceMs would help.';
  return '';
}

function inWords({ name, against, differenceMs, interval }: Comparison): string {
  const isNoise = interval[0] <= 0 && interval[1] >= 0;
  const by = `${Math.abs(differenceMs).toFixed(1)} ms a question (95 %: ${interval[0].toFixed(1)} to ${interval[1].toFixed(1)})`;
  if (isNoise) return `“${name}” and “${against}” differ by no more than noise: ${by}.`;
  return `“${name}” is ${differenceMs > 0 ? 'slower' : 'faster'} than “${against}” by ${by}.`;
}
