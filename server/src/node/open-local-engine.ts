/** openLocalEngine: joins model folder, runtime and engine in this process; for the engine process, the command line and bench. */

import type { Tracer } from '../engine/base/ports.ts';
import { createEngine, type Engine } from '../engine/engine.ts';
import type { WeightFormat } from '../engine/model/weights.ts';
import { Tokenizer } from '../engine/tokens/tokenizer.ts';
import { systemClock } from './clock.ts';
import { type OpenedModel, openModel } from './model-store.ts';
import { loadForward } from './onnx.ts';
import { threadCount, userCacheFolder } from './places.ts';

export interface LocalEngineOptions {
  /** Absolute path of a model in Hugging Face layout. */
  readonly modelFolder: string;
  /** The user's cache folder when absent or empty. */
  readonly cacheFolder?: string;
  readonly format: WeightFormat;
  /** 0: chosen from the number of cores. */
  readonly threads: number;
  readonly tracer: Tracer;
  /** Told what is going on while a model is converted, in words for the status item. */
  readonly onStatus?: (detail: string) => void;
  readonly signal?: AbortSignal;
}

/** Opens the engine. Rejects with EngineError naming the way out, or with the signal's reason. */
export async function openLocalEngine(options: LocalEngineOptions): Promise<Engine> {
  const { tracer, onStatus } = options;
  const model = await openModelFor(options);
  onStatus?.(`Loading ${model.name}`);
  const tokenizer = Tokenizer.parse(model.tokenizerJson, model.tokenizerConfig);
  const forward = await loadForward(model.graphs, model.config, { nThread: threadCount(options.threads) });
  return createEngine(
    { name: model.name, metadata: model.metadata, tokenizer, forward },
    { clock: systemClock, tracer },
  );
}

/** The model of `options`, converted if need be, its warnings traced. */
export function openModelFor(options: LocalEngineOptions): Promise<OpenedModel> {
  const { modelFolder, cacheFolder, format, tracer, onStatus, signal } = options;
  return openModel(modelFolder, {
    cacheFolder: cacheFolder || userCacheFolder(),
    format,
    tracer,
    ...(signal && { signal }),
    onProgress: (fraction) => onStatus?.(`Preparing the model: ${Math.round(100 * fraction)} %`),
  });
}
