/** ModelMetadata: how a model wants to be prompted, from `stet.json` or the sentinels of its family. */

import { EngineError } from '../base/error.ts';

/** Tokens are given by their text, exactly as the tokenizer spells them. */
export interface ModelMetadata {
  readonly fim: FimSentinels;
  /** Any of these ends the middle. Never empty. */
  readonly endTokens: readonly string[];
  /** Goes before a repository's name, when the model was trained with one. */
  readonly repoToken: string | undefined;
  /** Goes before a file's path, when the model was trained with one. */
  readonly fileToken: string | undefined;
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** How many tokens of context the model is good for; undefined: as many as its positions. */
  readonly contextTokens: number | undefined;
}

export interface FimSentinels {
  readonly prefix: string;
  readonly suffix: string;
  readonly middle: string;
  /** psm: prefix, suffix, middle. spm: suffix, prefix, middle. */
  readonly order: 'psm' | 'spm';
}

/**
 * Reads `stet.json` (undefined when the folder has none) against the parsed `tokenizer.json`.
 * Throws EngineError('tokenizer-unsupported') when no usable FIM sentinels are found,
 * EngineError('model-corrupt') when `stet.json` is not what it should be.
 */
export function parseModelMetadata(stetJson: unknown, tokenizerJson: unknown): ModelMetadata {
  const isToken = tokenTest(tokenizerJson);
  const metadata = stetJson === undefined ? detect(isToken) : read(stetJson);
  const { fim, endTokens, repoToken, fileToken } = metadata;
  for (const token of [fim.prefix, fim.suffix, fim.middle, ...endTokens, repoToken, fileToken]) {
    if (token === undefined || isToken(token)) continue;
    throw new EngineError(
      'tokenizer-unsupported',
      `The model's stet.json names the token ${token.slice(0, 80)}, which its tokenizer.json does not have. Correct stet.json to the tokenizer's own spelling.`,
    );
  }
  return metadata;
}

interface Family extends FimSentinels {
  readonly endTokens: readonly string[];
  readonly repoToken?: string;
  readonly fileToken?: string;
}

/**
 * From the model cards of Qwen2.5-Coder, StarCoder 1 and 2, and DeepSeek-Coder. CodeLlama is left out:
 * its tokenizer is not byte-level and puts spaces around the sentinels. Only end tokens that a
 * tokenizer has are kept.
 */
const families: readonly Family[] = [
  {
    prefix: '<|fim_prefix|>',
    suffix: '<|fim_suffix|>',
    middle: '<|fim_middle|>',
    order: 'psm',
    endTokens: ['<|endoftext|>', '<|fim_pad|>', '<|file_sep|>', '<|repo_name|>', '<|im_end|>'],
    repoToken: '<|repo_name|>',
    fileToken: '<|file_sep|>',
  },
  {
    prefix: '<fim_prefix>',
    suffix: '<fim_suffix>',
    middle: '<fim_middle>',
    order: 'psm',
    endTokens: ['<|endoftext|>', '<fim_pad>', '<file_sep>', '<repo_name>', '<filename>', '<reponame>'],
    repoToken: '<repo_name>',
    fileToken: '<file_sep>',
  },
  {
    // DeepSeek's "hole" stands where the middle belongs, its "end" where the middle begins.
    prefix: '<｜fim▁begin｜>',
    suffix: '<｜fim▁hole｜>',
    middle: '<｜fim▁end｜>',
    order: 'psm',
    endTokens: ['<｜end▁of▁sentence｜>', '<|EOT|>'],
  },
];

function detect(isToken: (token: string) => boolean): ModelMetadata {
  const family = families.find((f) => isToken(f.prefix) && isToken(f.suffix) && isToken(f.middle));
  const endTokens = family?.endTokens.filter(isToken) ?? [];
  if (family === undefined || endTokens.length === 0) {
    throw new EngineError(
      'tokenizer-unsupported',
      'This model has no fill-in-the-middle tokens that Stet knows, so it cannot complete at a cursor. Choose a code model that was trained with them (such as Qwen2.5-Coder, not an Instruct chat model), or name its tokens in a stet.json beside config.json (docs/model-format.md).',
    );
  }
  const { prefix, suffix, middle, order, repoToken, fileToken } = family;
  const ifKnown = (token: string | undefined) => (token && isToken(token) ? token : undefined);
  return {
    fim: { prefix, suffix, middle, order },
    endTokens,
    repoToken: ifKnown(repoToken),
    fileToken: ifKnown(fileToken),
    name: undefined,
    version: undefined,
    contextTokens: undefined,
  };
}

function read(json: unknown): ModelMetadata {
  const stet = object(json, 'it is not a JSON object');
  const fim = object(stet.fim, '"fim" must be an object');
  const order = fim.order ?? 'psm';
  if (order !== 'psm' && order !== 'spm') throw corrupt('"fim.order" must be "psm" or "spm"');
  const { endTokens } = stet;
  if (!Array.isArray(endTokens) || endTokens.length === 0) {
    throw corrupt('"endTokens" must be a list of at least one token');
  }
  const { contextTokens } = stet;
  if (contextTokens !== undefined && !(Number.isInteger(contextTokens) && Number(contextTokens) >= 64)) {
    throw corrupt('"contextTokens" must be a whole number of at least 64');
  }
  return {
    fim: {
      prefix: text(fim.prefix, 'fim.prefix'),
      suffix: text(fim.suffix, 'fim.suffix'),
      middle: text(fim.middle, 'fim.middle'),
      order,
    },
    endTokens: endTokens.map((token) => text(token, 'endTokens')),
    repoToken: optionalText(stet.repoToken, 'repoToken'),
    fileToken: optionalText(stet.fileToken, 'fileToken'),
    name: optionalText(stet.name, 'name'),
    version: optionalText(stet.version, 'version'),
    contextTokens: contextTokens as number | undefined,
  };
}

/** Whether a text is one token: an added one, or in the vocabulary, where some models keep specials. */
function tokenTest(tokenizerJson: unknown): (token: string) => boolean {
  const { added_tokens, model } = object(tokenizerJson, 'tokenizer.json is not a JSON object');
  const added = new Set<unknown>();
  for (const token of Array.isArray(added_tokens) ? added_tokens : []) added.add(token?.content);
  const vocab = (model as { vocab?: unknown } | undefined)?.vocab;
  const hasVocab = typeof vocab === 'object' && vocab !== null && !Array.isArray(vocab);
  return (token) => added.has(token) || (hasVocab && Object.hasOwn(vocab, token));
}

function object(value: unknown, problem: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw corrupt(problem);
}

function text(value: unknown, key: string): string {
  if (typeof value === 'string' && value.length > 0) return value;
  throw corrupt(`"${key}" must be text`);
}

function optionalText(value: unknown, key: string): string | undefined {
  return value === undefined ? undefined : text(value, key);
}

function corrupt(problem: string): EngineError {
  return new EngineError(
    'model-corrupt',
    `The model's stet.json cannot be used: ${problem}. Correct it (docs/model-format.md), or remove it.`,
  );
}
