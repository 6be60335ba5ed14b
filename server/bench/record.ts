/** record: keeps the figures that were last agreed on, and the page that shows them. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdown, type Report } from './report.ts';

const open = '<!-- tables -->';
const close = '<!-- /tables -->';

/** What a report is about: a new one of the same kind takes the place of the old. */
const identityOf = ({ suite, conditions }: Report) => `${suite} ${conditions.model} ${conditions.format}`;

const baselineFileOf = (root: string) => join(root, 'server', 'bench', 'baseline.json');

/** The figures that were last agreed on. */
export async function readBaseline(root: string): Promise<Report[]> {
  return JSON.parse(await readFile(baselineFileOf(root), 'utf8')) as Report[];
}

/**
 * Merges `reports` into server/bench/baseline.json and writes the tables of docs/benchmarks.md anew
 * from all of it; the text around the tables is written by hand and stays.
 */
export async function record(root: string, reports: readonly Report[]): Promise<void> {
  const known = await readBaseline(root);
  const merged = new Map([...known, ...reports].map((report) => [identityOf(report), report]));
  const all = [...merged.values()];
  await writeFile(baselineFileOf(root), `${JSON.stringify(all, undefined, 1)}\n`);

  const pageFile = join(root, 'docs', 'benchmarks.md');
  const page = await readFile(pageFile, 'utf8');
  const [start, end] = [page.indexOf(open), page.indexOf(close)];
  if (start < 0 || end < start)
    throw new Error(`docs/benchmarks.md has lost its marks ${open} and ${close}.`);
  const tables = all.map((report) => markdown(report)).join('\n');
  await writeFile(pageFile, `${page.slice(0, start)}${open}\n${tables}${page.slice(end)}`);
}
