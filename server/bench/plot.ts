/** plot: times of a report as SVG, one dot a median, a line from it to the 95th percentile, on a logarithmic axis. */

// Written by hand and without a script, so that the same figures give the same file. It brings its own
// ground, so that it can be read on a page of either theme, whatever the browser thinks of the page's.

import type { Figure, Report } from './report.ts';

export interface Plot {
  /** Below docs/images. */
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

/** Which figures of which suite are worth a picture: those that say how long somebody waits. */
const plotted: Readonly<Record<string, (figure: Figure) => boolean>> = {
  latency: ({ key }) => /\.(first|full)$/.test(key),
  replay: ({ cell }) => isFirstToken(cell?.column),
  'edit-reuse': ({ cell }) => isFirstToken(cell?.column) && / 1000 tokens$/.test(cell?.table ?? ''),
};

const isFirstToken = (column = '') => column.startsWith('time to first token');

/** Undefined where the report has nothing to plot. */
export function plotOf({ suite, conditions, figures }: Report): Plot | undefined {
  const wanted = figures.filter((figure) => figure.median > 0 && plotted[suite]?.(figure));
  if (wanted.length === 0) return undefined;
  const title = `${suite}: ${conditions.model}, ${conditions.format}, milliseconds`;
  const name = `${suite} ${conditions.model} ${conditions.format}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return { file: `bench-${name}.svg`, title, svg: svgOf(title, wanted) };
}

const width = 820;
const left = 360;
const right = 70;
const rowHeight = 21;
const headHeight = 40;

const style = `
.ground { fill: #ffffff; stroke: #d0d7de; } text { fill: #1f2328; font: 12px system-ui, sans-serif; }
.title, .group { font-weight: 600; } .tick { fill: #59636e; font-size: 11px; } .grid { stroke: #e6eaef; }
.tail { stroke: #0a58ca; stroke-width: 3; stroke-opacity: 0.35; } .dot { fill: #0a58ca; }
@media (prefers-color-scheme: dark) {
.ground { fill: #1c2128; stroke: #3d444d; } text { fill: #e6edf3; } .tick { fill: #9aa4af; } .grid { stroke: #30363d; }
.tail { stroke: #6cb6ff; } .dot { fill: #6cb6ff; } }`;

function svgOf(title: string, figures: readonly Figure[]): string {
  const times = figures.flatMap(({ median, p95 }) => [median, p95 ?? median]);
  const [low, high] = [Math.log10(Math.min(...times) * 0.8), Math.log10(Math.max(...times) * 1.15)];
  const x = (ms: number) => left + ((Math.log10(ms) - low) / (high - low)) * (width - left - right);
  const rows: string[] = [];
  let y = headHeight;
  let group: string | undefined;
  for (const figure of figures) {
    const { cell } = figure;
    if (cell && cell.table !== group) {
      group = cell.table;
      y += rowHeight;
      rows.push(`<text class="group" x="16" y="${y - 4}">${escaped(cell.table)}</text>`);
    }
    y += rowHeight;
    rows.push(rowOf(figure, y, x));
  }
  const ticks = [-1, 0, 1, 2, 3, 4]
    .flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power))
    .filter((ms) => Math.log10(ms) >= low && Math.log10(ms) <= high)
    .map((ms) => {
      const at = x(ms).toFixed(1);
      return `<line class="grid" x1="${at}" x2="${at}" y1="${headHeight}" y2="${y + 8}"/>
<text class="tick" x="${at}" y="${y + 24}" text-anchor="middle">${Number(ms.toPrecision(1))}</text>`;
    });
  const height = y + 36;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>${style}</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
<text class="title" x="16" y="26">${escaped(title)}; dot: median, line: to the 95th percentile</text>
${[...ticks, ...rows].join('\n')}
</svg>
`;
}

function rowOf({ label, cell, median, p95 }: Figure, y: number, x: (ms: number) => number): string {
  const middle = y - 8;
  const end = x(p95 ?? median);
  return `<text x="${left - 14}" y="${y - 4}" text-anchor="end">${escaped(cell?.row ?? label)}</text>
<line class="tail" x1="${x(median).toFixed(1)}" x2="${end.toFixed(1)}" y1="${middle}" y2="${middle}"/>
<circle class="dot" cx="${x(median).toFixed(1)}" cy="${middle}" r="4"/>
<text class="tick" x="${(end + 9).toFixed(1)}" y="${y - 4}">${median >= 100 ? median.toFixed(0) : median.toPrecision(3)}</text>`;
}

const escaped = (text: string) =>
  text.replace(
    /[&<>"]/g,
    (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[mark] as string,
  );
