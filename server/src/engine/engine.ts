/** Engine: the façade. Editor, command line, bench and tests all talk to this and to nothing below it. */

import type { Clock, Tracer } from './base/ports.ts';
import { CacheSamplers } from './completion/cache-sampler.ts';
import { Completer } from './completion/complete.ts';
import { calibrationOf } from './completion/confidence-table.ts';
import { type DocumentChange, OpenDocuments, type RelatedPiece } from './completion/documents.ts';
import type { MemoryGuard } from './completion/memory-guard.ts';
import type { RemoteModel } from './completion/remote.ts';
import type { CompletionRequest, CompletionResult } from './completion/request.ts';
import { newCost } from './completion/request.ts';
import { Types } from './completion/types.ts';
import { Compressor } from './compress/compress.ts';
import { isGoodRanker, Ranker } from './compress/rank.ts';
import type { CompressRequest, CompressResult } from './compress/request.ts';
import { cacheWeightsOf } from './decoding/cache-weights.ts';
import type { SymbolOracle } from './decoding/constraints/symbol-oracle.ts';
import { DraftPolicy, type PassCosts } from './decoding/drafters/draft-policy.ts';
import { Successors } from './decoding/drafters/recycling.ts';
import type { Forward, MachineSpeed } from './model/backend.ts';
import { CausalLm } from './model/causal-lm.ts';
import type { ModelMetadata } from './model/metadata.ts';
import { SequencePool, sequencesThatFit } from './model/pool.ts';
import { measurePasses, type PassTimes } from './model/speed.ts';
import { fimFormatOf } from './prompt/fim.ts';
import type { Parsers } from './syntax/parsers.ts';
import { Trees } from './syntax/trees.ts';
import { SegmentTokenizer } from './tokens/retokenize.ts';
import type { Tokenizer } from './tokens/tokenizer.ts';

export type { DocumentChange, RelatedPiece } from './completion/documents.ts';
export type * from './completion/request.ts';
export type * from './compress/request.ts';

/** What the engine says about itself once it is open. */
export interface EngineInfo {
  readonly modelName: string;
  /** Tokens of prompt and suggestion together. */
  readonly contextTokens: number;
  /** What computes: `cpu`, `cuda`, …; absent where another machine writes. */
  readonly provider?: string;
  /** For people: what is not as it was asked for. */
  readonly notice?: string;
}

/** How fast the model is here, and the machine. */
export interface EngineSpeed {
  readonly times: PassTimes;
  /** Absent where the runtime cannot tell. */
  readonly machine?: MachineSpeed;
}

/**
 * Plain values in, plain values out, so that the same interface works across a process boundary
 * (`node/engine-client.ts`, `node/engine-host.ts`).
 */
export interface Engine {
  readonly info: EngineInfo;
  /** Opens, changes or closes a document. Cheap: runs on every key. */
  edit(change: DocumentChange): void;
  /**
   * What to suggest at `request.offset`. A newer request for the same document ends an older one
   * with the outcome `stale`. Rejects with the signal's reason when aborted, with EngineError when
   * something is broken; "nothing to suggest" is a result with a reason.
   */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResult>;
  /** Pieces of files that are not open and that have to do with this document, the most relevant first. */
  relate(uri: string, pieces: readonly RelatedPiece[]): void;
  /**
   * What of many files matters for a query, within a budget of tokens. Runs in the background: typing
   * goes first. Rejects with the signal's reason when aborted.
   */
  compress(request: CompressRequest, signal: AbortSignal): Promise<CompressResult>;
  /** Takes five seconds at most, but for passes that take that long each. Rejects with the signal's reason. */
  measure(signal: AbortSignal): Promise<EngineSpeed>;
  /** The suggestion of this id was accepted by the user. */
  accepted(id: number): void;
  dispose(): Promise<void>;
}

export interface EngineOptions {
  /** For people: the status item, the command line. */
  readonly name: string;
  readonly metadata: ModelMetadata;
  readonly tokenizer: Tokenizer;
  readonly forward: Forward;
  /** Withholds what repeats the model's training data; absent: nothing is withheld. */
  readonly guard?: MemoryGuard;
  /** From `measurePassCosts`; typical ones when absent. */
  readonly passCosts?: PassCosts;
  /** Names of the drafters that may guess, for measurements; all when absent. */
  readonly drafters?: readonly string[];
  /** Megabytes for keys and values of all documents together; one document is always held. */
  readonly cacheMemoryMb: number;
  /** See {@link EngineInfo}. */
  readonly provider?: string;
  readonly notice?: string;
}

