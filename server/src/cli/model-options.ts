/** The command-line options that say which model runs and how; shared by the commands that need one. */

import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultSettings } from '../../../protocol/settings.ts';
import type { Tracer } from '../engine/base/ports.ts';
import type { WeightFormat } from '../engine/model/weights.ts';
import { userCacheFolder } from '../node/places.ts';
import { countOf, UsageError } from './command.ts';

export const modelOptions = {
  model: { type: 'string' },
  format: { type: 'string', default: 'int8' },
  threads: { type: 'string', default: '0' },
  cache: { type: 'string' },
} as const;

export const modelOptionHelp = [
  '--model FOLDER       the model (default: the embedded one)',
  '--format FORMAT      int8 (default), int8-block, int4 or fp32',
  '--threads N          CPU threads (default: chosen from the number of cores)',
  '--cache FOLDER       where converted models are kept',
];

/** The folder that holds `dist/`: model, grammars and whatever else is installed. */
export function installFolder(): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..');
}

interface ModelValues {
  readonly model?: string | undefined;
  readonly format: string;
  readonly threads: string;
  readonly cache?: string | undefined;
  readonly verbose: boolean;
}

/** What `openLocalEngine` and `openModelFor` take, from the options of the command line. */
export function engineOptions(options: ModelValues) {
  const formats: readonly string[] = ['int8', 'int8-block', 'int4', 'fp32'];
  if (!formats.includes(options.format)) throw new UsageError(`--format is one of ${formats.join(', ')}.`);
  return {
    modelFolder: resolve(options.model ?? join(installFolder(), 'model')),
    cacheFolder: options.cache ? resolve(options.cache) : userCacheFolder(),
    format: options.format as WeightFormat,
    threads: countOf('threads', options.threads) ?? 0,
    cacheMemoryMb: defaultSettings()['model.cacheMemoryMb'],
    grammarsFolder: join(installFolder(), 'grammars'),
    tracer: stderrTracer(options.verbose),
  };
}

/** Warnings and errors go to stderr; everything does when `isVerbose`. */
export function stderrTracer(isVerbose: boolean): Tracer {
  return (event) => {
    if (event.kind !== 'log') return;
    if (isVerbose || event.level === 'warn' || event.level === 'error')
      process.stderr.write(`${event.level}: ${event.message}\n`);
  };
}
