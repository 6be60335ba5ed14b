/** How a model wants to be prompted: from stet.json, or from its tokenizer's sentinels. */

import { expect, test } from 'vitest';
import { parseModelMetadata } from './metadata.ts';

const tokenizer = (...tokens: string[]) => ({
  added_tokens: tokens.map((content, id) => ({ id, content })),
  model: { vocab: { a: 100 } },
});

const qwen = tokenizer(
  '<|endoftext|>',
  '<|im_end|>',
  '<|fim_prefix|>',
  '<|fim_middle|>',
  '<|fim_suffix|>',
  '<|fim_pad|>',
  '<|repo_name|>',
  '<|file_sep|>',
);

const stet = {
  name: 'mine',
  version: '1.2',
  fim: { prefix: '<P>', suffix: '<S>', middle: '<M>', order: 'spm' },
  endTokens: ['<E>'],
  contextTokens: 1024,
};

test('Qwen2.5-Coder is known by its sentinels', () => {
  expect(parseModelMetadata(undefined, qwen)).toEqual({
    fim: { prefix: '<|fim_prefix|>', suffix: '<|fim_suffix|>', middle: '<|fim_middle|>', order: 'psm' },
    endTokens: ['<|endoftext|>', '<|fim_pad|>', '<|file_sep|>', '<|repo_name|>', '<|im_end|>'],
    repoToken: '<|repo_name|>',
    fileToken: '<|file_sep|>',
    name: undefined,
    version: undefined,
    contextTokens: undefined,
  });
});

test('StarCoder 1 has no file token, DeepSeek a hole', () => {
  const starcoder = tokenizer('<|endoftext|>', '<fim_prefix>', '<fim_middle>', '<fim_suffix>', '<filename>');
  expect(parseModelMetadata(undefined, starcoder)).toMatchObject({
    fim: { prefix: '<fim_prefix>' },
    endTokens: ['<|endoftext|>', '<filename>'],
    fileToken: undefined,
  });
  const deepseek = tokenizer('<｜end▁of▁sentence｜>', '<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>');
  expect(parseModelMetadata(undefined, deepseek).fim).toEqual({
    prefix: '<｜fim▁begin｜>',
    suffix: '<｜fim▁hole｜>',
    middle: '<｜fim▁end｜>',
    order: 'psm',
  });
});

test('stet.json goes before the sentinels', () => {
  const metadata = parseModelMetadata(stet, tokenizer('<P>', '<S>', '<M>', '<E>'));
  expect(metadata).toEqual({ ...stet, repoToken: undefined, fileToken: undefined });
});

test('its tokens may be in the vocabulary proper', () => {
  const vocab = { '<P>': 0, '<S>': 1, '<M>': 2, '<E>': 3 };
  expect(parseModelMetadata(stet, { model: { vocab } }).name).toBe('mine');
});

test.each([
  ['CodeLlama', undefined, tokenizer('▁<PRE>', '▁<SUF>', '▁<MID>', '</s>')],
  ['no sentinels', undefined, tokenizer('<|endoftext|>')],
  ['a token that is not one', stet, tokenizer('<P>', '<S>', '<M>')],
])('unsupported: %s', (_name, json, tokens) => {
  const parse = () => parseModelMetadata(json, tokens);
  expect(parse).toThrowError(expect.objectContaining({ code: 'tokenizer-unsupported' }));
  expect(parse).toThrowError(/stet\.json/);
});

test.each([
  ['no object', []],
  ['no fim', { ...stet, fim: undefined }],
  ['an unknown order', { ...stet, fim: { ...stet.fim, order: 'mps' } }],
  ['no end tokens', { ...stet, endTokens: [] }],
  ['a number for a token', { ...stet, endTokens: [7] }],
  ['too small a context', { ...stet, contextTokens: 3 }],
])('corrupt stet.json: %s', (_name, json) => {
  const parse = () => parseModelMetadata(json, tokenizer('<P>', '<S>', '<M>', '<E>'));
  expect(parse).toThrowError(expect.objectContaining({ code: 'model-corrupt' }));
});
