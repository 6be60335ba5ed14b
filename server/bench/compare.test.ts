/** Tests of the comparison with the baseline: it sees what got slower, and does not cry at noise. */

import { expect, test } from 'vitest';
import { compareWithBaseline, comparisonMarkdown } from './compare.ts';
import type { Conditions, Figure, Report } from './report.ts';

const conditions: Conditions = {
  date: '',
  cpu: 'c',
  cores: 2,
  threads: 2,
  node: '',
  platform: 'p',
  loadAverage: 0,
  model: 'm',
  format: 'int8',
  parametersMillions: 1,
};
const times = Array.from({ length: 20 }, (_, i) => 50 + 40 * ((i * 7) % 5));
const figure = (samples: readonly number[], unit = 'ms'): Figure => ({
  key: 'k',
  label: 'a figure',
  unit,
  median: samples[0] as number,
  samples,
  n: samples.length,
});
const report = (figure: Figure, more: Partial<Conditions> = {}): Report => ({
  suite: 's',
  conditions: { ...conditions, ...more },
  figures: [figure],
});
const verdict = (now: Figure, before: Figure) =>
  compareWithBaseline([report(now)], [report(before)]).map((change) => change.verdict);

test('20 % slower in every case is seen, though cases differ by more', () => {
  expect(verdict(figure(times.map((ms) => 1.2 * ms)), figure(times))).toEqual(['worse']);
  expect(verdict(figure(times), figure(times.map((ms) => 1.2 * ms)))).toEqual(['better']);
});

test('noise is the same, and so is less than 5 %', () => {
  const noisy = times.map((ms, i) => ms * (1 + (((i * 13) % 19) - 9) / 60));
  expect(verdict(figure(noisy), figure(times))).toEqual(['same']);
  expect(verdict(figure(times.map((ms) => 1.03 * ms)), figure(times))).toEqual(['same']);
});

test('of tokens per second, fewer are worse', () => {
  expect(
    verdict(
      figure(times, 'tok/s'),
      figure(
        times.map((n) => 1.3 * n),
        'tok/s',
      ),
    ),
  ).toEqual(['worse']);
});

test('a quick run is paired with the first cases of the baseline', () => {
  expect(verdict(figure(times.slice(0, 6).map((ms) => 2 * ms)), figure(times))).toEqual(['worse']);
});

test('means are judged by their intervals', () => {
  const mean = (median: number): Figure => ({
    key: 'k',
    label: '',
    unit: '%',
    median,
    interval: [median - 2, median + 2],
    n: 9,
  });
  expect(verdict(mean(40), mean(50))).toEqual(['worse']);
  expect(verdict(mean(49), mean(50))).toEqual(['same']);
});

test('another machine or model is not judged, and that is said', () => {
  const changes = compareWithBaseline([report(figure(times), { cpu: 'other' })], [report(figure(times))]);
  expect(changes).toEqual([]);
  expect(comparisonMarkdown(changes)).toContain('Nothing to compare');
});
