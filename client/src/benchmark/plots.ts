/** plots: distributions and waterfalls as inline SVG, without styles of their own so that themes decide. */

import { escapeHtml } from '../escape-html.ts';
import { type StageName, stageNames } from '../stages.ts';
import type { VariantReport } from './report.ts';
import { digits } from './report-markdown.ts';

const width = 760;
const left = 170;
const right = 20;

/** One row of dots per variant on a logarithmic axis, with the median and its interval marked. */
export function distributionPlot(variants: readonly VariantReport[]): string {
  const all = variants.flatMap(({ samples }) => samples.flatMap(({ ms }) => (ms > 0 ? [ms] : [])));
  if (all.length === 0) return '';
  const [low, high] = [Math.log10(Math.min(...all) * 0.9), Math.log10(Math.max(...all) * 1.1)];
  const x = (ms: number) =>
    left + ((Math.log10(Math.max(ms, 1e-3)) - low) / (high - low)) * (width - left - right);
  const rowHeight = 64;
  const height = variants.length * rowHeight + 30;
  const ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]
    .filter((ms) => Math.log10(ms) >= low && Math.log10(ms) <= high)
    .map(
      (ms) =>
        `<line class="grid" x1="${x(ms).toFixed(1)}" x2="${x(ms).toFixed(1)}" y1="4" y2="${height - 24}"></line><text class="tick" x="${x(ms).toFixed(1)}" y="${height - 8}" text-anchor="middle">${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}</text>`,
    );
  const rows = variants.map((variant, i) => {
    const middle = i * rowHeight + rowHeight / 2;
    const { p50, interval } = variant.latencyMs;
    return `<g><text class="name" x="${left - 14}" y="${middle + 4}" text-anchor="end">${escapeHtml(variant.name)}</text>
${dots(
  variant.samples.map(({ ms }) => ms),
  x,
  middle,
)}
<line class="interval" x1="${x(interval[0]).toFixed(1)}" x2="${x(interval[1]).toFixed(1)}" y1="${middle + 22}" y2="${middle + 22}"></line>
<line class="median" x1="${x(p50).toFixed(1)}" x2="${x(p50).toFixed(1)}" y1="${middle - 20}" y2="${middle + 26}"></line></g>`;
  });
  const words = variants.map(
    ({ name, latencyMs: l }) => `${name}: median ${digits(l.p50)} ms, 95 % within ${digits(l.p95)} ms`,
  );
  return `<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(`Distribution of times. ${words.join('; ')}`)}">${ticks.join('')}${rows.join('')}</svg>`;
}

/** Dots that would cover each other are put above and below in turn. */
function dots(samples: readonly number[], x: (ms: number) => number, middle: number): string {
  const taken = new Map<number, number>();
  return [...samples]
    .sort((a, b) => a - b)
    .map((ms) => {
      const column = Math.round(x(ms) / 5);
      const n = taken.get(column) ?? 0;
      taken.set(column, n + 1);
      const away = Math.min(4, Math.ceil(n / 2)) * (n % 2 ? 5 : -5);
      return `<circle cx="${x(ms).toFixed(1)}" cy="${middle + away}" r="2.5"></circle>`;
    })
    .join('');
}

/** The stages one below the other, each beginning where the one before ended. */
export function waterfall({ stagesMs }: VariantReport): string {
  const stages = (Object.keys(stageNames) as StageName[]).filter((name) => stagesMs[name] >= 0.05);
  const total = stages.reduce((sum, name) => sum + stagesMs[name], 0);
  const rowHeight = 24;
  const space = width - left - right - 60;
  let before = 0;
  const rows = stages.map((name, i) => {
    const [start, length] = [(before / total) * space, (stagesMs[name] / total) * space];
    before += stagesMs[name];
    const y = i * rowHeight;
    return `<text class="name" x="${left - 14}" y="${y + 16}" text-anchor="end">${stageNames[name]}</text>
<rect class="stage-${name}" x="${(left + start).toFixed(1)}" y="${y + 4}" width="${Math.max(1.5, length).toFixed(1)}" height="${rowHeight - 8}" rx="2"></rect>
<text class="value" x="${(left + start + length + 8).toFixed(1)}" y="${y + 16}">${digits(stagesMs[name])} ms</text>`;
  });
  const words = stages.map((name) => `${stageNames[name]} ${digits(stagesMs[name])} ms`).join(', ');
  return `<svg class="plot" viewBox="0 0 ${width} ${stages.length * rowHeight + 4}" role="img" aria-label="${escapeHtml(`Mean time by stage: ${words}`)}">${rows.join('')}</svg>`;
}
