/** bench: `npm run bench -- SUITE`; prints tables, and one JSON document as its last line. */

import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { WeightFormat } from '../src/engine/model/weights.ts';
import { type Against, parseAgainst } from './against.ts';
import { learnCacheWeights } from './cache-weights.ts';
import { commitSessions, type Session } from './commit-sessions.ts';
import { compareWithBaseline, comparisonMarkdown } from './compare.ts';
import { compression } from './compression.ts';
import { fitConfidence } from './confidence.ts';
import { decoding } from './decoding.ts';
import { editReuse } from './edit-reuse.ts';
import { filters } from './filters.ts';
import { humaneval } from './humaneval.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { folderVariable } from './peers/llama-cpp.ts';
import { peers } from './peers.ts';
import { quality } from './quality.ts';
import { filesOfFolder, filesOfRepository, type QualityFile } from './quality-files.ts';
import { readBaseline, record } from './record.ts';
import { related } from './related.ts';
import { replay } from './replay.ts';
import { markdown, type Report } from './report.ts';
import { search } from './search.ts';
import { searchScale, searchScaleCommand } from './search-scale.ts';
import { searchSpeed } from './search-speed.ts';
import { openSetting, type Setting, type SettingOptions } from './setting.ts';
import { types } from './types.ts';
import { typesCold } from './types-cold.ts';

/** What the suites about quality measure with. */
interface Material {
  readonly files: () => Promise<QualityFile[]>;
  /** As given on the command line. */
  readonly folders: readonly string[];
  readonly gitDirs: readonly string[];
  readonly nCase: number;
  /** Compression begins no case after this. */
  readonly minutes: number;
  readonly humanEvalFolder: string | undefined;
  readonly cosqaFolder: string | undefined;
  /** Typing sessions to replay instead of the bundled ones. */
  readonly sessionFiles: readonly string[];
  /** What replay compares with, instead of with prefix reuse. */
  readonly against: Against | undefined;
  /** From the commits of `--repos`. */
  readonly sessions: () => Session[];
}

type Suite = (setting: Setting, material: Material, options: SettingOptions) => Promise<Report>;

const suites: Readonly<Record<string, Suite>> = {
  latency,
  'edit-reuse': editReuse,
  replay: (setting, { sessionFiles, against }, options) =>
    replay(setting, sessionFiles, against && { against, options }),
  peers,
  quality: async (setting, { files, nCase }) => quality(setting, await files(), nCase),
  types: (setting, { folders, gitDirs, nCase }) => types(setting, folders, gitDirs, nCase),
  search: (setting, { gitDirs, cosqaFolder, nCase }) => search(setting, { gitDirs, cosqaFolder, nCase }),
  compression: async (setting, { files, nCase, minutes }) =>
    compression(setting, await files(), nCase, minutes),
  related: (setting, { gitDirs, nCase }) => related(setting, gitDirs, nCase),
  'search-speed': (setting, { gitDirs }) => searchSpeed(setting, gitDirs),
  humaneval: (setting, { humanEvalFolder, nCase }) => humaneval(setting, humanEvalFolder, nCase),
  decoding: (setting, { sessions }) => decoding(setting, sessions()),
  filters,
  confidence: (setting, { sessions }) => fitConfidence(setting, sessions()),
  idle,
  'types-cold': typesCold,
  'cache-weights': async (setting, { files, nCase }) => learnCacheWeights(setting, await files(), nCase),
};

