/** What config.json may say, and what is refused with which words. */

import { expect, test } from 'vitest';
import { parseModelConfig } from './contract.ts';
import { inverseFrequencies } from './rope.ts';

const qwen = {
  architectures: ['Qwen2ForCausalLM'],
  hidden_size: 896,
  intermediate_size: 4864,
  max_position_embeddings: 32768,
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  sliding_window: 32768,
  tie_word_embeddings: true,
  use_sliding_window: false,
  vocab_size: 151936,
};

test('Qwen2.5-Coder-0.5B as published', () => {
  expect(parseModelConfig(qwen)).toEqual({
    architecture: 'qwen2',
    nLayer: 24,
    dModel: 896,
    nHead: 14,
    nKvHead: 2,
    headDim: 64,
    dFfn: 4864,
    nVocab: 151936,
    rmsNormEps: 1e-6,
    ropeTheta: 1e6,
    ropeScaling: { kind: 'none' },
    maxPositions: 32768,
    tiedEmbeddings: true,
    qkvBias: true,
  });
});

test('Llama with explicit nulls, Mistral without a window, defaults', () => {
  const llama = { ...qwen, architectures: ['LlamaForCausalLM'], head_dim: null, rope_scaling: null };
  expect(parseModelConfig(llama)).toMatchObject({ architecture: 'llama', qkvBias: false, headDim: 64 });
  const mistral = { ...qwen, architectures: ['MistralForCausalLM'], sliding_window: null };
  expect(parseModelConfig(mistral)).toMatchObject({ architecture: 'llama' });
  const bare = {
    ...llama,
    num_key_value_heads: undefined,
    rope_theta: undefined,
    tie_word_embeddings: undefined,
  };
  expect(parseModelConfig(bare)).toMatchObject({ nKvHead: 14, ropeTheta: 10000, tiedEmbeddings: false });
});

test('more positions than any arena has are cut off', () => {
  expect(parseModelConfig({ ...qwen, max_position_embeddings: 131072 }).maxPositions).toBe(32768);
});

test('RoPE scaling in each spelling', () => {
  const scaling = (config: object) => parseModelConfig({ ...qwen, ...config }).ropeScaling;
  expect(scaling({ rope_scaling: { type: 'linear', factor: 2 } })).toEqual({ kind: 'linear', factor: 2 });
  expect(scaling({ rope_scaling: { rope_type: 'default' } })).toEqual({ kind: 'none' });
  const llama3 = {
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  };
  expect(scaling({ rope_scaling: { rope_type: 'llama3', ...llama3 } })).toEqual({
    kind: 'llama3',
    factor: 8,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositions: 8192,
  });
  const parameters = { rope_type: 'linear', factor: 4, rope_theta: 5e5 };
  const newer = parseModelConfig({ ...qwen, rope_theta: undefined, rope_parameters: parameters });
  expect(newer).toMatchObject({ ropeTheta: 5e5, ropeScaling: { kind: 'linear', factor: 4 } });
});

test.each([
  ['another architecture', { architectures: ['GPT2LMHeadModel'] }, /GPT2LMHeadModel.*stet\.model\.folder/],
  ['a name of Object.prototype', { architectures: ['constructor'] }, /constructor/],
  ['Qwen3', { architectures: ['Qwen3ForCausalLM'] }, /Qwen3ForCausalLM/],
  ['YaRN', { rope_scaling: { type: 'yarn', factor: 4 } }, /yarn.*linear and llama3/],
  ['dynamic', { rope_scaling: { type: 'dynamic', factor: 4 } }, /dynamic/],
  ['a sliding window in use', { use_sliding_window: true, sliding_window: 4096 }, /window of 4096/],
  ['QK-norm', { use_qk_norm: true }, /QK-norm/],
  ['quantised weights', { quantization_config: { quant_method: 'gptq' } }, /quantised already/],
  ['another activation', { hidden_act: 'gelu' }, /gelu/],
  ['odd heads', { head_dim: 40 }, /40 wide/],
  ['odd layers', { hidden_size: 904, head_dim: 64 }, /904/],
])('unsupported: %s', (_name, change, message) => {
  const parse = () => parseModelConfig({ ...qwen, ...change });
  expect(parse).toThrowError(message);
  expect(parse).toThrowError(expect.objectContaining({ code: 'model-unsupported' }));
});

test.each([
  ['no object', 7, /not a JSON object/],
  ['no architecture', { ...qwen, architectures: undefined }, /no architecture/],
  ['a missing size', { ...qwen, hidden_size: undefined }, /"hidden_size" is missing/],
  ['a text for a size', { ...qwen, vocab_size: '16384' }, /"vocab_size" is 16384/],
  ['a huge size', { ...qwen, num_hidden_layers: 1e9 }, /1000000000/],
  ['heads that cannot be shared', { ...qwen, num_key_value_heads: 3 }, /14 attention heads.*3/],
  ['a linear scaling without factor', { ...qwen, rope_scaling: { type: 'linear' } }, /"factor"/],
])('corrupt: %s', (_name, config, message) => {
  expect(() => parseModelConfig(config)).toThrowError(message);
  expect(() => parseModelConfig(config)).toThrowError(expect.objectContaining({ code: 'model-corrupt' }));
});

test('frequencies fall from 1, and linear scaling divides them', () => {
  const config = parseModelConfig(qwen);
  const plain = inverseFrequencies(config);
  expect(plain).toHaveLength(32);
  expect(plain[0]).toBe(1);
  expect(plain[16]).toBeCloseTo(1e6 ** -0.5, 12);
  const scaled = inverseFrequencies({ ...config, ropeScaling: { kind: 'linear', factor: 4 } });
  expect([...scaled]).toEqual([...plain].map((f) => f / 4));
});
