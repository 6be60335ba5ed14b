/** ModelConfig: what a Hugging Face `config.json` says of a decoder, checked and in our names. */

import { corruptConfig as corrupt, unsupportedModel as unsupported } from './config-error.ts';
import { parseRope, type RopeScaling } from './rope-scaling.ts';

export type { RopeScaling } from './rope-scaling.ts';

/** A Llama-family decoder: RMSNorm, rotate-half RoPE, grouped-query attention, SwiGLU. */
export interface ModelConfig {
  readonly architecture: 'llama' | 'qwen2';
  readonly nLayer: number;
  readonly dModel: number;
  readonly nHead: number;
  readonly nKvHead: number;
  readonly headDim: number;
  readonly dFfn: number;
  readonly nVocab: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  /** RoPE positions are in [0, maxPositions). At most `positionLimit`. */
  readonly maxPositions: number;
  readonly tiedEmbeddings: boolean;
  /** Bias on the query, key and value projections (Qwen2). */
  readonly qkvBias: boolean;
}

/** The graph holds a cosine table of this many positions at most; no arena here comes near it. */
const positionLimit = 32768;

/** Largest size of any one dimension; a greater one is a corrupt file, not a laptop's model. */
const sizeLimit = 1 << 20;

/**
 * Reads and checks `config.json`, which may hold anything.
 * Throws EngineError('model-unsupported' | 'model-corrupt').
 */
export function parseModelConfig(json: unknown): ModelConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw corrupt('it is not a JSON object');
  }
  const config = json as Record<string, unknown>;
  const architecture = readArchitecture(config);
  refuseWhatTheGraphLacks(config);
  const nHead = readSize(config, 'num_attention_heads');
  const dModel = readSize(config, 'hidden_size');
  const rope = parseRope(config);
  const maxPositions = readSize(config, 'max_position_embeddings', 2048);
  refuseSlidingWindow(config, architecture, maxPositions);
  const result: ModelConfig = {
    architecture: architecture === 'qwen2' ? 'qwen2' : 'llama',
    nLayer: readSize(config, 'num_hidden_layers'),
    dModel,
    nHead,
    nKvHead: readSize(config, 'num_key_value_heads', nHead),
    headDim: readSize(config, 'head_dim', dModel / nHead),
    dFfn: readSize(config, 'intermediate_size'),
    nVocab: readSize(config, 'vocab_size'),
    rmsNormEps: readPositive(config, 'rms_norm_eps', 1e-6),
    ropeTheta: rope.theta,
    ropeScaling: rope.scaling,
    maxPositions: Math.min(maxPositions, positionLimit),
    tiedEmbeddings: config.tie_word_embeddings === true, // false is the default of all three families
    qkvBias: architecture === 'qwen2',
  };
  refuseOddSizes(result);
  return result;
}

type Family = 'llama' | 'qwen2' | 'mistral';

const families: Readonly<Record<string, Family>> = {
  LlamaForCausalLM: 'llama',
  Qwen2ForCausalLM: 'qwen2',
  MistralForCausalLM: 'mistral', // Llama's shape once its sliding window is off
};

function readArchitecture(config: Record<string, unknown>): Family {
  const { architectures } = config;
  const name = Array.isArray(architectures) ? String(architectures[0]) : undefined;
  if (name === undefined) throw corrupt('it names no architecture');
  const family = Object.hasOwn(families, name) ? families[name] : undefined;
  if (family !== undefined) return family;
  throw unsupported(`its architecture is ${name.slice(0, 80)}`);
}

/** Each entry changes what a Llama-family layer computes, so running without it would be wrong. */
function refuseWhatTheGraphLacks(config: Record<string, unknown>): void {
  const activation = config.hidden_act ?? 'silu';
  if (activation !== 'silu' && activation !== 'swish') {
    throw unsupported(`its activation is ${String(activation)}, not silu`);
  }
  if (config.quantization_config != null) {
    throw unsupported(
      'its weights are quantised already; choose the original bfloat16 weights, we quantise them',
    );
  }
  if ((config.partial_rotary_factor ?? 1) !== 1) throw unsupported('it rotates only a part of each head');
  if ((config.pretraining_tp ?? 1) !== 1) throw unsupported('its weights are split for tensor parallelism');
  if (config.use_qk_norm === true || config.qk_norm === true || config.qk_layernorm === true) {
    throw unsupported('it normalises queries and keys (QK-norm)');
  }
  if (config.attention_bias === true) {
    throw unsupported('it has a bias on the attention output (attention_bias)');
  }
  if (config.mlp_bias === true) throw unsupported('it has a bias in the feed-forward layers (mlp_bias)');
}

/** A window that no position reaches changes nothing and is let through. */
function refuseSlidingWindow(config: Record<string, unknown>, family: Family, maxPositions: number): void {
  const window = config.sliding_window;
  if (typeof window !== 'number' || window >= maxPositions) return;
  // Qwen2 writes a window into every config.json and says separately whether it is used.
  const isUsed =
    family === 'qwen2' ? config.use_sliding_window === true : config.use_sliding_window !== false;
  if (isUsed) throw unsupported(`it attends only to a sliding window of ${window} tokens`);
}

function refuseOddSizes(config: ModelConfig): void {
  if (config.nHead % config.nKvHead !== 0) {
    throw corrupt(`${config.nHead} attention heads cannot share ${config.nKvHead} key-value heads`);
  }
  if (config.headDim % 16 !== 0 || config.headDim > 256) {
    throw unsupported(`its heads are ${config.headDim} wide, not a multiple of 16 up to 256`);
  }
  // 16: the least block that embedding rows can be quantised in. Every published model passes.
  if (config.dModel % 16 !== 0 || config.dFfn % 16 !== 0) {
    throw unsupported(`its layers are ${config.dModel} and ${config.dFfn} wide, not multiples of 16`);
  }
}

function readSize(config: Record<string, unknown>, key: string, fallback?: number): number {
  const value = config[key] ?? fallback;
  if (value === undefined) throw corrupt(`"${key}" is missing`);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= sizeLimit) return value;
  throw corrupt(`"${key}" is ${String(value).slice(0, 40)}, not a whole number from 1 to ${sizeLimit}`);
}

function readPositive(config: Record<string, unknown>, key: string, fallback: number): number {
  const value = config[key] ?? fallback;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw corrupt(`"${key}" is ${String(value).slice(0, 40)}, not a positive number`);
}
