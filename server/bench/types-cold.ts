/** types-cold: how soon names are known after a file of a large TypeScript project is opened. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { largeProject } from '../src/engine/testing/large-project.ts';
import { systemClock } from '../src/node/clock.ts';
import { residentBytes } from '../src/node/oracles/process-memory.ts';
import { TypeScriptOracle } from '../src/node/oracles/typescript-oracle.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';
import { median, p95 } from './statistics.ts';

const nFiles = 4_000;
const lookMs = 5;
/** Nobody waits longer for a figure. */
const limitMs = 120_000;

const notes = [
  `A project of ${nFiles.toLocaleString('en')} files, all of which the open one needs; the process that checks is started anew for every measurement, and its start counts.`,
];

/** Rejects when a project is not read within two minutes. */
export async function typesCold({ conditions, nRound }: Setting): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'stet-cold-'));
  try {
    const files = { 'tsconfig.json': '{ "compilerOptions": { "strict": true } }', ...largeProject(nFiles) };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
    const runs: Run[] = [];
    for (let i = 0; i < nRound; i++) runs.push(await run(folder, files['open.ts']));
    const figure = (key: string, label: string, unit: string, values: readonly number[]): Figure => ({
      key: `types-cold.${key}`,
      label,
      unit,
      median: median(values),
      p95: p95(values),
      samples: values,
      n: values.length,
    });
    const figures = [
      figure(
        'first',
        'opened until the first names',
        'ms',
        runs.map(({ firstMs }) => firstMs),
      ),
      figure(
        'whole',
        'opened until all files are read',
        'ms',
        runs.map(({ wholeMs }) => wholeMs),
      ),
      figure(
        'rss',
        'memory of the process',
        'MB',
        runs.map(({ rssMb }) => rssMb),
      ),
    ];
    return { suite: 'types-cold', conditions, figures, notes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Run {
  readonly firstMs: number;
  readonly wholeMs: number;
  readonly rssMb: number;
}

async function run(folder: string, text: string): Promise<Run> {
  const oracle = new TypeScriptOracle({
    path: join(dirname(fileURLToPath(import.meta.url)), 'oracle-typescript.cjs'),
    memoryMb: 1500,
    clock: systemClock,
    onHealth: () => {},
    onLog: () => {},
  });
  const uri = pathToFileURL(join(folder, 'open.ts')).href;
  const startMs = performance.now();
  const until = async (isSo: () => boolean): Promise<number> => {
    for (;;) {
      const ms = performance.now() - startMs;
      if (isSo()) return ms;
      if (ms > limitMs) throw new Error(`${nFiles} files were not read within ${limitMs / 1000} s.`);
      await systemClock.sleep(lookMs);
    }
  };
  try {
    oracle.edit({ uri, languageId: 'typescript', version: 1, text });
    const firstMs = await until(() => oracle.isWarm(uri));
    const wholeMs = await until(() => oracle.isWhole(uri));
    const bytes = oracle.pid === undefined ? undefined : await residentBytes(oracle.pid);
    return { firstMs, wholeMs, rssMb: (bytes ?? Number.NaN) / 1e6 };
  } finally {
    await oracle.dispose();
  }
}
