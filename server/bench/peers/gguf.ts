/** writeGguf: the model's safetensors as a GGUF file, so that llama.cpp runs the very same weights. */

// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3: header, metadata,
// tensor infos, padding, tensors. llama.cpp's `llama` architecture rotates neighbouring pairs where
// Hugging Face rotates halves, so the rows of the query and key weights are put in another order.

import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { ModelConfig } from '../../src/engine/model/contract.ts';
import type { TensorSource } from '../../src/engine/model/safetensors.ts';
import { readModelFolder, withWeights } from '../../src/node/model-files.ts';

/** How the matrices are held; vectors are always float32. */
export type GgufType = 'f16' | 'q8_0';

const alignment = 32;
/** Weights of one Q8_0 block, which share a scale. */
const blockSize = 32;

/** ggml's numbers of types, and of metadata values. */
const tensorTypes = { f32: 0, f16: 1, q8_0: 8 } as const;
const valueTypes = { uint32: 4, float32: 6, string: 8, array: 9, int32: 5 } as const;

interface Tensor {
  readonly name: string;
  readonly source: string;
  /** Outermost first, as in the source. */
  readonly shape: readonly number[];
  readonly type: keyof typeof tensorTypes;
  readonly sizeBytes: number;
  /** Rows of queries and keys: so many heads of so many rows, whose halves are to alternate. */
  readonly heads?: { readonly n: number; readonly dim: number };
}

/** Reads `modelFolder` and writes `file`. Only Llama-family models without biases. */
export async function writeGguf(modelFolder: string, file: string, type: GgufType): Promise<void> {
  const model = await readModelFolder(modelFolder);
  const { config, tokenizerJson, metadata } = model;
  if (config.architecture !== 'llama') throw new Error(`No GGUF is written for ${config.architecture}.`);
  await withWeights(model.weightFiles, async (source) => {
    const tensors = tensorsOf(config, type);
    const handle = await open(file, 'w');
    try {
      const header = headerOf(config, metadata.name ?? 'model', tokenizerJson as TokenizerJson, tensors);
      await handle.write(header);
      for (const tensor of tensors) await writeTensor(handle, source, tensor);
    } finally {
      await handle.close();
    }
  });
}

function tensorsOf(config: ModelConfig, type: GgufType): Tensor[] {
  const { dModel, dFfn, nHead, nKvHead, headDim, nVocab, nLayer } = config;
  const matrix = (name: string, source: string, nOut: number, nIn: number, nHeads = 0): Tensor => ({
    name: `${name}.weight`,
    source: `${source}.weight`,
    shape: [nOut, nIn],
    type,
    sizeBytes: type === 'f16' ? 2 * nOut * nIn : ((nOut * nIn) / blockSize) * (2 + blockSize),
    ...(nHeads > 0 && { heads: { n: nHeads, dim: headDim } }),
  });
  const vector = (name: string, source: string): Tensor => ({
    name: `${name}.weight`,
    source: `${source}.weight`,
    shape: [dModel],
    type: 'f32',
    sizeBytes: 4 * dModel,
  });
  const layers = Array.from({ length: nLayer }, (_, i) => {
    const [to, from] = [`blk.${i}`, `model.layers.${i}`];
    return [
      vector(`${to}.attn_norm`, `${from}.input_layernorm`),
      matrix(`${to}.attn_q`, `${from}.self_attn.q_proj`, nHead * headDim, dModel, nHead),
      matrix(`${to}.attn_k`, `${from}.self_attn.k_proj`, nKvHead * headDim, dModel, nKvHead),
      matrix(`${to}.attn_v`, `${from}.self_attn.v_proj`, nKvHead * headDim, dModel),
      matrix(`${to}.attn_output`, `${from}.self_attn.o_proj`, dModel, nHead * headDim),
      vector(`${to}.ffn_norm`, `${from}.post_attention_layernorm`),
      matrix(`${to}.ffn_gate`, `${from}.mlp.gate_proj`, dFfn, dModel),
      matrix(`${to}.ffn_up`, `${from}.mlp.up_proj`, dFfn, dModel),
      matrix(`${to}.ffn_down`, `${from}.mlp.down_proj`, dModel, dFfn),
    ];
  });
  return [
    matrix('token_embd', 'model.embed_tokens', nVocab, dModel),
    ...layers.flat(),
    vector('output_norm', 'model.norm'),
    ...(config.tiedEmbeddings ? [] : [matrix('output', 'lm_head', nVocab, dModel)]),
  ];
}

