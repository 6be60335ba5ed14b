/** `stet index [FOLDER…]`: makes the search index of folders, or brings it up to date. */

import { type Command, commonOptions, readArguments } from './command.ts';
import { openSearch, searchOptions } from './search-options.ts';

export const index: Command = {
  words: 'index',
  takes: '[FOLDER...]',
  summary: 'make the search index of folders (default: this one), or bring it up to date',
  optionHelp: [],
  run,
};

async function run(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = readArguments(args, { ...commonOptions, ...searchOptions });
  const startMs = performance.now();
  const search = await openSearch(positionals.length > 0 ? positionals : options.folder, options);
  const { nFiles, nChunks, sizeBytes } = search.status;
  await search.dispose();
  const ms = performance.now() - startMs;
  if (options.json) process.stdout.write(`${JSON.stringify({ nFiles, nChunks, sizeBytes, ms })}\n`);
  else {
    process.stdout.write(
      `${nFiles} files, ${nChunks} chunks, ${(sizeBytes / 1e6).toFixed(1)} MB, in ${(ms / 1000).toFixed(1)} s\n`,
    );
  }
}
