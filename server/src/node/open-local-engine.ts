/** openLocalEngine: joins model folder, runtime and engine in this process; for the engine process, the command line and bench. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tracer } from '../engine/base/ports.ts';
import type { SymbolOracle } from '../engine/decoding/constraints/symbol-oracle.ts';
import { measurePassCosts, type PassCosts } from '../engine/decoding/drafters/draft-policy.ts';
import { createEngine, type Engine } from '../engine/engine.ts';
import type { Forward } from '../engine/model/backend.ts';
import type { WeightFormat } from '../engine/model/weights.ts';
import { Parsers } from '../engine/syntax/parsers.ts';
import { Tokenizer } from '../engine/tokens/tokenizer.ts';
import { systemClock } from './clock.ts';
import type { ExecutionProvider } from './execution-provider.ts';
import { grammarsIn } from './files.ts';
import { type OpenedModel, openModel } from './model-store.ts';
import { loadForward } from './onnx.ts';
import { threadCount, userCacheFolder } from './places.ts';
import { HttpModel, type HttpModelOptions } from './remote/http-model.ts';

export interface LocalEngineOptions extends ModelOptions {
  /** 0: chosen from the number of cores. */
  readonly threads: number;
  /** What computes; the processor when absent. */
  readonly provider?: ExecutionProvider;
  readonly cacheMemoryMb: number;
  /** What static analysis knows; the engine owns it from now on. */
  readonly oracle?: SymbolOracle;
  /** Holds web-tree-sitter.wasm and `<language>/parser.wasm`. */
  readonly grammarsFolder: string;
  /** Writes suggestions in the stead of the model, which is opened all the same: it counts tokens and compresses. */
  readonly remote?: HttpModelOptions;
}

/** Which model, and how it is told what happens. */
export interface ModelOptions {
  /** Absolute path of a model in Hugging Face layout. */
  readonly modelFolder: string;
  /** The user's cache folder when absent or empty. */
  readonly cacheFolder?: string;
  readonly format: WeightFormat;
  readonly tracer: Tracer;
  /** Told what is going on while a model is converted, in words for the status item. */
  readonly onStatus?: (detail: string) => void;
  readonly signal?: AbortSignal;
}

/** A model in memory, and what was learned of it: all that engines of several windows have in common. */
export interface LoadedModel extends Pick<OpenedModel, 'name' | 'metadata' | 'guard'> {
  readonly tokenizer: Tokenizer;
  readonly forward: Forward;
  readonly passCosts: PassCosts;
  readonly provider: ExecutionProvider;
  /** For people: why it is not the one asked for. */
  readonly notice?: string;
}

/** Opens the engine. Rejects with EngineError naming the way out, or with the signal's reason. */
export async function openLocalEngine(options: LocalEngineOptions): Promise<Engine> {
  const remote = options.remote && new HttpModel(options.remote);
  return engineOver(await loadModel(options), options, remote);
}

/** Reads the model into memory. Rejects as `openLocalEngine` does. */
export async function loadModel(
  options: ModelOptions & Pick<LocalEngineOptions, 'threads' | 'provider'>,
): Promise<LoadedModel> {
  const model = await openModelFor(options);
  options.onStatus?.(`Loading ${model.name}`);
  const tokenizer = Tokenizer.parse(model.tokenizerJson, model.tokenizerConfig);
  const forward = await loadForward(model.graphs, model.config, {
    nThread: threadCount(options.threads),
    ...(options.provider && { provider: options.provider }),
  });
  const passCosts = await measurePassCosts(forward, systemClock);
  const { name, metadata, guard } = model;
  const { provider, notice } = forward;
  return {
    name,
    metadata,
    tokenizer,
    forward,
    passCosts,
    provider,
    ...(guard && { guard }),
    ...(notice !== undefined && { notice }),
  };
}

/** An engine over a loaded model, whose `forward` it owns from now on. */
export async function engineOver(
  loaded: LoadedModel,
  {
    grammarsFolder,
    cacheMemoryMb,
    tracer,
    oracle,
  }: Omit<LocalEngineOptions, keyof ModelOptions> & Pick<ModelOptions, 'tracer'>,
  remote?: HttpModel,
  shared?: Parsers,
): Promise<Engine> {
  const parsers = shared ?? (await openParsers(grammarsFolder, tracer));
  return createEngine(
    { ...loaded, name: remote?.name ?? loaded.name, cacheMemoryMb },
    {
      clock: systemClock,
      tracer,
      ...(parsers && { parsers }),
      ...(oracle && { oracle }),
      ...(remote && { remote }),
    },
  );
}

/** The tree-sitter host over a folder of grammars; undefined, with a warning, when it does not start. */
export async function openParsers(folder: string, tracer: Tracer): Promise<Parsers | undefined> {
  try {
    const runtime = await readFile(join(folder, 'web-tree-sitter.wasm'));
    return await Parsers.load(grammarsIn(folder), runtime, tracer);
  } catch (error) {
    const message = `Suggestions are not checked for syntax: the grammars in ${folder} do not load (${error}). Install Stet again.`;
    tracer({ kind: 'log', level: 'warn', message });
    return undefined;
  }
}

/** The model of `options`, converted if need be, its warnings traced. */
export function openModelFor(options: ModelOptions): Promise<OpenedModel> {
  const { modelFolder, cacheFolder, format, tracer, onStatus, signal } = options;
  return openModel(modelFolder, {
    cacheFolder: cacheFolder || userCacheFolder(),
    format,
    tracer,
    ...(signal && { signal }),
    onProgress: (fraction) => onStatus?.(`Preparing the model: ${Math.round(100 * fraction)} %`),
  });
}