interface TokenizerJson {
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
  };
  readonly added_tokens?: readonly { readonly id: number; readonly content: string }[];
}

/** Everything before the tensors' bytes, padded. */
function headerOf(config: ModelConfig, name: string, tokenizer: TokenizerJson, tensors: readonly Tensor[]) {
  const bytes = new ByteWriter();
  const special = new Map(tokenizer.added_tokens?.map(({ id, content }) => [id, content]));
  const tokens = Array.from({ length: config.nVocab }, (_, id) => special.get(id) ?? `<unused ${id}>`);
  for (const [token, id] of Object.entries(tokenizer.model.vocab)) {
    if (!special.has(id) && id < tokens.length) tokens[id] = token;
  }
  const known = new Set([...special.values(), ...Object.keys(tokenizer.model.vocab)]);
  const kind = (token: string, id: number) => (special.has(id) ? 3 : known.has(token) ? 1 : 5); // control, normal, unused
  const merges = tokenizer.model.merges.map((pair) => (typeof pair === 'string' ? pair : pair.join(' ')));
  const size = (key: string, value: number) => () => bytes.entry(key, valueTypes.uint32, value);
  const text = (key: string, value: string) => () => bytes.entry(key, valueTypes.string, value);
  const entries = [
    text('general.architecture', 'llama'),
    text('general.name', name),
    size('llama.block_count', config.nLayer),
    size('llama.context_length', config.maxPositions),
    size('llama.embedding_length', config.dModel),
    size('llama.feed_forward_length', config.dFfn),
    size('llama.attention.head_count', config.nHead),
    size('llama.attention.head_count_kv', config.nKvHead),
    size('llama.attention.key_length', config.headDim),
    size('llama.attention.value_length', config.headDim),
    size('llama.rope.dimension_count', config.headDim),
    size('llama.vocab_size', config.nVocab),
    () => bytes.entry('llama.rope.freq_base', valueTypes.float32, config.ropeTheta),
    () => bytes.entry('llama.attention.layer_norm_rms_epsilon', valueTypes.float32, config.rmsNormEps),
    text('tokenizer.ggml.model', 'gpt2'),
    text('tokenizer.ggml.pre', 'gpt-2'), // never asked to tokenise: it is given token ids
    () => bytes.list('tokenizer.ggml.tokens', valueTypes.string, tokens),
    () => bytes.list('tokenizer.ggml.token_type', valueTypes.int32, tokens.map(kind)),
    () => bytes.list('tokenizer.ggml.merges', valueTypes.string, merges),
    size('tokenizer.ggml.bos_token_id', [...special.keys()][0] ?? 0),
    size('tokenizer.ggml.eos_token_id', [...special.keys()][0] ?? 0),
  ];
  bytes.uint32(0x46554747); // "GGUF"
  bytes.uint32(3);
  bytes.uint64(tensors.length);
  bytes.uint64(entries.length);
  for (const write of entries) write();
  let offset = 0;
  for (const tensor of tensors) {
    bytes.string(tensor.name);
    bytes.uint32(tensor.shape.length);
    for (const n of [...tensor.shape].reverse()) bytes.uint64(n);
    bytes.uint32(tensorTypes[tensor.type]);
    bytes.uint64(offset);
    offset += padded(tensor.sizeBytes);
  }
  return bytes.finish();
}

