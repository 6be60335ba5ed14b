/** FIM prompt: prefix and suffix around the cursor, joined by the model's own sentinels. */

// Bavarian et al. 2022, "Efficient Training of Language Models to Fill in the Middle", section 3
// (https://arxiv.org/abs/2207.14255): PSM, and SPM in the variant that shares PSM's sentinels. In
// SPM the prefix comes last, so typing at the cursor only appends: every row of the cache is kept.

import { EngineError } from '../base/error.ts';
import type { ModelMetadata } from '../model/metadata.ts';
import type { TokenId } from '../tokens/token.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';

/** A model's sentinels as token ids. */
export interface FimFormat {
  readonly order: 'psm' | 'spm';
  readonly prefix: TokenId;
  readonly suffix: TokenId;
  readonly middle: TokenId;
  /** Starts a file header, `<file>path\n`; absent when the model knows none. */
  readonly file: TokenId | undefined;
  readonly ends: ReadonlySet<TokenId>;
}

/** Looks the sentinels up. Throws EngineError('tokenizer-unsupported') when one is no token. */
export function fimFormatOf(metadata: ModelMetadata, tokenizer: Tokenizer): FimFormat {
  const idOf = (token: string): TokenId => {
    const id = tokenizer.idOf(token);
    if (id !== undefined) return id;
    throw new EngineError(
      'tokenizer-unsupported',
      `The tokenizer has no token ${token}. Correct stet.json in the model's folder, or choose another model.`,
    );
  };
  const { fim } = metadata;
  return {
    order: fim.order,
    prefix: idOf(fim.prefix),
    suffix: idOf(fim.suffix),
    middle: idOf(fim.middle),
    file: metadata.fileToken === undefined ? undefined : idOf(metadata.fileToken),
    ends: new Set(metadata.endTokens.map(idOf)),
  };
}

/** The parts of one prompt, each already tokens. */
export interface FimParts {
  /** The file's path for the header, empty for none. */
  readonly path: Int32Array;
  readonly prefix: Int32Array;
  readonly suffix: Int32Array;
}

/** How many tokens `joinFim` adds to the parts' own. */
export const nFimOverhead = 4;

/** The whole prompt; the model's next token is the first of the middle. */
export function joinFim(format: FimFormat, { path, prefix, suffix }: FimParts): Int32Array {
  const header = format.file === undefined || path.length === 0 ? [] : [format.file, ...path];
  const body =
    format.order === 'spm'
      ? [format.prefix, format.suffix, ...suffix, format.middle, ...prefix]
      : [format.prefix, ...prefix, format.suffix, ...suffix, format.middle];
  return Int32Array.from([...header, ...body]);
}
