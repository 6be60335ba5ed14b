/** `stet model list`, `download` and `delete`: the models that lie on this machine or could. */

import { join } from 'node:path';
import { type ModelList, type ModelsOptions, models } from '../node/models/models.ts';
import { type LocalEngineOptions, openLocalEngine } from '../node/open-local-engine.ts';
import { threadCount, userModelLibrary } from '../node/places.ts';
import { type Command, commonOptions, readArguments, UsageError } from './command.ts';
import { engineOptions, installFolder, modelOptions } from './model-options.ts';

const options = {
  ...commonOptions,
  host: { type: 'string', default: 'https://huggingface.co' },
  library: { type: 'string', default: userModelLibrary() },
} as const;

const optionHelp = [
  '--host URL           where to download from (https://huggingface.co, or a mirror with its API)',
  `--library DIR        where downloaded models are kept (${userModelLibrary()})`,
];

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

const listOptions = { ...options, ...modelOptions, measure: { type: 'boolean', default: false } } as const;

export const modelList: Command = {
  words: 'model list',
  takes: '',
  summary:
    'show the models that are here or known to work: size, memory, speed, and which one suits this machine',
  optionHelp: ['--measure            measure this machine first, for five seconds at most'],
  async run(args) {
    const { values, positionals } = readArguments(args, listOptions);
    if (positionals.length > 0) throw new UsageError('model list takes no arguments.');
    const engine = engineOptions(values);
    const list: ModelsOptions = {
      ...engine,
      threads: threadCount(engine.threads),
      provider: 'cpu',
      libraryFolder: values.library,
      host: values.host,
      embeddedFolder: join(installFolder(), 'model'),
    };
    if (values.measure) await measure(engine, list);
    const listed = await models.list(list);
    process.stdout.write(values.json ? `${JSON.stringify(listed)}\n` : listText(listed));
  },
};

async function measure(engineIs: LocalEngineOptions, list: ModelsOptions): Promise<void> {
  const engine = await openLocalEngine(engineIs);
  try {
    await models.keepSpeed(list, await engine.measure(new AbortController().signal));
  } finally {
    await engine.dispose();
  }
}

function listText({ models: listed, memory, isMeasured }: ModelList): string {
  const entries = listed.map(
    ({ title, repo, folder, sizeBytes, memoryMb, speed, objection, isRecommended }) => {
      const figures = [
        megabytes(sizeBytes),
        memoryMb === undefined ? undefined : `up to ${memoryMb} MB of memory`,
        speed &&
          `12 tokens in ${Math.round(speed.suggestionMs)} ms, ${Math.round(speed.tokensPerSecond)} a second (${speed.isPredicted ? 'predicted' : 'measured'})`,
      ];
      const advice = isRecommended
        ? '  Recommended for this machine.\n'
        : objection
          ? `  ${objection}\n`
          : '';
      const place = folder ?? `stet model download ${repo}`;
      return `${title}: ${figures.filter(Boolean).join(', ')}\n  ${place}\n${advice}`;
    },
  );
  const free = memory.freeBytes === undefined ? '' : `, ${gigabytes(memory.freeBytes)} of it free`;
  const hint = isMeasured ? '' : 'How fast they are here is not known yet: stet model list --measure\n';
  return `${entries.join('')}This machine has ${gigabytes(memory.totalBytes)} of memory${free}.\n${hint}`;
}

export const modelDownload: Command = {
  words: 'model download',
  takes: 'OWNER/NAME',
  summary: 'download a model; what was loaded before is gone on from',
  optionHelp,
  async run(args) {
    const { values, positionals } = readArguments(args, options);
    const [repo, ...more] = positionals;
    if (repo === undefined || more.length > 0)
      throw new UsageError('model download takes one name, owner/name.');
    const isTerminal = process.stderr.isTTY;
    const aborting = new AbortController();
    process.once('SIGINT', () =>
      aborting.abort(new UsageError('Stopped; the same command goes on from here.', false)),
    );
    const places = { libraryFolder: values.library, host: values.host };
    const folder = await models.download(
      places,
      repo,
      undefined,
      aborting.signal,
      (doneBytes, totalBytes) => {
        if (isTerminal) process.stderr.write(`\r${megabytes(doneBytes)} of ${megabytes(totalBytes)} `);
      },
    );
    if (isTerminal) process.stderr.write('\r');
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ folder })}\n`
        : `Downloaded to ${folder}\nNext: stet model import ${folder}\n`,
    );
  },
};

export const modelDelete: Command = {
  words: 'model delete',
  takes: 'FOLDER',
  summary: 'delete a downloaded model',
  optionHelp: [],
  async run(args) {
    const { values, positionals } = readArguments(args, options);
    const [folder, ...more] = positionals;
    if (folder === undefined || more.length > 0) throw new UsageError('model delete takes one folder.');
    await models.delete({ libraryFolder: values.library }, folder);
    process.stdout.write(`Deleted ${folder}\n`);
  },
};
