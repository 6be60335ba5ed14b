/** tinyBpe: a byte-level BPE in tokenizer.json form, trained on the spot on a sample text, for tests. */

import { charOfByte } from '../tokens/byte-alphabet.ts';

/** The pre-tokenizers of well-known models: each ties white space and newlines differently. */
export const preTokenizers = {
  gpt2: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
  starcoder: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Digits', individual_digits: true },
      { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    ],
  },
  qwen: split(
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ),
  stet: split(
    '[ \\t]*(?:\\r?\\n)+[ \\t]*|[^\\r\\n0-9A-Z_a-z]?[^\\x00-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]+|[0-9]{1,3}| ?[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x21-\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]+|[ \\t]+(?=[ \\t])|[ \\t]+|\\r',
  ),
  whole: { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
} as const;

export interface TinyBpeOptions {
  readonly preTokenizer?: keyof typeof preTokenizers;
  /** Default 60. */
  readonly nMerges?: number;
  /** Added tokens; ids follow the vocabulary. */
  readonly added?: readonly { content: string; special?: boolean }[];
}

/** Trains on `sample` (pieces are runs of word characters or of anything else, fine for a test). */
export function tinyBpe(sample: string, options: TinyBpeOptions = {}): Record<string, unknown> {
  const { preTokenizer = 'gpt2', nMerges = 60, added = [] } = options;
  const vocab: Record<string, number> = {};
  for (const char of charOfByte) vocab[char] = Object.keys(vocab).length;
  const words = (sample.match(/[\p{L}]+|\s+|[^\p{L}\s]+\s*/gu) ?? []).map((word) =>
    [...new TextEncoder().encode(word)].map((byte) => charOfByte[byte] as string),
  );
  const merges: [string, string][] = [];
  while (merges.length < nMerges) {
    const best = commonestPair(words);
    if (!best) break;
    merges.push(best);
    vocab[best.join('')] ??= Object.keys(vocab).length;
    for (const word of words) mergeInto(word, best);
  }
  const first = Object.keys(vocab).length;
  return {
    version: '1.0',
    added_tokens: added.map(({ content, special = true }, i) => ({ id: first + i, content, special })),
    normalizer: { type: 'NFC' },
    pre_tokenizer: preTokenizers[preTokenizer],
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', unk_token: null, vocab, merges },
  };
}

function split(regex: string): Record<string, unknown> {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
    ],
  };
}

function commonestPair(words: readonly string[][]): [string, string] | undefined {
  const counts = new Map<string, { pair: [string, string]; n: number }>();
  for (const word of words) {
    for (let i = 0; i + 1 < word.length; i++) {
      const pair: [string, string] = [word[i] as string, word[i + 1] as string];
      const entry = counts.get(pair.join(' ')) ?? { pair, n: 0 };
      entry.n++;
      counts.set(pair.join(' '), entry);
    }
  }
  let best: { pair: [string, string]; n: number } | undefined;
  for (const entry of counts.values()) if (entry.n > (best?.n ?? 1)) best = entry;
  return best?.pair;
}

function mergeInto(word: string[], [left, right]: [string, string]): void {
  for (let i = 0; i + 1 < word.length; i++) {
    if (word[i] === left && word[i + 1] === right) word.splice(i, 2, left + right);
  }
}
