/** loadForward: makes the engine's Forward port real with ONNX Runtime; the only file that imports it. */

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { assert, defined } from '../engine/base/assert.ts';
import { EngineError } from '../engine/base/error.ts';
import type { Clock } from '../engine/base/ports.ts';
import type { KvArena } from '../engine/model/arena.ts';
import type { Forward, ForwardRequest, MachineSpeed } from '../engine/model/backend.ts';
import type { ModelConfig } from '../engine/model/contract.ts';
import { type KvOutputs, stopOutput } from '../engine/model/graph.ts';
import { probeCase, probeRows, saturationProbe } from '../engine/model/saturation-probe.ts';
import { probeIn, speedProbe, timeProducts } from '../engine/model/speed-probe.ts';
import { checkAnswers, type ExecutionProvider, fallbackNotice, notOffered } from './execution-provider.ts';
import { writesInPlace } from './in-place-check.ts';
import { checkRequest, cutIfNeeded } from './onnx-request.ts';

type Ort = typeof import('onnxruntime-node');

interface LoadOptions {
  /** Threads of one pass. 2-4 suit a laptop: small models are bound by memory, not by cores. */
  readonly nThread: number;
  /** What computes; the processor when absent, or when it cannot be had. */
  readonly provider?: ExecutionProvider;
  /** Tests choose; otherwise in place where it works, which the load finds out. */
  readonly kvOutputs?: KvOutputs;
}

/** A loaded model, and what the load found out about this machine. */
export interface OnnxForward extends Forward {
  readonly kvOutputs: KvOutputs;
  /** This CPU's fast uint8 × int8 kernel is wrong, so the exact one is used. */
  readonly needsExactInt8: boolean;
  readonly provider: ExecutionProvider;
  /** For people: why it is not the provider that was asked for. */
  readonly notice?: string;
}

/**
 * What the binding of onnxruntime-node 1.30.0 says when a run has ended and the first output is a
 * sequence. It says so before it copies the other outputs, and that is what we are after: it would
 * copy the whole arena on every step (15 ms instead of 6 per token at 120M parameters and 1024
 * rows). The version is pinned; `writesInPlace` checks all this at every load.
 */
const stopMessage = 'Non tensor type is temporarily not supported.';

/** Input shapes whose tensors are kept: decode, the draft sizes and the prefill chunk are a few dozen. */
const nInputShapesKept = 64;

/**
 * Loads one of the two graphs, on the processor where the provider asked for is not to be had. Rejects with
 * EngineError, 'backend-missing' or 'backend-failed'.
 */
export async function loadForward(
  graphs: Graphs,
  config: ModelConfig,
  options: LoadOptions,
): Promise<OnnxForward> {
  const ort = await loadRuntime();
  const onCpu = await loadOnCpu(ort, graphs, config, options);
  const { provider = 'cpu' } = options;
  if (provider === 'cpu') return onCpu;
  let model: OnnxModel | undefined;
  try {
    const offered = ort.listSupportedBackends().map(({ name }) => name);
    if (!offered.includes(provider)) throw new Error(notOffered(offered));
    model = await loadOn(ort, provider, graphs, config, options);
    await checkAnswers(model, onCpu);
    await onCpu.dispose();
    return model;
  } catch (cause) {
    await model?.dispose();
    onCpu.notice = fallbackNotice(provider, reasonOf(cause));
    return onCpu;
  }
}

interface Graphs {
  readonly inPlace: string;
  readonly delta: string;
}

async function loadOnCpu(
  ort: Ort,
  graphs: Graphs,
  config: ModelConfig,
  options: LoadOptions,
): Promise<OnnxModel> {
  try {
    return await loadOn(ort, 'cpu', graphs, config, options);
  } catch (cause) {
    throw new EngineError(
      'backend-failed',
      `The model could not be loaded: ${reasonOf(cause)} Delete the folder of converted models (setting stet.model.cacheFolder) and try again.`,
      true,
      { cause },
    );
  }
}

