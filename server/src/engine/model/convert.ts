/** convertWeights: Hugging Face tensors to the weights file that our graphs read, streaming. */

import { EngineError } from '../base/error.ts';
import type { ModelConfig } from './contract.ts';
import type { OnnxType, StoredTensor } from './onnx-file.ts';
import { ColumnQuantizer, quantizeBlocks, quantizeRows } from './quantize.ts';
import { ropeTables } from './rope.ts';
import type { TensorSource } from './safetensors.ts';
import {
  blockFormat,
  embeddingTensor,
  headLinear,
  type LinearSpec,
  layerLinears,
  normTensors,
  type StoredWeights,
  type WeightFormat,
} from './weights.ts';

/** Where the weights file goes. */
export interface WeightSink {
  /** Writes the parts one behind the other, from an offset that is a multiple of 4096 (a page). */
  put(
    parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<{ offset: number; lengthBytes: number }>;
}

interface ConvertOptions {
  readonly format: WeightFormat;
  readonly signal?: AbortSignal | undefined;
  /** Called with a growing fraction in [0, 1]. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** Rows are read in blocks of about this many elements (16 MB as float32): the memory an import needs. */
const blockElements = 1 << 22;

/**
 * Checks every tensor's shape against the config first, then converts. Rejects with
 * EngineError('model-corrupt' | 'model-unsupported'), or the signal's reason.
 */
export async function convertWeights(
  config: ModelConfig,
  source: TensorSource,
  sink: WeightSink,
  options: ConvertOptions,
): Promise<StoredWeights> {
  checkShapes(config, source);
  return new Conversion(config, source, sink, options).run();
}

class Conversion {
  private readonly stored = new Map<string, StoredTensor>();
  private readonly nTotal: number;
  private nDone = 0;

  constructor(
    private readonly config: ModelConfig,
    private readonly source: TensorSource,
    private readonly sink: WeightSink,
    private readonly options: ConvertOptions,
  ) {
    const linears = allLinears(config);
    this.nTotal = linears.reduce((sum, { nOut, nIn }) => sum + nOut * nIn, config.nVocab * config.dModel);
  }

  async run(): Promise<StoredWeights> {
    const { config } = this;
    const half = config.headDim / 2;
    const { cos, sin } = ropeTables(config, config.maxPositions);
    await this.store('cos', 'float32', [config.maxPositions, half], [cos]);
    await this.store('sin', 'float32', [config.maxPositions, half], [sin]);
    for (const [ours, theirs] of normTensors(config)) {
      const gain = await this.source.readElements(theirs, 0, config.dModel);
      await this.store(ours, 'float32', [config.dModel], [gain]);
    }
    await this.embedding();
    for (const spec of allLinears(config)) await this.linear(spec);
    return this.stored;
  }

  /**
   * The table that token ids are looked up in. In blocks it has the bytes of a tied output layer, and
   * then the graph reads those; so does fp32.
   */
  private async embedding(): Promise<void> {
    const { format } = this.options;
    const { nVocab, dModel, tiedEmbeddings } = this.config;
    if (tiedEmbeddings && format !== 'int8') {
      this.nDone += nVocab * dModel;
      return;
    }
    const parts = [{ name: embeddingTensor, nOut: nVocab }];
    const spec: LinearSpec = { name: 'embedding', parts, nOut: nVocab, nIn: dModel, hasBias: false };
    if (format !== 'int8') return this.linear(spec);
    const scales: Float32Array[] = [];
    const quantized = mapAsync(this.rows(spec), (rows) => {
      const { data, scales: some } = quantizeRows(rows, dModel);
      scales.push(some);
      return data;
    });
    await this.store('embedding', 'int8', [nVocab, dModel], quantized);
    await this.store('embedding.scale', 'float32', [nVocab], scales);
  }

