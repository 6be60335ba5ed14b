/** Tests of the benchmark's figures, pages and texts. */

import { expect, test } from 'vitest';
import { type BenchmarkReport, buildReport, type Measurement } from './report.ts';
import { reportHtml } from './report-html.ts';
import { compareReports, reportMarkdown } from './report-markdown.ts';
import { quantile } from './statistics.ts';

const stages = {
  editor: 5,
  debounce: 30,
  context: 1,
  queue: 0,
  prefill: 10,
  decode: 20,
  oracle: 0,
  filter: 1,
  wire: 3,
};
/** The `i`th of a run: two questions in each of five sessions, in as many rounds as it takes. */
const measurement = (ms: number, more: Partial<Measurement> = {}, i = 0): Measurement => ({
  session: Math.floor(i / 2) % 5,
  question: i % 2,
  round: Math.floor(i / 10),
  kind: 'typing',
  outcome: 'generated',
  ms,
  stages: { ...stages, wire: ms - 67 },
  ...more,
});
const machine = {
  cpu: 'A <fast> one',
  cores: 2,
  memoryGb: 16,
  platform: 'linux x64',
  editor: 'VS Code',
  stet: '1',
  loadAverage: 0,
};
const facts = { date: '2026-11-21 08:00', source: 'a file', model: 'm', machine, settings: {} };
const report = (times: readonly number[], other: readonly number[] = times): BenchmarkReport =>
  buildReport(facts, [
    { name: 'as set', measurements: times.map((ms, i) => measurement(ms, {}, i)) },
    { name: 'other', measurements: other.map((ms, i) => measurement(ms, {}, i)) },
  ]);
const around = (ms: number) => Array.from({ length: 40 }, (_, i) => ms + ((i * 7) % 11));

test('quantiles are values that were measured', () => {
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(quantile([3, 1, 2], 1)).toBe(3);
  expect(quantile([3, 1, 2], 0)).toBe(1);
  expect(quantile([], 0.5)).toBeNaN();
});

test('a difference that is there every time is no noise', () => {
  const { comparisons, verdict } = report(around(80), around(100));
  expect(comparisons[0]).toMatchObject({ differenceMs: 20, interval: [20, 20] });
  expect(verdict.join(' ')).toContain('“other” is slower than “as set” by 20.0 ms');
});

test('a difference that comes and goes is said to be noise', () => {
  const times = around(80);
  const { verdict } = report(
    times,
    times.map((ms, i) => ms + (((i * 13) % 19) - 9)),
  );
  expect(verdict.join(' ')).toContain('no more than noise');
});

test('hits are counted among questions whose line is known', () => {
  const built = buildReport(facts, [
    {
      name: 'a',
      measurements: [measurement(90, { isHit: true }), measurement(90, { isHit: false }), measurement(90)],
    },
  ]);
  expect(built.variants[0]?.hitPercent).toBe(50);
});

test('the page shows the figures and escapes what came from outside', () => {
  const html = reportHtml(report(around(80)), false);
  expect(html).toContain('data-figure="p50">85.0 ms');
  expect(html).toContain('A &lt;fast&gt; one');
  expect(html).not.toContain('A <fast>');
  expect(html).toContain('disabled');
  expect(reportHtml(report(around(80)), true)).not.toContain('disabled');
  expect(html).not.toMatch(/ style=/); // the page's policy would drop it
});

test('the text has every variant in a row', () => {
  const text = reportMarkdown(report(around(80)));
  expect(text).toMatch(/\| as set \| 40 \| 85.0 \|/);
  expect(text).toMatch(/\| other \| 40 \|/);
});

test('two runs are compared question by question, in words', () => {
  expect(compareReports(report(around(80)), report(around(81)))[0]).toMatch(
    /^as set: .* question by question 0\.99 × .* the same within the interval\.$/,
  );
  expect(compareReports(report(around(80)), report(around(160)))[0]).toContain('faster than before');
  expect(compareReports(report(around(160)), report(around(80)))[0]).toContain('slower than before');
});

test('runs of other sessions are not judged, and a busier machine is named', () => {
  const before = report(around(160));
  const sentences = compareReports(report(around(80)), {
    ...before,
    source: 'another file',
    machine: { ...machine, loadAverage: 7 },
  });
  expect(sentences.join(' ')).not.toMatch(/faster|slower|the same within/);
  expect(sentences.join(' ')).toContain('then it was another file');
  expect(sentences.join(' ')).toContain('more busy then: load average 7.0, now 0.0');
});