async function loadOn(
  ort: Ort,
  provider: ExecutionProvider,
  graphs: Graphs,
  config: ModelConfig,
  { nThread, kvOutputs }: LoadOptions,
): Promise<OnnxModel> {
  const needsExactInt8 = !(await isInt8Exact(ort));
  const how: RunOptions = { provider, nThread, needsExactInt8 };
  const open = async (outputs: KvOutputs) => {
    const path = outputs === 'in-place' ? graphs.inPlace : graphs.delta;
    const session = await ort.InferenceSession.create(path, sessionOptions(how));
    return new OnnxModel(ort, session, config, outputs, how);
  };
  if (kvOutputs === 'delta') return open('delta');
  const inPlace = await open('in-place');
  if (await writesInPlace(inPlace)) return inPlace;
  await inPlace.dispose();
  return open('delta');
}

/** The runtime's JavaScript with its binding. Rejects with EngineError('backend-missing'). */
async function loadRuntime(): Promise<Ort> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new EngineError(
      'backend-missing',
      `Completions are off: this installation has no inference runtime for ${process.platform}-${process.arch}. Search works without it. Install the Stet package for this platform (Linux and Windows on x64 or ARM64, macOS on Apple silicon).`,
      true,
      { cause },
    );
  }
}

interface RunOptions {
  readonly provider: ExecutionProvider;
  readonly nThread: number;
  readonly needsExactInt8: boolean;
}

function sessionOptions({ provider, nThread, needsExactInt8 }: RunOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider], // what it cannot compute, the runtime gives to the processor
    intraOpNumThreads: nThread,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4, // errors reach us as exceptions; standard error belongs to the host
    extra: {
      session: {
        // Threads that spin while they wait heat the laptop, and cost up to 70 % more CPU under load.
        'intra_op.allow_spinning': '0',
        ...(needsExactInt8 && { x64quantprecision: '1' }),
      },
    },
  };
}

class OnnxModel implements OnnxForward {
  private readonly arenas = new WeakMap<KvArena, ArenaTensors>();
  private readonly inputs = new Map<string, InputTensors>();
  private logitsMemory = new Float32Array(0);
  /** All zero for ever: the bias of every pass that asks for none. */
  private noBias = new Float32Array(0);
  private isRunning = false;
  private isDisposed = false;
  notice?: string;

  constructor(
    private readonly ort: Ort,
    private readonly session: InferenceSession,
    readonly config: ModelConfig,
    readonly kvOutputs: KvOutputs,
    private readonly how: RunOptions,
  ) {}

  get needsExactInt8(): boolean {
    return this.how.needsExactInt8;
  }

  get provider(): ExecutionProvider {
    return this.how.provider;
  }

  async run(request: ForwardRequest): Promise<Float32Array> {
    assert(!this.isRunning, 'passes must not overlap');
    checkRequest(request, this.config);
    if (this.isDisposed) throw new EngineError('backend-failed', 'The model was closed.', false);
    this.isRunning = true;
    try {
      const cut = cutIfNeeded(request);
      return await (cut === undefined ? this.runOnce(request) : this.runCut(request.logitsOf, cut));
    } catch (cause) {
      throw new EngineError(
        'backend-failed',
        `The model could not run: ${reasonOf(cause)} If this happens again, restart Stet (command "Stet: Restart Server").`,
        true,
        { cause },
      );
    } finally {
      this.isRunning = false;
    }
  }

  async dispose(): Promise<void> {
    assert(!this.isRunning, 'a running pass must end first');
    if (this.isDisposed) return;
    this.isDisposed = true;
    await this.session.release();
  }

  async measureMachine(clock: Clock, budgetMs: number, signal: AbortSignal): Promise<MachineSpeed> {
    const session = await this.ort.InferenceSession.create(speedProbe(), sessionOptions(this.how));
    try {
      const run = async (nRow: number, a: Uint8Array) =>
        void (await session.run({ a: new this.ort.Tensor('uint8', a, [nRow, probeIn]) }));
      return await timeProducts(run, clock, budgetMs, signal);
    } finally {
      await session.release();
    }
  }

