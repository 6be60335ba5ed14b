/** Tokenizer: text to token ids and ids back to exact bytes, for byte-level BPE in tokenizer.json. */

// The library (@huggingface/tokenizers) does the splitting and merging. This class adds what an
// editor needs of it: user text never turns into control tokens, the bytes of every token are known,
// and no text is normalised, so that offsets back into the document are exact. It does not cache
// (see `retokenize.ts`) and does not add sentinels (see `prompt/fim.ts`).

import { Tokenizer as Library } from '@huggingface/tokenizers';
import { EngineError } from '../base/error.ts';
import { bytesOfSpelling, charOfByte, occursInUtf8 } from './byte-alphabet.ts';
import type { TokenId } from './token.ts';

const noBytes = new Uint8Array(0);

/** Lone surrogates only: with the u flag a pair is one code point and does not match. */
const loneSurrogates = /\p{Surrogate}/gu;

/** Immutable once parsed. */
export class Tokenizer {
  private constructor(
    private readonly library: Library,
    private readonly bytes: readonly Uint8Array[],
    private readonly control: ReadonlyMap<string, TokenId>,
    private readonly specials: ReadonlySet<TokenId>,
  ) {}

  /**
   * From the parsed `tokenizer.json`; nothing of `tokenizer_config.json` is needed, it is taken for
   * the library's sake. Throws EngineError('tokenizer-unsupported') unless it is byte-level BPE.
   */
  static parse(tokenizerJson: unknown, tokenizerConfig?: unknown): Tokenizer {
    const json = checkShape(tokenizerJson);
    const { vocab } = json.model;
    const ordinary = json.added_tokens.filter((token) => /^\s+$/.test(token.content));
    const control = json.added_tokens.filter((token) => !ordinary.includes(token));
    const textVocab = { ...vocab };
    for (const { content } of control) delete textVocab[content];
    const library = openLibrary(
      {
        ...json,
        added_tokens: ordinary,
        normalizer: null, // NFC (Qwen) would move offsets; text in another form is rare in code
        post_processor: null,
        pre_tokenizer: withoutPrefixSpace(json.pre_tokenizer),
        model: { ...json.model, vocab: textVocab },
      },
      tokenizerConfig,
    );
    const tokenizer = new Tokenizer(
      library,
      bytesById(textVocab, json.added_tokens, ordinary),
      new Map(control.map(({ content, id }) => [content, id])),
      new Set(control.map(({ id }) => id)),
    );
    checkRoundTrip(tokenizer);
    return tokenizer;
  }

  /** Ids are [0, nVocab); a model may have more rows (padding), which no text ever uses. */
  get nVocab(): number {
    return this.bytes.length;
  }

  /**
   * The ids of plain text. The spelling of a control token inside it is ordinary text. A lone
   * surrogate has no UTF-8 form and is encoded like U+FFFD, which is as long in UTF-16.
   */
  encode(text: string): Int32Array {
    if (text.length === 0) return new Int32Array(0);
    return Int32Array.from(this.library.encode(wellFormed(text), { add_special_tokens: false }).ids);
  }

  /** What merging never crosses: the pieces that the pre-tokenizer makes of `text`. */
  pieces(text: string): readonly string[] {
    const split = this.library.pre_tokenizer;
    return split && text.length > 0 ? split._call(wellFormed(text)) : [text];
  }

  /** The id of a control token such as `<|fim_middle|>`. */
  idOf(specialToken: string): TokenId | undefined {
    return this.control.get(specialToken);
  }

  /** The control tokens, by spelling. */
  get controlTokens(): ReadonlyMap<string, TokenId> {
    return this.control;
  }

  /** The exact UTF-8 bytes of a token (maybe part of a character); empty for control and padding ids. */
  bytesOf(id: TokenId): Uint8Array {
    return this.bytes[id] ?? noBytes;
  }

  /** True for ids that stand for no text: control tokens, and padding past the vocabulary. */
  isSpecial(id: TokenId): boolean {
    return this.specials.has(id) || this.bytesOf(id).length === 0;
  }
}

/** `text` with lone surrogates replaced by U+FFFD; the length stays the same. */
export function wellFormed(text: string): string {
  return text.replace(loneSurrogates, '\uFFFD');
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
}

interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  readonly pre_tokenizer: unknown;
  readonly model: { readonly vocab: Readonly<Record<string, number>> };
}

