/** compare: which figures of a run are worse than the baseline's, beyond noise. */

import { medianInterval } from './bootstrap.ts';
import type { Figure, Report } from './report.ts';
import { median } from './statistics.ts';

/** Differences below this share are noise on any machine, however narrow the intervals are. */
const leastShare = 0.05;

export interface Change {
  readonly suite: string;
  readonly label: string;
  /** This run over the baseline; above 1 is worse, whatever the unit. */
  readonly ratio: number;
  readonly interval: readonly [number, number];
  readonly verdict: 'worse' | 'better' | 'same';
}

/** A figure that both runs have, measured in a way that says how sure it is. */
export function compareWithBaseline(reports: readonly Report[], baseline: readonly Report[]): Change[] {
  return reports.flatMap((report) => {
    const known = baseline.find((other) => isAlike(report, other));
    return report.figures.flatMap((figure) => {
      const before = known?.figures.find(({ key }) => key === figure.key);
      const change = before && changeOf(figure, before);
      return change ? [{ suite: report.suite, label: figure.label, ...change }] : [];
    });
  });
}

/** What the comparison says, for people. */
export function comparisonMarkdown(changes: readonly Change[]): string {
  const count = (verdict: Change['verdict']) => changes.filter((change) => change.verdict === verdict).length;
  const rows = changes.filter(({ verdict }) => verdict !== 'same');
  const shown = (value: number) => value.toFixed(2);
  return [
    '### Against server/bench/baseline.json',
    '',
    changes.length === 0
      ? 'Nothing to compare: the baseline has no run of these suites, this model and a machine like this one.'
      : `${count('worse')} worse, ${count('better')} better, ${count('same')} the same within noise (95 % bootstrap intervals; less than ${leastShare * 100} % never counts).`,
    '',
    ...(rows.length > 0
      ? ['| suite | figure | worse by a factor of | 95 % interval | |', '|---|---|--:|--:|---|']
      : []),
    ...rows.map(
      ({ suite, label, ratio, interval, verdict }) =>
        `| ${suite} | ${label} | ${shown(ratio)} | ${shown(interval[0])} to ${shown(interval[1])} | ${verdict} |`,
    ),
    '',
  ].join('\n');
}

/** Only runs of one model on machines of one kind say anything about the code. */
function isAlike(a: Report, b: Report): boolean {
  const keys = ['model', 'format', 'cpu', 'cores', 'threads', 'platform'] as const;
  return a.suite === b.suite && keys.every((key) => a.conditions[key] === b.conditions[key]);
}

function changeOf(now: Figure, before: Figure): Omit<Change, 'suite' | 'label'> | undefined {
  const isMoreBetter = /\/s|%|×/.test(now.unit);
  const worse = (a: number, b: number) => (isMoreBetter ? b / a : a / b);
  const nPair = Math.min(now.samples?.length ?? 0, before.samples?.length ?? 0);
  if (nPair >= 4) {
    const pairs = Array.from({ length: nPair }, (_, i) =>
      worse(now.samples?.[i] as number, before.samples?.[i] as number),
    ).filter(Number.isFinite);
    if (pairs.length >= 4) return judged(median(pairs), medianInterval(pairs));
  }
  if (!now.interval || !before.interval) return undefined;
  const ends = now.interval.flatMap((a) => before.interval?.map((b) => worse(a, b)) ?? []);
  if (!ends.every(Number.isFinite)) return undefined;
  return judged(worse(now.median, before.median), [Math.min(...ends), Math.max(...ends)]);
}

function judged(ratio: number, interval: readonly [number, number]): Omit<Change, 'suite' | 'label'> {
  const isWorse = interval[0] > 1 && ratio > 1 + leastShare;
  const isBetter = interval[1] < 1 && ratio < 1 - leastShare;
  return { ratio, interval, verdict: isWorse ? 'worse' : isBetter ? 'better' : 'same' };
}
