/** LinearWriter: linear layers and the embedding as ONNX nodes, for each weight format. */

import { defined } from '../base/assert.ts';
import type { ModelConfig } from './contract.ts';
import { microsoft, type OnnxFile } from './onnx-file.ts';
import {
  blockFormat,
  headLinear,
  type LinearSpec,
  type StoredWeights,
  type WeightFormat,
} from './weights.ts';

/** 4 = activations as int8 per block: the fast kernels of MatMulNBits. */
const int8Activations = 4;

export class LinearWriter {
  private readonly known = new Set<string>();

  constructor(
    private readonly file: OnnxFile,
    private readonly weights: StoredWeights,
    private readonly config: ModelConfig,
    private readonly format: WeightFormat,
  ) {}

  /** [B, S] ids → [B, S, dModel]. */
  embed(ids: string): string {
    const { file, format } = this;
    const { nVocab, dModel, tiedEmbeddings } = this.config;
    if (format === 'int8') {
      const rows = file.node('Gather', [this.stored('embedding'), ids], { axis: 0 });
      const scales = file.node('Gather', [this.stored('embedding.scale'), ids], { axis: 0 });
      const scale = file.node('Unsqueeze', [scales, this.lastAxis()]);
      return file.node('Mul', [file.node('Cast', [rows], { to: 1 }), scale]);
    }
    const table = tiedEmbeddings ? 'head' : 'embedding';
    if (format === 'fp32') return file.node('Gather', [this.stored(table), ids], { axis: 0 });
    const { bits, blockSize } = defined(blockFormat(format, dModel, 'vocabulary'), 'not fp32, not int8');
    // The bytes of the output layer under the shape that this operator wants.
    const data = this.reshaped(table, 'embedding_rows', [nVocab, (dModel * bits) / 8]);
    const scales = this.reshaped(`${table}.scale`, 'embedding_scales', [nVocab, dModel / blockSize]);
    const attributes = { bits, block_size: blockSize, gather_axis: 0, quantize_axis: 1 };
    return file.node('GatherBlockQuantized', [data, ids, scales], attributes, microsoft);
  }

  /** [B, S, nIn] → [B, S, nOut]. */
  write(x: string, spec: LinearSpec): string {
    const product = this.product(x, spec, 'layer');
    return spec.hasBias ? this.file.node('Add', [product, this.stored(`${spec.name}.bias`)]) : product;
  }

  /** [B, n, dModel] → logits [B, n, nVocab]. */
  writeHead(x: string): string {
    return this.product(x, headLinear(this.config), 'vocabulary');
  }

  private product(x: string, { name, nIn, nOut }: LinearSpec, where: 'layer' | 'vocabulary'): string {
    const { file, format } = this;
    const weight = this.stored(name);
    if (format === 'fp32') return file.node('FusedMatMul', [x, weight], { transB: 1 }, microsoft);
    const block = blockFormat(format, nIn, where);
    if (block === undefined) return this.int8Product(x, weight, this.stored(`${name}.scale`));
    return file.node(
      'MatMulNBits',
      [x, weight, this.stored(`${name}.scale`)],
      { K: nIn, N: nOut, bits: block.bits, block_size: block.blockSize, accuracy_level: int8Activations },
      microsoft,
    );
  }

  /**
   * Each token's activations get a scale of their own, so a token's result does not depend on what it
   * is batched with: cached rows stay true, and verifying a draft gives what decoding would.
   * (DynamicQuantizeMatMul, with one scale per call, does not have this.)
   */
  private int8Product(x: string, weight: string, weightScale: string): string {
    const { file } = this;
    const magnitude = file.node('ReduceMax', [file.node('Abs', [x]), this.lastAxis()], { keepdims: 1 });
    const nonzero = file.node('Max', [magnitude, this.float('least_magnitude', 1e-20)]);
    const scale = file.node('Mul', [nonzero, this.float('per_step', 1 / 127)]);
    const steps = file.node('Round', [file.node('Div', [x, scale])]);
    // Unsigned, because uint8 × int8 has fast kernels and int8 × int8 has none (100 times slower).
    const unsigned = file.node('Cast', [file.node('Add', [steps, this.float('middle', 128)])], { to: 2 });
    const sums = file.node('MatMulInteger', [unsigned, weight, this.zeroPoint()]);
    const scaled = file.node('Mul', [file.node('Cast', [sums], { to: 1 }), scale]);
    return file.node('Mul', [scaled, weightScale]);
  }

  private stored(name: string): string {
    return this.once(name, () =>
      this.file.stored(name, defined(this.weights.get(name), `${name} was converted`)),
    );
  }

  private reshaped(name: string, as: string, shape: readonly number[]): string {
    const tensor = defined(this.weights.get(name), `${name} was converted`);
    return this.once(as, () => this.file.stored(as, { ...tensor, shape }));
  }

  private float(name: string, value: number): string {
    return this.once(name, () => this.file.constant(name, 'float32', [], Float32Array.of(value)));
  }

  private lastAxis(): string {
    return this.once('last_axis', () => this.file.constant('last_axis', 'int64', [1], BigInt64Array.of(-1n)));
  }

  private zeroPoint(): string {
    return this.once('zero_point', () => this.file.constant('zero_point', 'uint8', [], Uint8Array.of(128)));
  }

  /** A constant is declared where it is first used. */
  private once(name: string, declare: () => string): string {
    if (this.known.has(name)) return name;
    this.known.add(name);
    return declare();
  }
}
