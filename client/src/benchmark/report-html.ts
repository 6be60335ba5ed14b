/** reportHtml: a benchmark's report as a page; pure, so that it can be tested anywhere. */

import { escapeHtml } from '../escape-html.ts';
import { reasonOf } from '../trace/reasons.ts';
import { distributionPlot, waterfall } from './plots.ts';
import type { BenchmarkReport, VariantReport } from './report.ts';
import { digits, kindNames } from './report-markdown.ts';

/** `hasPrevious`: whether there is a run to compare with. */
export function reportHtml(report: BenchmarkReport, hasPrevious: boolean): string {
  const [product] = report.variants as [VariantReport, ...VariantReport[]];
  const { machine: m } = report;
  const [headline, ...further] = report.verdict as [string, ...string[]];
  return `<main>
<header>
<h1>Benchmark</h1>
<p class="lead">${escapeHtml(report.source)}, ${escapeHtml(report.date)}</p>
<div class="actions" role="group" aria-label="What to do with this report">
<button type="button" data-action="copy">Copy as Markdown</button>
<button type="button" data-action="save" class="secondary">Save JSON…</button>
<button type="button" data-action="compare" class="secondary"${hasPrevious ? '' : ' disabled'}>Compare with previous run</button>
</div>
<p id="said" role="status" aria-live="polite"></p>
</header>
<section class="verdict" aria-label="Verdict"><p class="headline">${escapeHtml(headline)}</p>
${further.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join('\n')}</section>
${cards(product)}
<section id="previous" aria-label="Comparison with the previous run" hidden></section>
<section><h2>Where the time goes</h2>
<p class="note">Mean of ${product.latencyMs.n} questions, from the key to the moment when the editor has the suggestion; it then draws it with its next frame, which no extension can see.</p>
${waterfall(product)}</section>
<section><h2>How the times spread</h2>
<p class="note">One dot is one question; the upright line is the median, the bar below it its 95 % interval: where the median would have been with other sessions of the kind, or at another moment of the run.</p>
${distributionPlot(report.variants)}</section>
<section><h2>Side by side</h2>${comparisonTable(report.variants)}</section>
<section><h2>By situation</h2>${kindTable(report.variants)}</section>
<section><h2>What came of the questions</h2>${outcomeTable(report.variants)}</section>
<section><h2>The machine</h2>
<dl>${[
    ['processor', `${m.cpu}, ${m.cores} cores`],
    ['memory', `${m.memoryGb} GB`],
    ['system', m.platform],
    ['editor', m.editor],
    ['Stet', `${m.stet}, model ${report.model}`],
    ['busy', `load average ${m.loadAverage.toFixed(1)}`],
    ...Object.entries(report.settings).map(([key, value]) => [`stet.${key}`, JSON.stringify(value)]),
  ]
    .map(([key, value]) => `<dt>${escapeHtml(key as string)}</dt><dd>${escapeHtml(value as string)}</dd>`)
    .join('')}</dl></section>
</main>`;
}

function cards(variant: VariantReport): string {
  const { latencyMs: l, shownPercent, hitPercent, decodeTokensPerSecond, rssMb } = variant;
  const card = (id: string, label: string, value: string, note: string) =>
    `<div class="card"><span class="label">${label}</span><span class="value" data-figure="${id}">${value}</span><span class="note">${note}</span></div>`;
  const interval = `95 %: ${digits(l.interval[0])} to ${digits(l.interval[1])} ms`;
  return `<section class="cards" aria-label="In short">
${card('p50', 'Median', `${digits(l.p50)} ms`, interval)}
${card('p95', '95 % within', `${digits(l.p95)} ms`, `slowest ${digits(l.max)} ms`)}
${card('shown', 'Shown', `${digits(shownPercent)} %`, hitPercent === undefined ? `of ${l.n} questions` : `${digits(hitPercent)} % are what the line went on with`)}
${card('speed', 'Writes', `${digits(decodeTokensPerSecond)} tokens/s`, `reads ${digits(variant.prefillTokensPerSecond)} tokens/s`)}
${card('memory', 'Engine memory', `${digits(rssMb)} MB`, 'the largest it was')}
</section>`;
}

function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = ([first, ...rest]: readonly string[]) =>
    `<tr><th scope="row">${escapeHtml(first as string)}</th>${rest.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table><thead><tr>${head
    .map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`)
    .join('')}</tr></thead><tbody>${rows.map(cells).join('')}</tbody></table></div>`;
}

function comparisonTable(variants: readonly VariantReport[]): string {
  const head = [
    'setting',
    'p50, ms',
    '95 % interval',
    'p95, ms',
    'max, ms',
    'kept',
    'moved',
    'computed',
    'tokens/s',
  ];
  return table(
    'Settings side by side',
    head,
    variants.map(({ name, latencyMs: l, tokens, decodeTokensPerSecond }) => [
      name,
      digits(l.p50),
      `${digits(l.interval[0])} to ${digits(l.interval[1])}`,
      digits(l.p95),
      digits(l.max),
      ...[tokens.kept, tokens.shifted, tokens.computed, decodeTokensPerSecond].map(digits),
    ]),
  );
}

function kindTable(variants: readonly VariantReport[]): string {
  const head = ['situation', 'n', ...variants.map(({ name }) => `${name}: p50 (p95), ms`)];
  const kinds = variants[0]?.byKind ?? [];
  return table(
    'Times by situation',
    head,
    kinds.map(({ kind, latencyMs }) => [
      kindNames[kind],
      String(latencyMs.n),
      ...variants.map(({ byKind }) => {
        const own = byKind.find((entry) => entry.kind === kind);
        return own ? `${digits(own.latencyMs.p50)} (${digits(own.latencyMs.p95)})` : '–';
      }),
    ]),
  );
}

function outcomeTable(variants: readonly VariantReport[]): string {
  const outcomes = [...new Set(variants.flatMap(({ outcomes: counts }) => Object.keys(counts)))];
  return table(
    'Outcomes',
    ['outcome', ...variants.map(({ name }) => name), 'meaning'],
    outcomes.map((outcome) => [
      outcome,
      ...variants.map(({ outcomes: counts }) => String(counts[outcome] ?? 0)),
      reasonOf(outcome).words,
    ]),
  );
}
