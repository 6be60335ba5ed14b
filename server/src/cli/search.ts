/** `stet search "QUERY"`: finds code in a folder by words and meaning; the same results as in the editor. */

import type { CodeHit } from '../engine/search/code-search.ts';
import { type Command, commonOptions, countOf, readArguments, UsageError } from './command.ts';
import { openSearch, searchOptionHelp, searchOptions } from './search-options.ts';

const defaultLimit = 10;

export const search: Command = {
  words: 'search',
  takes: 'QUERY',
  summary: 'find code by words and meaning; lang:, path:, kind:, "phrases" and /expressions/ narrow it',
  optionHelp: [`--limit N            results (default ${defaultLimit})`, ...searchOptionHelp],
  run,
};

async function run(args: readonly string[]): Promise<void> {
  const table = { ...commonOptions, ...searchOptions, limit: { type: 'string' } } as const;
  const { values: options, positionals } = readArguments(args, table);
  const query = positionals.join(' ');
  if (query.trim() === '') throw new UsageError('search takes a query.');
  const limit = countOf('limit', options.limit) ?? defaultLimit;
  const opened = await openSearch(options.folder, options);
  try {
    const answer = await opened.search({ query, limit }, new AbortController().signal);
    if (options.json) {
      const results = answer.hits.map(({ chunk, relativePath, score }) => ({
        path: chunk.path,
        relativePath,
        languageId: chunk.languageId,
        startLine: chunk.startLine + 1,
        endLine: chunk.endLine + 1,
        kind: chunk.kind,
        name: chunk.name,
        score,
        text: chunk.text,
      }));
      process.stdout.write(`${JSON.stringify({ query, results, note: answer.note, ms: answer.ms })}\n`);
    } else {
      for (const hit of answer.hits) process.stdout.write(shown(hit));
      if (answer.note) process.stderr.write(`${answer.note}\n`);
      if (answer.hits.length === 0) process.stdout.write('Nothing was found.\n');
    }
  } finally {
    await opened.dispose();
  }
}

/** Lines of a hit that are printed; the place is there for the rest. */
const maxShownLines = 6;

function shown({ chunk, relativePath }: CodeHit): string {
  const [bold, dim, plain] = process.stdout.isTTY ? ['\u001b[1m', '\u001b[2m', '\u001b[0m'] : ['', '', ''];
  const lines = chunk.text
    .replace(/^\s*\n/, '')
    .trimEnd()
    .split('\n');
  const more =
    lines.length > maxShownLines ? [`${dim}… ${lines.length - maxShownLines} more lines${plain}`] : [];
  const title = chunk.name ? `${chunk.kind} ${chunk.name}` : chunk.kind;
  return [
    `${bold}${relativePath}:${chunk.startLine + 1}${plain}  ${dim}${title}${plain}`,
    ...lines.slice(0, maxShownLines).map((line) => `  ${line.slice(0, 160)}`),
    ...more.map((line) => `  ${line}`),
    '',
    '',
  ].join('\n');
}
