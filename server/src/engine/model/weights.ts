/** WeightLayout: which tensors the weights file of a model holds, under which names, for each format. */

// The converter writes by this list and the graph reads by it, so the two cannot drift apart.

import type { ModelConfig } from './contract.ts';
import type { StoredTensor } from './onnx-file.ts';
import type { BlockFormat } from './quantize.ts';

/**
 * How linear layers are held and multiplied:
 * - `fp32`: as they are, 4 bytes a weight; the reference.
 * - `int8`: one scale per output channel, activations quantised per token; the fastest.
 * - `int8-block`: one scale per 128 weights (MatMulNBits); runs on anything.
 * - `int4`: one scale per 32 weights (MatMulNBits), embedding and output layer as in `int8-block`.
 */
export type WeightFormat = 'fp32' | 'int8' | 'int8-block' | 'int4';

/** Tensors of the weights file by our names. */
export type StoredWeights = ReadonlyMap<string, StoredTensor>;

/** A linear layer in the graph; its rows are those of one or more Hugging Face tensors, in order. */
export interface LinearSpec {
  /** Our name: `<name>` holds the weights, `<name>.scale` the scales, `<name>.bias` the bias. */
  readonly name: string;
  readonly parts: readonly { readonly name: string; readonly nOut: number }[];
  readonly nOut: number;
  readonly nIn: number;
  readonly hasBias: boolean;
}

/** One decoder layer's linears. Query, key and value are one matrix, and so are gate and up. */
export function layerLinears(
  config: ModelConfig,
  layer: number,
): Record<'qkv' | 'output' | 'gateUp' | 'down', LinearSpec> {
  const { dModel, dFfn, nHead, nKvHead, headDim, qkvBias } = config;
  const at = `model.layers.${layer}`;
  const part = (path: string, nOut: number) => ({ name: `${at}.${path}`, nOut });
  const spec = (name: string, nIn: number, parts: LinearSpec['parts'], hasBias = false): LinearSpec => ({
    name: `layer${layer}.${name}`,
    parts,
    nOut: parts.reduce((sum, { nOut }) => sum + nOut, 0),
    nIn,
    hasBias,
  });
  const qkv = [
    part('self_attn.q_proj', nHead * headDim),
    part('self_attn.k_proj', nKvHead * headDim),
    part('self_attn.v_proj', nKvHead * headDim),
  ];
  return {
    qkv: spec('qkv', dModel, qkv, qkvBias),
    output: spec('output', nHead * headDim, [part('self_attn.o_proj', dModel)]),
    gateUp: spec('gateUp', dModel, [part('mlp.gate_proj', dFfn), part('mlp.up_proj', dFfn)]),
    down: spec('down', dFfn, [part('mlp.down_proj', dModel)]),
  };
}

/** The output layer; with tied embeddings its rows are the embedding's. */
export function headLinear({ tiedEmbeddings, nVocab, dModel }: ModelConfig): LinearSpec {
  const name = tiedEmbeddings ? embeddingTensor : 'lm_head';
  return { name: 'head', parts: [{ name, nOut: nVocab }], nOut: nVocab, nIn: dModel, hasBias: false };
}

/** Without `.weight`, as all parts are. */
export const embeddingTensor = 'model.embed_tokens';

/** RMSNorm gains, [dModel] each: our name → Hugging Face's. */
export function normTensors({ nLayer }: Pick<ModelConfig, 'nLayer'>): ReadonlyMap<string, string> {
  const names = new Map([['norm', 'model.norm.weight']]);
  for (let layer = 0; layer < nLayer; layer++) {
    names.set(`layer${layer}.attentionNorm`, `model.layers.${layer}.input_layernorm.weight`);
    names.set(`layer${layer}.ffnNorm`, `model.layers.${layer}.post_attention_layernorm.weight`);
  }
  return names;
}

/** The block format of a layer's linears, of the head and of the embedding; undefined: not in blocks. */
export function blockFormat(
  format: WeightFormat,
  nIn: number,
  where: 'layer' | 'vocabulary',
): BlockFormat | undefined {
  if (format === 'fp32' || format === 'int8') return undefined;
  // The vocabulary's weights act on every token directly, so 4 bits are kept away from them, as
  // llama.cpp does in its 4-bit files. (Usual practice; not measured here.)
  const bits = format === 'int4' && where === 'layer' ? 4 : 8;
  const largestBlock = bits === 4 ? 32 : 128;
  const blockSize = [128, 64, 32, 16].find((size) => size <= largestBlock && nIn % size === 0);
  return { bits, blockSize: blockSize ?? 16 }; // parseModelConfig lets only multiples of 16 in
}