  private runOnce(request: ForwardRequest): Promise<Float32Array> {
    const feeds = this.feedsOf(request);
    return this.kvOutputs === 'in-place' ? this.runInPlace(request, feeds) : this.runDelta(request, feeds);
  }

  private async runCut(
    logitsOf: readonly number[],
    [first, rest]: readonly [ForwardRequest, ForwardRequest],
  ): Promise<Float32Array> {
    const firstLogits = (await this.runOnce(first)).slice();
    const logits = await this.runOnce(rest);
    logitsOf.forEach((token, i) => {
      if (token === 0) logits.set(firstLogits, i * this.config.nVocab);
    });
    return logits;
  }

  private async runInPlace(request: ForwardRequest, feeds: Feeds): Promise<Float32Array> {
    const { arena, logitsOf } = request;
    const logits = this.logitsOf(arena.nBatch, logitsOf.length);
    const fetches = this.tensorsOf(arena).fetches;
    fetches.logits = logits;
    try {
      await this.session.run(feeds, fetches);
    } catch (error) {
      if (error instanceof Error && error.message === stopMessage) return logits.data as Float32Array;
      throw error;
    }
    throw new Error('the runtime did not stop where it should.');
  }

  private async runDelta(request: ForwardRequest, feeds: Feeds): Promise<Float32Array> {
    const { arena, start } = request;
    const { nKvHead, headDim, nLayer } = this.config;
    feeds.first_new_row = new this.ort.Tensor('int32', Int32Array.of(start), [1]);
    const outputs = await this.session.run(feeds);
    const rows = defined(outputs.new_rows, 'an output of this graph').data as Float32Array; // [2 nLayer * nBatch, nKvHead, nToken, headDim]
    const sizeNew = (request.tokens.length / arena.nBatch) * headDim;
    const sizeHead = arena.nRow * headDim;
    for (let part = 0, from = 0; part < 2 * nLayer; part++) {
      const into = (part % 2 === 0 ? arena.keys : arena.values)[part >> 1] as Float32Array;
      for (let head = 0; head < arena.nBatch * nKvHead; head++, from += sizeNew) {
        into.set(rows.subarray(from, from + sizeNew), head * sizeHead + start * headDim);
      }
    }
    return defined(outputs.logits, 'an output of this graph').data as Float32Array;
  }

  private feedsOf(request: ForwardRequest): Feeds {
    const { arena, tokens, start, positions, logitsOf } = request;
    const { nBatch } = arena;
    const nToken = tokens.length / nBatch;
    const nRow = start + nToken;
    const input = this.inputsOf(nBatch, nToken);
    input.ids.set(tokens);
    if (positions !== undefined) input.positions.set(positions);
    else for (let i = 0; i < tokens.length; i++) input.positions[i] = start + (i % nToken);
    input.lastRow.fill(nRow - 1);
    input.totalRows[0] = nRow;
    const bias = request.attentionBias ?? this.zeros(nToken * nRow);
    const { Tensor } = this.ort;
    const logitRows = logitsOf.length === 1 ? input.logitRow : undefined;
    if (logitRows !== undefined) input.oneLogitRow[0] = logitsOf[0] as number;
    return Object.assign(this.tensorsOf(arena).feeds, input.feeds, {
      logit_rows: logitRows ?? new Tensor('int32', Int32Array.from(logitsOf), [logitsOf.length]),
      attention_bias: new Tensor('float32', bias, [1, 1, nToken, nRow]),
    });
  }

