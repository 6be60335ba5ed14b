/** `stet model list`, `download` and `delete`: the models that lie on this machine or could. */

import { models } from '../node/models/models.ts';
import { userModelLibrary } from '../node/places.ts';
import { type Command, commonOptions, readArguments, UsageError } from './command.ts';

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

export const modelList: Command = {
  words: 'model list',
  takes: '',
  summary: 'show the downloaded models and those that are known to work',
  optionHelp: [],
  async run(args) {
    const { values, positionals } = readArguments(args, options);
    if (positionals.length > 0) throw new UsageError('model list takes no arguments.');
    const listed = await models.list({ libraryFolder: values.library, host: values.host });
    if (values.json) {
      process.stdout.write(`${JSON.stringify(listed)}\n`);
      return;
    }
    for (const { title, repo, folder, sizeBytes, memoryMb } of listed) {
      const place = folder ?? `stet model download ${repo}`;
      const memory = memoryMb === undefined ? '' : `, ${memoryMb} MB of memory`;
      process.stdout.write(`${title}: ${megabytes(sizeBytes)}${memory}\n  ${place}\n`);
    }
  },
};

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
    await models.delete({ libraryFolder: values.library, host: values.host }, folder);
    process.stdout.write(`Deleted ${folder}\n`);
  },
};