  private async linear(spec: LinearSpec): Promise<void> {
    const { name, nOut, nIn } = spec;
    const { format } = this.options;
    const where = spec.name === 'head' || spec.name === 'embedding' ? 'vocabulary' : 'layer';
    const block = blockFormat(format, nIn, where);
    if (format === 'fp32') {
      await this.store(name, 'float32', [nOut, nIn], this.rows(spec));
    } else if (block === undefined) {
      const columns = new ColumnQuantizer(nOut, nIn);
      for await (const rows of this.rows(spec)) columns.put(rows);
      await this.store(name, 'int8', [nIn, nOut], [columns.data]);
      await this.store(`${name}.scale`, 'float32', [nOut], [columns.scales]);
    } else {
      const scales: Float32Array[] = [];
      const quantized = mapAsync(this.rows(spec), (rows) => {
        const { data, scales: some } = quantizeBlocks(rows, block);
        scales.push(some);
        return data;
      });
      const { bits, blockSize } = block;
      const nBlock = nIn / blockSize;
      await this.store(name, 'uint8', [nOut, nBlock, (blockSize * bits) / 8], quantized);
      await this.store(`${name}.scale`, 'float32', [nOut * nBlock], scales);
    }
    if (!spec.hasBias) return;
    const biases: Float32Array[] = [];
    for (const part of spec.parts) {
      biases.push(await this.source.readElements(`${part.name}.bias`, 0, part.nOut));
    }
    await this.store(`${name}.bias`, 'float32', [nOut], biases);
  }

  /** All rows of a linear in order, a block at a time; the signal is read and progress told between. */
  private async *rows(spec: LinearSpec): AsyncGenerator<Float32Array> {
    const { signal, onProgress } = this.options;
    const nPerBlock = Math.max(1, Math.floor(blockElements / spec.nIn));
    for (const part of spec.parts) {
      for (let row = 0; row < part.nOut; row += nPerBlock) {
        signal?.throwIfAborted();
        const nRow = Math.min(nPerBlock, part.nOut - row);
        const rows = await this.source.readElements(`${part.name}.weight`, row * spec.nIn, nRow * spec.nIn);
        checkFinite(rows, `${part.name}.weight`);
        yield rows;
        this.nDone += rows.length;
        onProgress?.(this.nDone / this.nTotal);
      }
    }
  }

  private async store(
    name: string,
    type: OnnxType,
    shape: readonly number[],
    parts: AsyncIterable<ArrayBufferView> | Iterable<ArrayBufferView>,
  ): Promise<void> {
    const place = await this.sink.put(mapAsync(parts, bytesOf));
    this.stored.set(name, { type, shape, ...place });
  }
}

function allLinears(config: ModelConfig): LinearSpec[] {
  const layers = Array.from({ length: config.nLayer }, (_, layer) =>
    Object.values(layerLinears(config, layer)),
  );
  return [...layers.flat(), headLinear(config)];
}

function checkShapes(config: ModelConfig, source: TensorSource): void {
  const check = (name: string, expected: readonly number[]) => {
    const actual = source.shapeOf(name);
    if (actual.join() === expected.join()) return;
    throw new EngineError(
      'model-corrupt',
      `The tensor ${name} has the shape [${actual.join(', ')}], but config.json asks for [${expected.join(', ')}]. The two belong to different models: download the model again.`,
    );
  };
  check(`${embeddingTensor}.weight`, [config.nVocab, config.dModel]);
  for (const name of normTensors(config).values()) check(name, [config.dModel]);
  for (const { parts, nIn, hasBias } of allLinears(config)) {
    for (const { name, nOut } of parts) {
      check(`${name}.weight`, [nOut, nIn]);
      if (hasBias) check(`${name}.bias`, [nOut]);
    }
  }
  for (const name of source.names) {
    if (!/\.(q_norm|k_norm)\.weight$/.test(name)) continue;
    throw new EngineError(
      'model-unsupported',
      'Stet cannot run this model: it normalises queries and keys (QK-norm). Choose a Llama, Qwen2 or Qwen2.5 model with the setting stet.model.folder, or leave it empty for the embedded one.',
    );
  }
}

/** One NaN or infinity makes every logit NaN; better said at import than seen as no suggestions. */
function checkFinite(values: Float32Array, name: string): void {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * 0; // 0, or NaN once there is one
  if (sum === 0) return;
  throw new EngineError(
    'model-corrupt',
    `The tensor ${name} holds values that are not finite numbers. Download the model again.`,
  );
}

async function* mapAsync<T, U>(
  values: AsyncIterable<T> | Iterable<T>,
  map: (value: T) => U,
): AsyncGenerator<U> {
  for await (const value of values) yield map(value);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