  /** The arena's memory as tensors; the same ones are read and written. */
  private tensorsOf(arena: KvArena): ArenaTensors {
    const known = this.arenas.get(arena);
    if (known !== undefined) return known;
    const shape = [arena.nBatch, this.config.nKvHead, arena.nRow, this.config.headDim];
    const feeds: Feeds = {};
    const fetches: Record<string, Tensor | null> = { [stopOutput]: null };
    for (let layer = 0; layer < this.config.nLayer; layer++) {
      const key = new this.ort.Tensor('float32', arena.keys[layer] as Float32Array, shape);
      const value = new this.ort.Tensor('float32', arena.values[layer] as Float32Array, shape);
      feeds[`past_key_${layer}`] = key;
      feeds[`past_value_${layer}`] = value;
      fetches[`present_key_${layer}`] = key;
      fetches[`present_value_${layer}`] = value;
    }
    const tensors = { feeds, fetches };
    this.arenas.set(arena, tensors);
    return tensors;
  }

  private inputsOf(nBatch: number, nToken: number): InputTensors {
    const key = `${nBatch},${nToken}`;
    const known = this.inputs.get(key);
    if (known !== undefined) return known;
    if (this.inputs.size >= nInputShapesKept) this.inputs.clear();
    const made = inputTensors(this.ort, nBatch, nToken);
    this.inputs.set(key, made);
    return made;
  }

  /** Memory for [nBatch, n, nVocab] logits, the same at every call. */
  private logitsOf(nBatch: number, n: number): Tensor {
    const size = nBatch * n * this.config.nVocab;
    if (size > this.logitsMemory.length) this.logitsMemory = new Float32Array(size);
    return new this.ort.Tensor('float32', this.logitsMemory.subarray(0, size), [
      nBatch,
      n,
      this.config.nVocab,
    ]);
  }

  private zeros(length: number): Float32Array {
    if (length > this.noBias.length) this.noBias = new Float32Array(Math.max(length, 2 * this.noBias.length));
    return this.noBias.subarray(0, length);
  }
}

type Feeds = Record<string, Tensor>;

interface ArenaTensors {
  readonly feeds: Feeds;
  readonly fetches: Record<string, Tensor | null>;
}

/** Inputs of one shape: the arrays are filled anew for every pass, the tensors look at them. */
interface InputTensors {
  readonly ids: Int32Array;
  readonly positions: Int32Array;
  readonly lastRow: Int32Array;
  readonly totalRows: Int32Array;
  readonly oneLogitRow: Int32Array;
  readonly logitRow: Tensor;
  readonly feeds: Feeds;
}

function inputTensors({ Tensor }: Ort, nBatch: number, nToken: number): InputTensors {
  const ids = new Int32Array(nBatch * nToken);
  const positions = new Int32Array(nBatch * nToken);
  const lastRow = new Int32Array(nBatch);
  const totalRows = new Int32Array(1);
  const oneLogitRow = new Int32Array(1);
  return {
    ids,
    positions,
    lastRow,
    totalRows,
    oneLogitRow,
    logitRow: new Tensor('int32', oneLogitRow, [1]),
    feeds: {
      input_ids: new Tensor('int32', ids, [nBatch, nToken]),
      position_ids: new Tensor('int32', positions, [nBatch, nToken]),
      last_row: new Tensor('int32', lastRow, [nBatch]),
      total_rows: new Tensor('int32', totalRows, []),
    },
  };
}

/** Runs the saturation probe: whether the default uint8 × int8 kernels are exact on this CPU. */
async function isInt8Exact(ort: Ort): Promise<boolean> {
  const session = await ort.InferenceSession.create(
    saturationProbe(),
    sessionOptions({ provider: 'cpu', nThread: 1, needsExactInt8: false }),
  );
  try {
    for (const nRow of probeRows) {
      const { a, shape, sums } = probeCase(nRow);
      const outputs = await session.run({ a: new ort.Tensor('uint8', a, shape) });
      const actual = defined(outputs.sums, 'the probe has one output').data;
      if (!sums.every((sum, i) => sum === actual[i])) return false;
    }
    return true;
  } finally {
    await session.release();
  }
}

function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return `${message.split('\n')[0]?.slice(0, 300)}`.replace(/[.:]?$/, '.');
}
