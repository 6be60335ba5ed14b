#!/usr/bin/env node
/** stet: the command line; the same engine as the editor, in this process. */

import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultSettings } from '../../protocol/settings.ts';
import { EngineError } from './engine/base/error.ts';
import type { TraceEvent } from './engine/base/ports.ts';
import type { CompletionResult } from './engine/engine.ts';
import type { WeightFormat } from './engine/model/weights.ts';
import { LineIndex } from './engine/text/line-index.ts';
import { languageOf } from './node/language-of.ts';
import { openLocalEngine, openModelFor } from './node/open-local-engine.ts';
import { userCacheFolder } from './node/places.ts';

const usage = `stet: code completion by a small model on this machine

  stet complete FILE:LINE:COL   print the completion at a place (both counted from 1)
  stet model import FOLDER      check a model (Hugging Face layout) and convert it for this machine
  stet help

Options
  --model FOLDER       the model (default: the embedded one)
  --format FORMAT      int8 (default), int8-block, int4 or fp32
  --threads N          CPU threads (default: chosen from the number of cores)
  --max-lines N        lines of one completion (default ${defaultSettings()['completion.maxLines']})
  --max-tokens N       tokens of one completion (default ${defaultSettings()['completion.maxTokens']})
  --cache FOLDER       where converted models are kept
  --json               one JSON document instead of text
  --verbose            say what is going on
`;

/** Wrong arguments: the message is shown, and the usage when the command itself was not understood; exit code 2. */
class UsageError extends Error {
  constructor(
    message: string,
    readonly showsUsage = true,
  ) {
    super(message);
  }
}

const optionTable = {
  model: { type: 'string' },
  format: { type: 'string', default: 'int8' },
  threads: { type: 'string', default: '0' },
  'max-lines': { type: 'string' },
  'max-tokens': { type: 'string' },
  cache: { type: 'string' },
  json: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Options = ReturnType<typeof parse>['values'];

function parse(args: string[]) {
  return parseArgs({ args, options: optionTable, allowPositionals: true, strict: true });
}

async function main(args: string[]): Promise<void> {
  const { values: options, positionals } = readArguments(args);
  const [command, ...rest] = positionals;
  if (options.help || command === undefined || command === 'help') process.stdout.write(usage);
  else if (command === 'complete') await complete(rest, options);
  else if (command === 'model' && rest[0] === 'import') await importModel(rest.slice(1), options);
  else throw new UsageError(`There is no command "${positionals.join(' ')}".`);
}

function readArguments(args: string[]) {
  try {
    return parse(args);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** `stet complete FILE:LINE:COL` */
async function complete([place, ...more]: string[], options: Options): Promise<void> {
  const match = /^(.+):(\d+):(\d+)$/.exec(place ?? '');
  if (!match || more.length > 0) throw new UsageError('complete takes one place, FILE:LINE:COL.');
  const [, file, line, column] = match as unknown as [string, string, string, string];
  const text = await readFile(file, 'utf8');
  const offset = offsetOf(text, file, Number(line), Number(column));

  const openedMs = performance.now();
  const engine = await openLocalEngine(engineOptions(options));
  const loadMs = performance.now() - openedMs;
  const uri = pathToFileURL(resolve(file)).href;
  const settings = defaultSettings();
  engine.edit({ kind: 'open', uri, languageId: languageOf(file), version: 1, text });
  const result = await engine.complete(
    {
      uri,
      version: 1,
      offset,
      trigger: 'invoked',
      settings: {
        maxLines: count(options, 'max-lines') ?? settings['completion.maxLines'],
        maxTokens: count(options, 'max-tokens') ?? settings['completion.maxTokens'],
        contextTokens: settings['completion.contextTokens'],
        debounceMs: 0,
        maxFileSizeKb: settings.maxFileSizeKb,
        editReuse: true,
      },
    },
    new AbortController().signal,
  );
  const { modelName } = engine.info;
  await engine.dispose();
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ model: modelName, loadMs, ...result })}\n`);
  } else {
    print(text, offset, result, loadMs, modelName);
  }
}

/** `stet model import FOLDER` */
async function importModel([folder, ...more]: string[], options: Options): Promise<void> {
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

function engineOptions(options: Options) {
  const formats: readonly string[] = ['int8', 'int8-block', 'int4', 'fp32'];
  if (!formats.includes(options.format)) throw new UsageError(`--format is one of ${formats.join(', ')}.`);
  const bundle = dirname(fileURLToPath(import.meta.url));
  return {
    modelFolder: resolve(options.model ?? join(bundle, '..', 'model')),
    cacheFolder: options.cache ? resolve(options.cache) : userCacheFolder(),
    format: options.format as WeightFormat,
    threads: count(options, 'threads') ?? 0,
    cacheMemoryMb: defaultSettings()['model.cacheMemoryMb'],
    grammarsFolder: join(bundle, '..', 'grammars'),
    tracer: (event: TraceEvent) => {
      if (event.kind !== 'log') return;
      if (options.verbose || event.level === 'warn' || event.level === 'error')
        process.stderr.write(`${event.level}: ${event.message}\n`);
    },
  };
}

function count(options: Options, key: 'threads' | 'max-lines' | 'max-tokens'): number | undefined {
  const text = options[key];
  if (text === undefined) return undefined;
  if (!/^\d{1,4}$/.test(text)) throw new UsageError(`--${key} takes a number.`);
  return Number(text);
}

function offsetOf(text: string, file: string, line: number, column: number): number {
  const lines = new LineIndex(text);
  if (line < 1 || line > lines.count) {
    throw new UsageError(`${file} has ${lines.count} lines; there is no line ${line}.`, false);
  }
  const length = lines.textOf(line - 1).length;
  if (column < 1 || column > length + 1) {
    throw new UsageError(
      `Line ${line} of ${file} has columns 1 to ${length + 1}; there is no column ${column}.`,
      false,
    );
  }
  return lines.startOf(line - 1) + column - 1;
}

/** The lines around the cursor with the completion in them, then what it cost. */
function print(text: string, offset: number, result: CompletionResult, loadMs: number, model: string): void {
  const { suggestion, outcome, cost } = result;
  const [dim, plain] = process.stdout.isTTY ? ['\u001b[2;3m', '\u001b[0m'] : ['[', ']'];
  const before = text.slice(0, suggestion?.start ?? offset).split('\n');
  const after = text.slice(suggestion?.endExclusive ?? offset).split('\n');
  const shown = suggestion ? `${dim}${suggestion.text}${plain}` : '';
  process.stdout.write(`${before.slice(-4).join('\n')}${shown}${after.slice(0, 3).join('\n')}\n\n`);
  const reused = cost.nKept > 0 ? `, ${cost.nKept} reused` : '';
  process.stdout.write(
    `${outcome}: ${cost.nNew} prompt tokens read${reused}, first token after ${cost.firstTokenMs.toFixed(0)} ms, ` +
      `${cost.nTokens} tokens in ${cost.ms.toFixed(0)} ms (${model}, loaded in ${loadMs.toFixed(0)} ms)\n`,
  );
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isOurs = error instanceof EngineError || error instanceof UsageError;
  const isFile = error instanceof Error && 'code' in error && 'path' in error;
  const message =
    isOurs || isFile ? (error as Error).message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(
    `stet: ${message}\n${error instanceof UsageError && error.showsUsage ? `\n${usage}` : ''}`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
