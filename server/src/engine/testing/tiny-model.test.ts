/** The tiny model's tokenizer is a working byte-level one. */

import { Tokenizer } from '@huggingface/tokenizers';
import { expect, test } from 'vitest';
import { TINY_SPECIAL_TOKENS, tinyModel } from './tiny-model.ts';

test('every byte is its own token and text survives the round trip', () => {
  const { tokenizerJson } = tinyModel();
  const tokenizer = new Tokenizer(tokenizerJson, { clean_up_tokenization_spaces: false });
  const text = 'const é = "🙂";\r\n\tx  +=\u0000 1\n\n';
  const { ids } = tokenizer.encode(text, { add_special_tokens: false });
  expect(ids).toEqual([...new TextEncoder().encode(text)]);
  expect(tokenizer.decode(ids)).toBe(text);
});

test('sentinels are single tokens behind the bytes', () => {
  const tokenizer = new Tokenizer(tinyModel().tokenizerJson, {});
  const { ids } = tokenizer.encode(`a${TINY_SPECIAL_TOKENS.join('')}b`, { add_special_tokens: false });
  expect(ids).toEqual([97, 256, 257, 258, 259, 260, 261, 262, 98]);
});

test('the same seed gives the same weights', () => {
  const weights = (seed: number) => tinyModel({ seed }).files.get('model.safetensors')?.join();
  const first = weights(3);
  expect(weights(3) === first).toBe(true); // not toEqual: half a megabyte of differences helps no one
  expect(weights(4) === first).toBe(false);
});
