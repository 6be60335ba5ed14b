/** `stet compress --query TEXT --budget N PATH…`: what of files and folders matters for a query, within a budget. */

import { readFile, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { defaultSettings } from '../../../protocol/settings.ts';
import { isSecretFile } from '../engine/completion/secrets.ts';
import type { CompressFile, CompressResult } from '../engine/engine.ts';
import { LineIndex } from '../engine/text/line-index.ts';
import { languageOf } from '../node/language-of.ts';
import { openLocalEngine } from '../node/open-local-engine.ts';
import { decodeText } from '../node/search/file-text.ts';
import { WorkspaceFiles } from '../node/search/workspace-files.ts';
import { type Command, commonOptions, readArguments, UsageError } from './command.ts';
import { engineOptions, modelOptions } from './model-options.ts';
import { openSearch, searchOptions } from './search-options.ts';
import { WorkspaceContext } from './workspace-context.ts';

/** Tokens, when none are given. */
const defaultBudget = 2048;

export const compress: Command = {
  words: 'compress',
  takes: '[PATH...]',
  summary: 'print what of files and folders (default: of the index of this one) matters for a query',
  optionHelp: [
    '--query TEXT         a question, an instruction, or code that goes on',
    `--budget N           tokens of the answer at most (default ${defaultBudget})`,
    '--words-only         rank by words alone',
    '--ask-model          let the model rank too (with PATH; without, large models are asked)',
  ],
  run,
};

const optionTable = {
  ...commonOptions,
  ...modelOptions,
  ...searchOptions,
  query: { type: 'string' },
  budget: { type: 'string' },
  'words-only': { type: 'boolean', default: false },
  'ask-model': { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof readArguments<typeof optionTable>>['values'];

async function run(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = readArguments(args, optionTable);
  if (!options.query?.trim()) throw new UsageError('compress takes a --query.');
  const budgetTokens = Number(options.budget ?? defaultBudget);
  if (!(Number.isInteger(budgetTokens) && budgetTokens > 0))
    throw new UsageError('--budget takes a number of tokens.');
  if (positionals.length === 0) return fromIndex(options, budgetTokens);
  const files = await filesAt(positionals);
  const engine = await openLocalEngine(engineOptions(options));
  try {
    const usesModel = options['ask-model'] || (options['words-only'] ? false : undefined);
    const request = {
      query: options.query,
      files,
      budgetTokens,
      ...(usesModel !== undefined && { usesModel }),
    };
    const result = await engine.compress(request, new AbortController().signal);
    if (options.json) process.stdout.write(`${JSON.stringify(toJson(result, files))}\n`);
    else process.stdout.write(result.text);
    if (!options.json) process.stderr.write(summary(result));
  } finally {
    await engine.dispose();
  }
}

/** As the editor's command: the index chooses the files. */
async function fromIndex(options: Values, budgetTokens: number): Promise<void> {
  const search = await openSearch(options.folder, options);
  const context = new WorkspaceContext(search, engineOptions(options));
  try {
    const params = { query: options.query as string, budgetTokens };
    const response = await context.compress(params, new AbortController().signal);
    process.stdout.write(options.json ? `${JSON.stringify(response)}\n` : response.text);
    if (!options.json) process.stderr.write(summary({ ...response, parts: response.pieces }));
  } finally {
    await context.dispose();
    await search.dispose();
  }
}

/** Files as they are named, folders as the index sees them: without what is ignored, secret or binary. */
async function filesAt(paths: readonly string[]): Promise<CompressFile[]> {
  const settings = defaultSettings();
  const { signal } = new AbortController();
  const files = new Map<string, CompressFile>();
  const add = (path: string, text: string | undefined) => {
    const shown = relative(process.cwd(), path).replaceAll('\\', '/');
    if (text !== undefined) files.set(shown, { path: shown, languageId: languageOf(path), text });
  };
  for (const path of paths.map((given) => resolve(given).replaceAll('\\', '/'))) {
    if (!(await stat(path)).isDirectory()) {
      if (isSecretFile(path))
        throw new UsageError(`${path} may hold secrets by its name, and is not read.`, false);
      add(path, decodeText(await readFile(path)));
      continue;
    }
    const exclude = settings['search.exclude'];
    const found = new WorkspaceFiles({
      roots: [path],
      exclude,
      maxFileSizeKb: settings['search.maxFileSizeKb'],
    });
    for await (const some of found.all(signal)) {
      for (const { path: file } of some) add(file, (await found.read(file))?.text);
    }
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Summed extends Pick<CompressResult, 'nTokens' | 'nTokensBefore' | 'note' | 'ms'> {
  readonly parts: readonly { readonly form: string }[];
}

/** Lines from 1, as people count. */
function toJson(result: CompressResult, files: readonly CompressFile[]) {
  const lines = new Map(files.map(({ path, text }) => [path, new LineIndex(text.replaceAll('\r\n', '\n'))]));
  const parts = result.parts.map(({ start, endExclusive, ...part }) => {
    const lineOf = (offset: number) => (lines.get(part.path)?.lineAt(offset) ?? 0) + 1;
    return { ...part, startLine: lineOf(start), endLine: lineOf(endExclusive - 1) };
  });
  return { ...result, parts };
}

function summary({ nTokens, nTokensBefore, parts, note, ms }: Summed): string {
  const nKept = parts.filter(({ form }) => form !== 'dropped').length;
  const ratio = nTokens > 0 ? `, ${(nTokensBefore / nTokens).toFixed(1)} times smaller` : '';
  const said = note ? `${note}\n` : '';
  return `${said}${nTokens} of ${nTokensBefore} tokens${ratio}; ${nKept} of ${parts.length} pieces kept in ${ms.toFixed(0)} ms\n`;
}
