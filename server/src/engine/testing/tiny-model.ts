/** tinyModel: a random model of a few thousand weights in Hugging Face layout, for tests. */

// The weights are fake, our code is not: a test that opens one of these goes through the same
// readers, graph and runtime as a real model. Everything follows from the options and the seed.

export interface TinyModelOptions {
  /** Default 'llama'. */
  readonly architecture?: 'llama' | 'qwen2';
  /** Output layer = transposed embedding. Default true. */
  readonly tied?: boolean;
  /** Default 1. The same seed gives the same bytes. */
  readonly seed?: number;
  readonly nLayer?: number; // default 2
  readonly dModel?: number; // default 64
  readonly nHead?: number; // default 4
  readonly nKvHead?: number; // default 2
  readonly headDim?: number; // default 16
  readonly dFfn?: number; // default 128
  /** At least 256 bytes + 7 specials; the rest is padding, as real models have it. Default 272. */
  readonly nVocab?: number;
  readonly maxPositions?: number; // default 512
  /** As in `config.json`, e.g. `{ rope_type: 'linear', factor: 2 }`. */
  readonly ropeScaling?: Readonly<Record<string, unknown>>;
  /** How the weights are stored. Default 'F32'. */
  readonly dtype?: 'F32' | 'F16' | 'BF16';
  /** More than 1 adds `model.safetensors.index.json`. Default 1. */
  readonly nShard?: number;
  /** Default true; without it the sentinels must be found in `tokenizer.json`. */
  readonly withStetJson?: boolean;
}

export interface TinyTensor {
  readonly shape: readonly number[];
  /** Row-major, already rounded to the stored dtype. */
  readonly data: Float32Array;
}

