/** record: keeps the figures that were last agreed on, and the page and plots that show them. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plotOf } from './plot.ts';
import { markdown, type Report } from './report.ts';

/** What is written by the machine stands between these on the page. */
const marks = (name: string) => [`<!-- ${name} -->`, `<!-- /${name} -->`] as const;

/** What a report is about: a new one of the same kind takes the place of the old. */
const identityOf = ({ suite, conditions }: Report) => `${suite} ${conditions.model} ${conditions.format}`;

const baselineFileOf = (root: string) => join(root, 'server', 'bench', 'baseline.json');

/** The figures that were last agreed on. */
export async function readBaseline(root: string): Promise<Report[]> {
  return JSON.parse(await readFile(baselineFileOf(root), 'utf8')) as Report[];
}

/**
 * Merges `reports` into server/bench/baseline.json and writes the tables and plots of docs/benchmarks.md
 * anew from all of it; the text around them is written by hand and stays.
 */
export async function record(root: string, reports: readonly Report[]): Promise<void> {
  const known = await readBaseline(root);
  const merged = new Map([...known, ...reports].map((report) => [identityOf(report), report]));
  const all = [...merged.values()];
  await writeFile(baselineFileOf(root), `${JSON.stringify(all, undefined, 1)}\n`);
  await writePart(root, 'tables', all.map((report) => markdown(report)).join('\n'));
  await recordPlots(root, all);
}

/** Writes docs/images/bench-*.svg, and the list of them into the page. */
export async function recordPlots(root: string, reports: readonly Report[]): Promise<void> {
  const plots = reports.flatMap((report) => plotOf(report) ?? []);
  for (const { file, svg } of plots) await writeFile(join(root, 'docs', 'images', file), svg);
  const lines = plots.map(({ file, title }) => `![${title}](images/${file})\n`);
  await writePart(root, 'plots', `\n${lines.join('\n')}`);
}

async function writePart(root: string, name: string, text: string): Promise<void> {
  const file = join(root, 'docs', 'benchmarks.md');
  const page = await readFile(file, 'utf8');
  const [open, close] = marks(name);
  const [start, end] = [page.indexOf(open), page.indexOf(close)];
  if (start < 0 || end < start)
    throw new Error(`docs/benchmarks.md has lost its marks ${open} and ${close}.`);
  await writeFile(file, `${page.slice(0, start)}${open}\n${text}${page.slice(end)}`);
}