/** What runs when none is named, in a quick form: what needs no material and changes nothing. */
const defaultSuites = [
  'latency',
  'edit-reuse',
  'replay',
  ...(process.env[folderVariable] ? ['peers'] : []), // llama.cpp has to be installed for it
  'quality',
  'compression',
];
const quick = { rounds: 6, cases: 20 };
const full = { rounds: 20, cases: 200 };

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const usage = `npm run bench -- [SUITE …] [options]
       npm run bench -- replay SESSION.jsonl …    a session that the editor recorded (docs/trace-format.md)
  suites            ${Object.keys(suites).join(', ')} (default: ${defaultSuites.join(', ')})
  --model FOLDER    the model (default: the embedded one)
  --random SHAPE    random weights instead: 59M or 90M; for time, not for quality
  --format FORMAT   int8 (default), int8-block, int4 or fp32
  --threads N       CPU threads (default: as the product chooses)
  --rounds N        measurements of each kind (default ${full.rounds}, ${quick.rounds} when no suite is named)
  --files FOLDER    source files to measure quality with (may be repeated; default: this repository's own)
  --repos DIR       the same from a bare git directory (may be repeated)
  --cases N         cases of each kind for quality and humaneval (default ${full.cases}, or ${quick.cases})
  --minutes N       begin no further case of compression after this
  --sessions N      typing sessions from the commits of each of --repos, for decoding and confidence (default 12)
  --against KEY=VALUE  replay under this as well, and print the differences (may be repeated): model,
                    random, format, threads, editReuse, maxLines, maxTokens or contextTokens
  --humaneval FOLDER  HumanEval-*Infilling.jsonl.gz
  --cosqa FOLDER    CoSQA's code_idx_map.txt and cosqa-retrieval-dev-500.json, for search
  --write           keep the figures in server/bench/baseline.json and docs/benchmarks.md
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      random: { type: 'string' },
      format: { type: 'string', default: 'int8' },
      threads: { type: 'string', default: '0' },
      rounds: { type: 'string' },
      files: { type: 'string', multiple: true, default: [] },
      repos: { type: 'string', multiple: true, default: [] },
      cases: { type: 'string' },
      minutes: { type: 'string' },
      humaneval: { type: 'string' },
      cosqa: { type: 'string' },
      sessions: { type: 'string', default: '12' },
      against: { type: 'string', multiple: true, default: [] },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (positionals[0] === searchScaleCommand) return searchScale(positionals[1] as string); // started by search-speed
  const sessionFiles = positionals.filter((name) => name.endsWith('.jsonl')).map((file) => resolve(file));
  const names = positionals.filter((name) => !name.endsWith('.jsonl'));
  const unknown = names.find((name) => !(name in suites));
  if (values.help || unknown !== undefined) {
    process.stderr.write(unknown === undefined ? usage : `There is no suite "${unknown}".\n\n${usage}`);
    process.exitCode = unknown === undefined ? 0 : 2;
    return;
  }
  const size = names.length > 0 ? full : quick;
  const material: Material = {
    files: () => filesOf(values.files, values.repos),
    folders: values.files.map((folder) => resolve(folder)),
    gitDirs: values.repos,
    nCase: Number(values.cases ?? size.cases),
    minutes: Number(values.minutes ?? Number.POSITIVE_INFINITY),
    humanEvalFolder: values.humaneval,
    cosqaFolder: values.cosqa,
    sessions: () => sessionsOf(values.repos, Number(values.sessions)),
    sessionFiles,
    against: parseAgainst(values.against),
  };
  const reports: Report[] = [];
  for (const name of names.length > 0 ? names : defaultSuites) {
    const options: SettingOptions = {
      modelFolder: resolve(values.model ?? join(root, 'model')),
      random: values.random,
      format: values.format as WeightFormat,
      threads: Number(values.threads),
      nRound: Number(values.rounds ?? size.rounds),
    };
    const setting = await openSetting(options);
    const report = await (suites[name] as Suite)(setting, material, options);
    await setting.close();
    process.stdout.write(`${markdown(report)}\n`);
    reports.push(report);
  }
  process.stdout.write(`${comparisonMarkdown(compareWithBaseline(reports, await readBaseline(root)))}\n`);
  if (values.write) await record(root, reports);
  process.stdout.write(`${JSON.stringify(reports)}\n`);
}

function sessionsOf(gitDirs: readonly string[], nSession: number): Session[] {
  if (gitDirs.length === 0) throw new Error('Name repositories with --repos: their commits are replayed.');
  return gitDirs.flatMap((gitDir) => commitSessions(gitDir, nSession));
}

async function filesOf(folders: readonly string[], gitDirs: readonly string[]): Promise<QualityFile[]> {
  const isOwn = folders.length === 0 && gitDirs.length === 0;
  const own = ['server', 'client', 'training'].map((name) => join(root, name));
  const parts = await Promise.all((isOwn ? own : folders).map(filesOfFolder));
  return [...parts.flat(), ...gitDirs.flatMap(filesOfRepository)];
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
  process.exitCode = 1;
});
