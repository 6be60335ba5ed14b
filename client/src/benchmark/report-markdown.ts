/** reportMarkdown: a benchmark's report as text that can be pasted anywhere; and two of them compared. */

import { stageNames } from '../stages.ts';
import type { BenchmarkReport, VariantReport } from './report.ts';
import { type Agreement, agreement } from './statistics.ts';

export const kindNames = {
  opened: 'first question in a file',
  jump: 'first question after a jump',
  typing: 'further keys',
} as const;

/** Three digits at least, none too many. */
export const digits = (value: number): string =>
  !Number.isFinite(value) ? '–' : Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);

export function reportMarkdown(report: BenchmarkReport): string {
  const { machine: m, variants } = report;
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [
    `## Stet: benchmark of ${report.date}`,
    '',
    `${m.cpu}, ${m.cores} cores, ${m.memoryGb} GB, ${m.platform}, ${m.editor}, Stet ${m.stet}, model ${report.model}; ${report.source}; load average ${m.loadAverage.toFixed(1)}.`,
    '',
    ...report.verdict.map((sentence) => `- ${sentence}`),
    '',
    row(['key to suggestion, ms', 'n', 'p50', '95 % interval', 'p95', 'max', 'shown', 'hits', 'tokens/s']),
    '|---|--:|--:|--:|--:|--:|--:|--:|--:|',
    ...variants.map((variant) => row([variant.name, ...cellsOf(variant)])),
    '',
    row(['stage, mean ms', ...variants.map(({ name }) => name)]),
    `|---|${variants.map(() => '--:|').join('')}`,
    ...Object.entries(stageNames).map(([stage, name]) =>
      row([name, ...variants.map(({ stagesMs }) => digits(stagesMs[stage as keyof typeof stagesMs]))]),
    ),
    '',
  ].join('\n');
}

function cellsOf({ latencyMs: l, shownPercent, hitPercent, decodeTokensPerSecond }: VariantReport) {
  return [
    l.n,
    digits(l.p50),
    `${digits(l.interval[0])} to ${digits(l.interval[1])}`,
    digits(l.p95),
    digits(l.max),
    `${digits(shownPercent)} %`,
    hitPercent === undefined ? '–' : `${digits(hitPercent)} %`,
    digits(decodeTokensPerSecond),
  ];
}

/** One sentence per variant that both have, and what else must be known to judge them. */
export function compareReports(now: BenchmarkReport, before: BenchmarkReport): string[] {
  const isAlike = now.source === before.source;
  const sentences = now.variants.flatMap((variant) => {
    const former = before.variants.find(({ name }) => name === variant.name);
    if (!former) return [];
    const [a, b] = [variant.latencyMs, former.latencyMs];
    const medians = `${variant.name}: ${digits(a.p50)} ms (${digits(a.interval[0])} to ${digits(a.interval[1])}) now, ${digits(b.p50)} ms (${digits(b.interval[0])} to ${digits(b.interval[1])}) on ${before.date}`;
    const judged = isAlike ? agreement(variant.samples, former.samples) : undefined;
    return [judged ? `${medians}; ${inWords(judged)}.` : `${medians}.`];
  });
  if (!isAlike) {
    sentences.push(
      `What was typed is not the same: then it was ${before.source}. So nothing follows from it.`,
    );
  }
  if (now.model !== before.model) sentences.push(`Then the model was ${before.model}.`);
  const [load, formerLoad] = [now.machine.loadAverage, before.machine.loadAverage];
  if (Math.abs(load - formerLoad) > 1) {
    sentences.push(
      `The machine was ${load > formerLoad ? 'less' : 'more'} busy then: load average ${formerLoad.toFixed(1)}, now ${load.toFixed(1)}.`,
    );
  }
  return sentences;
}

function inWords({ ratio, interval, verdict }: Agreement): string {
  const words = {
    same: 'the same within the interval',
    faster: 'faster than before',
    slower: 'slower than before',
  };
  return `question by question ${ratio.toFixed(2)} × as long (95 %: ${interval[0].toFixed(2)} to ${interval[1].toFixed(2)}), ${words[verdict]}`;
}
