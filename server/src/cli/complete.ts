/** `stet complete FILE:LINE:COL`: prints the completion at a place. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defaultSettings, settingsTable } from '../../../protocol/settings.ts';
import type { CompletionResult } from '../engine/engine.ts';
import { LineIndex } from '../engine/text/line-index.ts';
import { languageOf } from '../node/language-of.ts';
import { openLocalEngine } from '../node/open-local-engine.ts';
import type { HttpModelOptions } from '../node/remote/http-model.ts';
import { type Command, commonOptions, countOf, readArguments, UsageError } from './command.ts';
import { engineOptions, modelOptions } from './model-options.ts';
import { samplingHelp, samplingOf, samplingOptions } from './sampling-options.ts';

export const complete: Command = {
  words: 'complete',
  takes: 'FILE:LINE:COL',
  summary: 'print the completion at a place (both counted from 1)',
  optionHelp: [
    `--max-lines N        lines of one completion (default ${defaultSettings()['completion.maxLines']})`,
    `--max-tokens N       tokens of one completion (default ${defaultSettings()['completion.maxTokens']})`,
    '--alternatives N     completions to choose from (default 1)',
    '--backend URL        have a server of models write (docs/remote-backend.md); its key is STET_REMOTE_KEY',
    '--remote-model NAME, --remote-protocol auto|llama.cpp|openai, --remote-template TEMPLATE',
    ...samplingHelp,
  ],
  run,
};

const optionTable = {
  ...commonOptions,
  ...modelOptions,
  'max-lines': { type: 'string' },
  'max-tokens': { type: 'string' },
  alternatives: { type: 'string' },
  backend: { type: 'string' },
  'remote-model': { type: 'string', default: '' },
  'remote-protocol': { type: 'string', default: 'auto' },
  'remote-template': { type: 'string', default: '' },
  ...samplingOptions,
} as const;

async function run(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = readArguments(args, optionTable);
  const [place, ...more] = positionals;
  const match = /^(.+):(\d+):(\d+)$/.exec(place ?? '');
  if (!match || more.length > 0) throw new UsageError('complete takes one place, FILE:LINE:COL.');
  const [, file, line, column] = match as unknown as [string, string, string, string];
  const text = await readFile(file, 'utf8');
  const offset = offsetOf(text, file, Number(line), Number(column));
  const sampling = samplingOf(options);

  const openedMs = performance.now();
  const remote = remoteOf(options);
  const engine = await openLocalEngine({ ...engineOptions(options), ...(remote && { remote }) });
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
        maxLines: countOf('max-lines', options['max-lines']) ?? settings['completion.maxLines'],
        maxTokens: countOf('max-tokens', options['max-tokens']) ?? settings['completion.maxTokens'],
        contextTokens: settings['completion.contextTokens'],
        debounceMs: 0,
        maxFileSizeKb: settings.maxFileSizeKb,
        editReuse: true,
        alternatives: countOf('alternatives', options.alternatives) ?? 1,
        ...(sampling && { sampling }),
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

interface RemoteValues {
  readonly backend?: string | undefined;
  readonly 'remote-model': string;
  readonly 'remote-protocol': string;
  readonly 'remote-template': string;
}

/** The key is not an option, since everyone on the machine may read those. */
function remoteOf(options: RemoteValues): HttpModelOptions | undefined {
  if (options.backend === undefined) return undefined;
  const { enum: protocols } = settingsTable['completion.remoteProtocol'];
  const protocol = protocols.find((name) => name === options['remote-protocol']);
  if (!protocol) throw new UsageError(`--remote-protocol is one of ${protocols.join(', ')}.`);
  const key = process.env.STET_REMOTE_KEY;
  return {
    url: options.backend,
    model: options['remote-model'],
    template: options['remote-template'],
    protocol,
    ...(key && { key }),
  };
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
  for (const other of result.alternatives ?? []) process.stdout.write(`or: ${other.text}\n`);
  const reused = cost.nKept > 0 ? `, ${cost.nKept} reused` : '';
  process.stdout.write(
    `${outcome}: ${cost.nNew} prompt tokens read${reused}, first token after ${cost.firstTokenMs.toFixed(0)} ms, ` +
      `${cost.nTokens} tokens in ${cost.ms.toFixed(0)} ms (${model}, loaded in ${loadMs.toFixed(0)} ms)\n`,
  );
}
