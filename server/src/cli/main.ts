#!/usr/bin/env node
/** stet: the command line; the same engine as the editor, in this process. One file a subcommand. */

import { EngineError } from '../engine/base/error.ts';
import { type Command, commonOptionHelp, UsageError } from './command.ts';
import { complete } from './complete.ts';
import { compress } from './compress.ts';
import { index } from './index.ts';
import { mcp } from './mcp.ts';
import { modelImport } from './model-import.ts';
import { modelDelete, modelDownload, modelList } from './model-library.ts';
import { modelOptionHelp } from './model-options.ts';
import { search } from './search.ts';

const commands: readonly Command[] = [
  complete,
  compress,
  index,
  search,
  mcp,
  modelImport,
  modelList,
  modelDownload,
  modelDelete,
];

function usage(): string {
  const lines = commands.map(({ words, takes, summary }) => {
    return `  stet ${`${words} ${takes}`.trim().padEnd(25)} ${summary}`;
  });
  const own = commands.flatMap(({ words, optionHelp }) => {
    return optionHelp.length > 0 ? ['', `Options of ${words}`, ...optionHelp.map((line) => `  ${line}`)] : [];
  });
  return [
    'stet: code completion and search by a small model on this machine',
    '',
    ...lines,
    '  stet help',
    ...own,
    '',
    'Options of commands that run the model',
    ...modelOptionHelp.map((line) => `  ${line}`),
    '',
    'Options of all',
    ...commonOptionHelp.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

async function main(args: readonly string[]): Promise<void> {
  if (args.length === 0 || args[0] === 'help' || args.includes('--help')) {
    process.stdout.write(usage());
    return;
  }
  for (const command of commands) {
    const words = command.words.split(' ');
    if (words.every((word, index) => args[index] === word)) return command.run(args.slice(words.length));
  }
  const firstOption = args.findIndex((argument) => argument.startsWith('-'));
  const words = args.slice(0, firstOption < 0 ? args.length : firstOption);
  throw new UsageError(
    words.length > 0 ? `There is no command "${words.join(' ')}".` : 'The command comes before its options.',
  );
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isOurs = error instanceof EngineError || error instanceof UsageError;
  const isFile = error instanceof Error && 'code' in error && 'path' in error;
  const message =
    isOurs || isFile ? (error as Error).message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(
    `stet: ${message}\n${error instanceof UsageError && error.showsUsage ? `\n${usage()}` : ''}`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