export interface TinyModel {
  /** The parsed `config.json`. */
  readonly configJson: Record<string, unknown>;
  readonly tokenizerJson: Record<string, unknown>;
  /** By Hugging Face tensor name. */
  readonly tensors: ReadonlyMap<string, TinyTensor>;
  /** File name → content: what the folder holds. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Ids 256… of the tiny tokenizer; id b < 256 is the byte b. */
export const TINY_SPECIAL_TOKENS = [
  '<|endoftext|>',
  '<|fim_prefix|>',
  '<|fim_middle|>',
  '<|fim_suffix|>',
  '<|fim_pad|>',
  '<|repo_name|>',
  '<|file_sep|>',
] as const;

export function tinyModel(options: TinyModelOptions = {}): TinyModel {
  const configJson = tinyConfig(options);
  const tensors = tinyTensors(configJson, options);
  const tokenizerJson = tinyTokenizer();
  const files = new Map<string, Uint8Array>([
    ['config.json', json(configJson)],
    ['tokenizer.json', json(tokenizerJson)],
    ['tokenizer_config.json', json({ clean_up_tokenization_spaces: false })],
    ...weightFiles(tensors, options),
  ]);
  if (options.withStetJson ?? true) files.set('stet.json', json(TINY_STET));
  return { configJson, tokenizerJson, tensors, files };
}

/** The bytes of one `.safetensors` file. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TinyTensor>,
  dtype: 'F32' | 'F16' | 'BF16' = 'F32',
): Uint8Array {
  const width = dtype === 'F32' ? 4 : 2;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let sizeBytes = 0;
  for (const [name, { shape, data }] of tensors) {
    const end = sizeBytes + data.length * width;
    header[name] = { dtype, shape, data_offsets: [sizeBytes, end] };
    sizeBytes = end;
  }
  const text = JSON.stringify(header);
  const head = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8, ' '));
  const bytes = new Uint8Array(8 + head.length + sizeBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  let at = 8 + head.length;
  for (const { data } of tensors.values()) {
    for (const value of data) {
      if (dtype === 'F32') view.setFloat32(at, value, true);
      else view.setUint16(at, dtype === 'F16' ? toHalf(value) : toBfloat(value), true);
      at += width;
    }
  }
  return bytes;
}

/** A small fast generator with a full 32-bit state (mulberry32); values in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const TINY_STET = {
  name: 'tiny',
  version: '0',
  fim: {
    prefix: '<|fim_prefix|>',
    suffix: '<|fim_suffix|>',
    middle: '<|fim_middle|>',
    order: 'psm',
  },
  endTokens: ['<|endoftext|>', '<|file_sep|>'],
  repoToken: '<|repo_name|>',
  fileToken: '<|file_sep|>',
  contextTokens: 256,
};

function tinyConfig(options: TinyModelOptions): Record<string, unknown> {
  const qwen2 = options.architecture === 'qwen2';
  return {
    architectures: [qwen2 ? 'Qwen2ForCausalLM' : 'LlamaForCausalLM'],
    model_type: qwen2 ? 'qwen2' : 'llama',
    num_hidden_layers: options.nLayer ?? 2,
    hidden_size: options.dModel ?? 64,
    num_attention_heads: options.nHead ?? 4,
    num_key_value_heads: options.nKvHead ?? 2,
    head_dim: options.headDim ?? 16,
    intermediate_size: options.dFfn ?? 128,
    vocab_size: options.nVocab ?? 272,
    max_position_embeddings: options.maxPositions ?? 512,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    rope_scaling: options.ropeScaling ?? null,
    tie_word_embeddings: options.tied ?? true,
    torch_dtype: { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[options.dtype ?? 'F32'],
  };
}

function tinyTensors(config: Record<string, unknown>, options: TinyModelOptions): Map<string, TinyTensor> {
  const size = (key: string) => config[key] as number;
  const d = size('hidden_size');
  const dQuery = size('num_attention_heads') * size('head_dim');
  const dKv = size('num_key_value_heads') * size('head_dim');
  const dFfn = size('intermediate_size');
  const nVocab = size('vocab_size');
  const random = seededRandom(options.seed ?? 1);
  const normal = () => (random() + random() + random() + random() - 2) * Math.sqrt(3);
  const tensors = new Map<string, TinyTensor>();
  const add = (name: string, shape: number[], mean: number, deviation: number) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = mean + deviation * normal();
    round(data, options.dtype ?? 'F32');
    tensors.set(name, { shape, data });
  };
  // Deviation 1/sqrt(nIn) keeps activations near 1, so that attention is neither flat nor one-hot.
  const linear = (name: string, nOut: number, nIn: number) =>
    add(`${name}.weight`, [nOut, nIn], 0, 1 / Math.sqrt(nIn));

  add('model.embed_tokens.weight', [nVocab, d], 0, 0.5);
  for (let layer = 0; layer < size('num_hidden_layers'); layer++) {
    const at = `model.layers.${layer}`;
    add(`${at}.input_layernorm.weight`, [d], 1, 0.2);
    linear(`${at}.self_attn.q_proj`, dQuery, d);
    linear(`${at}.self_attn.k_proj`, dKv, d);
    linear(`${at}.self_attn.v_proj`, dKv, d);
    if (options.architecture === 'qwen2') {
      add(`${at}.self_attn.q_proj.bias`, [dQuery], 0, 0.5);
      add(`${at}.self_attn.k_proj.bias`, [dKv], 0, 0.5);
      add(`${at}.self_attn.v_proj.bias`, [dKv], 0, 0.5);
    }
    linear(`${at}.self_attn.o_proj`, d, dQuery);
    add(`${at}.post_attention_layernorm.weight`, [d], 1, 0.2);
    linear(`${at}.mlp.gate_proj`, dFfn, d);
    linear(`${at}.mlp.up_proj`, dFfn, d);
    linear(`${at}.mlp.down_proj`, d, dFfn);
  }
  add('model.norm.weight', [d], 1, 0.2);
  if (!(options.tied ?? true)) linear('lm_head', nVocab, d);
  return tensors;
}

/** A byte-level BPE without merges: every byte is one token, in GPT-2's printable alphabet. */
function tinyTokenizer(): Record<string, unknown> {
  const vocab: Record<string, number> = {};
  let nHidden = 0;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    vocab[String.fromCharCode(printable ? byte : 256 + nHidden++)] = byte;
  }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: TINY_SPECIAL_TOKENS.map((content, i) => ({
      id: 256 + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: [],
    },
  };
}

function weightFiles(
  tensors: ReadonlyMap<string, TinyTensor>,
  { nShard = 1, dtype }: TinyModelOptions,
): [string, Uint8Array][] {
  if (nShard === 1) return [['model.safetensors', encodeSafetensors(tensors, dtype)]];
  const shards = Array.from({ length: nShard }, () => new Map<string, TinyTensor>());
  const fileOf = (i: number) =>
    `model-${String(i + 1).padStart(5, '0')}-of-${String(nShard).padStart(5, '0')}.safetensors`;
  const weight_map: Record<string, string> = {};
  [...tensors].forEach(([name, tensor], i) => {
    shards[i % nShard]?.set(name, tensor);
    weight_map[name] = fileOf(i % nShard);
  });
  return [
    ['model.safetensors.index.json', json({ metadata: {}, weight_map })],
    ...shards.map((shard, i): [string, Uint8Array] => [fileOf(i), encodeSafetensors(shard, dtype)]),
  ];
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function round(data: Float32Array, dtype: 'F32' | 'F16' | 'BF16'): void {
  if (dtype === 'F32') return;
  const bits = new DataView(new ArrayBuffer(4));
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (dtype === 'F16') data[i] = halfGrid(value);
    else {
      bits.setUint32(0, toBfloat(value) << 16);
      data[i] = bits.getFloat32(0);
    }
  }
}

/** Nearest bfloat16 (ties to even); no NaN here. */
function toBfloat(value: number): number {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  const whole = bits.getUint32(0);
  return ((whole + 0x7fff + ((whole >>> 16) & 1)) >>> 16) & 0xffff;
}

/** Nearest value that binary16 holds; |value| < 65504. */
function halfGrid(value: number): number {
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1e-8)));
  const step = 2 ** (exponent - 10);
  return Math.round(value / step) * step;
}

/** The bits of a value that lies on the binary16 grid. */
function toHalf(value: number): number {
  const size = Math.abs(halfGrid(value));
  const sign = value < 0 ? 0x8000 : 0;
  if (size === 0) return sign;
  const exponent = Math.floor(Math.log2(size));
  if (exponent < -14) return sign | Math.round(size * 2 ** 24); // subnormal
  return sign | ((exponent + 15) << 10) | Math.round((size / 2 ** exponent - 1) * 1024);
}
