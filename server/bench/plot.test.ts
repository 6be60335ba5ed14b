/** Tests of the plots: the same figures give the same file, in order and to scale, readable in both themes. */

import { expect, test } from 'vitest';
import { plotOf } from './plot.ts';
import type { Report } from './report.ts';

const time = (row: string, median: number, p95: number) => ({
  key: `latency.${row}.first`,
  label: `${row} & <more>`,
  unit: 'ms',
  median,
  p95,
  n: 9,
});
const report: Report = {
  suite: 'latency',
  conditions: {
    date: '2026-11-21',
    cpu: 'c',
    cores: 2,
    threads: 2,
    node: '20',
    platform: 'p',
    loadAverage: 1,
    model: 'random 59M',
    format: 'int8',
    parametersMillions: 61,
  },
  figures: [time('a', 10, 20), time('b', 100, 200), { ...time('c', 5, 5), key: 'latency.c.new' }],
};

const svg = plotOf(report)?.svg ?? '';
const all = (pattern: RegExp) => [...svg.matchAll(pattern)].map(([, found]) => found as string);

test('only what somebody waits for is plotted, each a median and a line to its 95th percentile', () => {
  expect(plotOf(report)?.file).toBe('bench-latency-random-59m-int8.svg');
  const dots = all(/class="dot" cx="([\d.]+)"/g).map(Number);
  const ends = all(/class="tail" x1="[\d.]+" x2="([\d.]+)"/g).map(Number);
  expect(dots).toHaveLength(2);
  // Ten times as long and twice as long are the same way on a logarithmic axis wherever they begin.
  const [a = 0, b = 0] = dots;
  const [aEnd = 0, bEnd = 0] = ends;
  expect(b - a).toBeGreaterThan(0);
  expect(aEnd - a).toBeCloseTo(bEnd - b, 0);
  expect((aEnd - a) / (b - a)).toBeCloseTo(Math.log10(2), 2);
  expect(plotOf({ ...report, suite: 'search' })).toBeUndefined();
});

test('the same figures give the same file, and texts are escaped', () => {
  expect(plotOf(structuredClone(report))?.svg).toBe(svg);
  expect(svg).toContain('a &amp; &lt;more&gt;');
  expect(svg).not.toContain('<more>');
});

test('texts stand out from the ground in both themes', () => {
  const [light, dark] = svg.split('@media (prefers-color-scheme: dark)') as [string, string];
  for (const css of [light, dark]) {
    const colour = (selector: string) =>
      new RegExp(`${selector} \\{ fill: (#[0-9a-f]{6})`).exec(css)?.[1] ?? '';
    for (const selector of ['text', '\\.tick']) {
      expect(contrast(colour(selector), colour('\\.ground'))).toBeGreaterThanOrEqual(4.5);
    }
  }
});

/** WCAG 2.1: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
