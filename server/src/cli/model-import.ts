/** `stet model import FOLDER`: checks a model and converts it for this machine. */

import { openModelFor } from '../node/open-local-engine.ts';
import { type Command, commonOptions, readArguments, UsageError } from './command.ts';
import { engineOptions, modelOptions } from './model-options.ts';

export const modelImport: Command = {
  words: 'model import',
  takes: 'FOLDER',
  summary: 'check a model (Hugging Face layout) and convert it for this machine',
  optionHelp: [],
  run,
};

async function run(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = readArguments(args, { ...commonOptions, ...modelOptions });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new UsageError('model import takes one folder.');
  const isTerminal = process.stderr.isTTY;
  const onStatus = (detail: string) => void (isTerminal && process.stderr.write(`\r${detail} `));
  const model = await openModelFor({ ...engineOptions({ ...options, model: folder }), onStatus });
  if (isTerminal) process.stderr.write('\r');
  const { name, format, convertedFolder, sizeBytes, wasConverted, contentHash } = model;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ name, format, convertedFolder, sizeBytes, wasConverted, contentHash })}\n`,
    );
  } else {
    const did = wasConverted ? 'Converted' : 'Already converted';
    process.stdout.write(
      `${did}: ${name} as ${format}, ${(sizeBytes / 1e6).toFixed(1)} MB in ${convertedFolder}\n`,
    );
  }
}