const padded = (sizeBytes: number) => Math.ceil(sizeBytes / alignment) * alignment;

async function writeTensor(handle: FileHandle, source: TensorSource, tensor: Tensor): Promise<void> {
  const { shape, heads, type, sizeBytes } = tensor;
  const nElement = shape.reduce((a, b) => a * b, 1);
  const rows = await source.readElements(tensor.source, 0, nElement);
  const values = heads ? interleaved(rows, heads.n, heads.dim, nElement / (heads.n * heads.dim)) : rows;
  const bytes = new Uint8Array(padded(sizeBytes));
  if (type === 'f32') bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  else if (type === 'f16') values.forEach(halfWriter(bytes));
  else quantizeBlocks(values, bytes);
  await handle.write(bytes);
}

/** Of each head, row i of the first half is followed by row i of the second. */
function interleaved(rows: Float32Array, nHead: number, headDim: number, nIn: number): Float32Array {
  const result = new Float32Array(rows.length);
  const half = headDim / 2;
  for (let head = 0; head < nHead; head++) {
    for (let i = 0; i < headDim; i++) {
      const from = (head * headDim + (i % 2) * half + (i >> 1)) * nIn;
      result.set(rows.subarray(from, from + nIn), (head * headDim + i) * nIn);
    }
  }
  return result;
}

/** Q8_0: blocks of 32 int8 weights behind their float16 scale. */
function quantizeBlocks(values: Float32Array, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  for (let block = 0, at = 0; block < values.length; block += blockSize) {
    let largest = 0;
    for (let i = 0; i < blockSize; i++) largest = Math.max(largest, Math.abs(values[block + i] as number));
    const scale = largest / 127;
    view.setUint16(at, toHalf(scale), true);
    at += 2;
    for (let i = 0; i < blockSize; i++) {
      view.setInt8(at++, scale === 0 ? 0 : Math.round((values[block + i] as number) / scale));
    }
  }
}

function halfWriter(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer);
  return (value: number, i: number) => view.setUint16(2 * i, toHalf(value), true);
}

/** The bits of the nearest float16, ties to even; too large becomes infinite. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 2 ** -24)));
  const units = roundTiesToEven(magnitude / 2 ** (exponent - 10)); // 1024 … 2048, less if subnormal
  return sign | (units + ((exponent + 14) << 10)); // the leading one carries into the exponent
}

function roundTiesToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Little-endian bytes that grow. */
class ByteWriter {
  private readonly parts: Uint8Array[] = [];

  uint32(value: number): void {
    this.number(4, (view) => view.setUint32(0, value, true));
  }

  uint64(value: number): void {
    this.number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }

  string(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.uint64(bytes.length);
    this.parts.push(bytes);
  }

  entry(key: string, type: number, value: string | number): void {
    this.string(key);
    this.uint32(type);
    this.value(type, value);
  }

  list(key: string, type: number, values: readonly (string | number)[]): void {
    this.string(key);
    this.uint32(valueTypes.array);
    this.uint32(type);
    this.uint64(values.length);
    for (const value of values) this.value(type, value);
  }

  /** All bytes, padded so that tensors may follow. */
  finish(): Uint8Array {
    const whole = Buffer.concat(this.parts);
    return Buffer.concat([whole, new Uint8Array(padded(whole.length) - whole.length)]);
  }

  private value(type: number, value: string | number): void {
    if (type === valueTypes.string) this.string(String(value));
    else if (type === valueTypes.float32) this.number(4, (view) => view.setFloat32(0, Number(value), true));
    else this.number(4, (view) => view.setInt32(0, Number(value), true));
  }

  private number(sizeBytes: number, write: (view: DataView) => void): void {
    const bytes = new Uint8Array(sizeBytes);
    write(new DataView(bytes.buffer));
    this.parts.push(bytes);
  }
}