function unsupported(why: string, cause?: unknown): EngineError {
  return new EngineError(
    'tokenizer-unsupported',
    `The model's tokenizer.json cannot be used: ${why}. Choose a model with a byte-level BPE tokenizer, such as Qwen2.5-Coder or StarCoder.`,
    true,
    { cause },
  );
}

/** The fields we rely on, checked; everything else is the library's business. */
function checkShape(raw: unknown): TokenizerJson {
  if (typeof raw !== 'object' || raw === null) throw unsupported('it is no JSON object');
  const json = raw as Record<string, unknown>;
  if (typeof json.model !== 'object' || json.model === null) throw unsupported('it holds no model');
  const model = json.model as Record<string, unknown>;
  const isBpe = model.type === 'BPE' || (model.type === undefined && Array.isArray(model.merges));
  if (!isBpe) throw unsupported(`its model is ${String(model.type)}, not BPE`);
  const { vocab } = model;
  if (typeof vocab !== 'object' || vocab === null || !Array.isArray(model.merges)) {
    throw unsupported('its vocabulary or its merges are missing');
  }
  if (!usesByteLevel(json.pre_tokenizer) && !usesByteLevel(json.decoder))
    throw unsupported('it is not byte-level');
  const missing = charOfByte.findIndex((char, byte) => occursInUtf8(byte) && !(char in vocab));
  if (missing >= 0) throw unsupported(`its vocabulary has no token for the byte ${missing}`);
  if (!Object.values(vocab).every(isId)) throw unsupported('its vocabulary holds an id that is none');
  const added = Array.isArray(json.added_tokens) ? (json.added_tokens as AddedToken[]) : [];
  const isSound = added.every((token) => isId(token?.id) && typeof token.content === 'string');
  if (!isSound) throw unsupported('an added token has no id or no text');
  return { ...json, added_tokens: added } as unknown as TokenizerJson;
}

/** Ids are places in a list: no model that `parseModelConfig` lets in has more rows than this. */
const nIdLimit = 1 << 20;

function isId(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < nIdLimit;
}

/** True when a pre-tokenizer or decoder is, or contains, the ByteLevel one. */
function usesByteLevel(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { type, pretokenizers, decoders } = part as Record<string, unknown>;
  if (type === 'ByteLevel') return true;
  const inner = pretokenizers ?? decoders;
  return Array.isArray(inner) && inner.some(usesByteLevel);
}

/** A space that was never in the document would shift every offset. */
function withoutPrefixSpace(part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part;
  const { pretokenizers, ...rest } = part as Record<string, unknown>;
  if (Array.isArray(pretokenizers)) return { ...rest, pretokenizers: pretokenizers.map(withoutPrefixSpace) };
  return 'add_prefix_space' in rest ? { ...rest, add_prefix_space: false } : rest;
}

function openLibrary(json: object, config: unknown): Library {
  try {
    // clean_up_tokenization_spaces is on by default and would not round-trip ("foo ." → "foo.").
    return new Library(json, { ...(config ?? {}), clean_up_tokenization_spaces: false });
  } catch (error) {
    throw unsupported(error instanceof Error ? error.message : String(error), error);
  }
}

function bytesById(
  vocab: Readonly<Record<string, number>>,
  added: readonly AddedToken[],
  ordinary: readonly AddedToken[],
): Uint8Array[] {
  let nVocab = 0;
  for (const id of Object.values(vocab)) nVocab = Math.max(nVocab, id + 1);
  for (const { id } of added) nVocab = Math.max(nVocab, id + 1);
  const bytes = new Array<Uint8Array>(nVocab).fill(noBytes);
  for (const [spelling, id] of Object.entries(vocab)) bytes[id] = bytesOfSpelling(spelling) ?? noBytes;
  const encoder = new TextEncoder();
  for (const { content, id } of ordinary) bytes[id] = encoder.encode(content); // spelt as plain text
  return bytes;
}

/** A tokenizer that loses or changes text would corrupt every offset, so it is refused at load. */
function checkRoundTrip(tokenizer: Tokenizer): void {
  const probe = 'if (a  &&\tb) {\r\n    x2 = "é日本🙂\u00a0";\n\n}\r \f\u0000 don\'t 12345 _.\n';
  let found: number[];
  try {
    found = [...tokenizer.encode(probe)].flatMap((id) => [...tokenizer.bytesOf(id)]);
  } catch (error) {
    throw unsupported('it fails on ordinary text', error);
  }
  const wanted = new TextEncoder().encode(probe);
  if (found.length !== wanted.length || found.some((byte, i) => byte !== wanted[i])) {
    throw unsupported('it does not give text back unchanged');
  }
}