/** For each of the two measurements of `measure`. */
const measureBudgetMs = 2500;

export interface EnginePorts {
  readonly clock: Clock;
  readonly tracer: Tracer;
  /** Absent where tree-sitter is not to be had. The engine owns it from now on. */
  readonly parsers?: Parsers;
  /** Static analysis of whatever languages it serves; absent: suggestions may name what does not exist. The engine owns it from now on. */
  readonly oracle?: SymbolOracle;
  /** Writes what is suggested in the stead of the local model, which compresses all the same. The engine owns it from now on. */
  readonly remote?: RemoteModel;
}

/** Builds an engine around a loaded model. The engine owns `forward` from now on. */
export function createEngine(options: EngineOptions, ports: EnginePorts): Engine {
  const { name, metadata, tokenizer, forward, guard, cacheMemoryMb, provider, notice } = options;
  const { clock, tracer, parsers, oracle, remote } = ports;
  const { config } = forward;
  const contextTokens = Math.min(metadata.contextTokens ?? config.maxPositions, config.maxPositions);
  const segments = new SegmentTokenizer(tokenizer);
  const weights = cacheWeightsOf(metadata.name);
  const cacheSamplers = new CacheSamplers(segments, weights, clock);
  const calibration = calibrationOf(metadata.name);
  const fim = fimFormatOf(metadata, tokenizer);
  const documents = new OpenDocuments();
  const trees = parsers && new Trees(parsers, clock);
  const types = oracle && new Types(oracle, clock, tokenizer);
  const lm = new CausalLm(forward, clock);
  const nSequences = sequencesThatFit(config, contextTokens, cacheMemoryMb);
  const completer = new Completer({
    documents,
    lm,
    pool: new SequencePool(config, contextTokens, nSequences),
    tokenizer,
    segments,
    fim,
    cacheSamplers,
    draftPolicy: new DraftPolicy(options.passCosts, options.drafters),
    successors: new Successors(tokenizer.nVocab),
    contextTokens,
    clock,
    tracer,
    ...(trees && { trees }),
    ...(types && { types }),
    ...(guard && { guard }),
    ...(calibration && { calibration }),
    ...(remote && { remote }),
  });
  const ranker = new Ranker(lm, fim.file);
  const asksModel = isGoodRanker(config);
  const compressor = new Compressor({ segments, clock, ranker, asksModel, ...(parsers && { parsers }) });
  const newest = new Map<string, AbortController>(); // by document: the request that counts
  let nRequests = 0;

  return {
    info: {
      modelName: name,
      contextTokens,
      ...(provider !== undefined && !remote && { provider }),
      ...(notice !== undefined && !remote && { notice }),
    },
    edit(change) {
      const before = documents.get(change.uri);
      documents.apply(change);
      types?.edit(change, before, documents.get(change.uri));
      const opened = change.kind === 'open' && documents.get(change.uri);
      if (opened) void cacheSamplers.warm(opened);
    },
    async complete(request, signal) {
      const requestId = ++nRequests;
      newest.get(request.uri)?.abort(superseded);
      const own = new AbortController();
      newest.set(request.uri, own);
      const forwardAbort = () => own.abort(signal.reason);
      signal.addEventListener('abort', forwardAbort, { once: true });
      try {
        signal.throwIfAborted();
        const result = await completer.complete(request, own.signal);
        tracer({ kind: 'complete', requestId, uri: request.uri, outcome: result.outcome, cost: result.cost });
        return result;
      } catch (error) {
        if (error !== superseded) throw error;
        return { outcome: 'stale', cost: newCost() };
      } finally {
        signal.removeEventListener('abort', forwardAbort);
        if (newest.get(request.uri) === own) newest.delete(request.uri);
      }
    },
    relate: (uri, pieces) => documents.relate(uri, pieces),
    compress: (request, signal) => compressor.compress(request, signal),
    async measure(signal) {
      const machine = await forward.measureMachine?.(clock, measureBudgetMs, signal);
      const times = await measurePasses(lm, clock, measureBudgetMs, signal);
      return { times, ...(machine && { machine }) };
    },
    accepted: (id) => completer.accepted(id),
    async dispose() {
      completer.dispose();
      for (const request of newest.values()) request.abort(superseded);
      trees?.dispose();
      parsers?.dispose();
      await types?.dispose();
      await remote?.dispose();
      await lm.exclusive('typing', () => forward.dispose()); // after the pass that runs now
    },
  };
}

/** The reason of a request that a newer one for the same document replaced. */
const superseded = new Error('a newer request for the same document');
