/** CursorCache: a CacheModel at a cursor, which may stand inside a token, and at the text that is being written there. */

// A user asks in the middle of words: after `foo.get` the file's own `foo.getName` is one token that
// starts before the cursor, so matching whole tokens would miss it. Predictions inside the cursor's
// piece (what merging never crosses) therefore compare its bytes and predict the rest of a token:
// "token healing" without taking anything away from the model. Later ones match whole tokens.

import { bytesOfSpelling } from '../tokens/byte-alphabet.ts';
import type { TokenId } from '../tokens/token.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import {
  boundary,
  type CacheModel,
  type CachePrediction,
  maxMatchTokens,
  type Place,
  Votes,
} from './cache-model.ts';

/** Text that is looked at to find where the cursor's piece starts; pieces are shorter. */
const maxPieceChars = 400;

/** Tokens of text behind a place that stand for what follows there: enough for one token of any cut. */
const nFollowingTokens = 3;

/** Distinct rests of tokens that are tokenised at most; they share the votes of their places. */
const maxRests = 64;

/** Tokens that are tokenised again after each accepted one; older ones stay as they are. */
const maxTailTokens = 16;

/** One per suggestion. */
export class CursorCache {
  private tail: Uint8Array; // the piece before the cursor and what was accepted since
  private nTailTokens = 0; // of `cache` that spell `tail`; none while inside the piece
  private predicted: CachePrediction | undefined; // of this place, when it was asked for
  private isPredicted = false;
  private isInsidePiece: boolean; // nothing behind the cursor's own piece was accepted yet

  /**
   * `cache` holds the texts to learn from; the text before the cursor is added here. `tokensBefore`
   * are its tokens, or those of its end, `textBefore` the text or its last `maxPieceChars` at least.
   */
  constructor(
    private readonly cache: CacheModel,
    private readonly tokenizer: Tokenizer,
    textBefore: string,
    tokensBefore: Int32Array,
  ) {
    this.isInsidePiece = !endsInIndent(tokenizer, textBefore);
    const sizeBytes = this.isInsidePiece ? lastPieceBytes(tokenizer, textBefore) : 0;
    let n = tokensBefore.length;
    let held = 0;
    while (n > 0 && held < sizeBytes) held += tokenizer.bytesOf(tokensBefore[--n] as number).length;
    cache.append(tokensBefore.subarray(0, n));
    this.tail = bytesOf(tokenizer, tokensBefore.subarray(n));
  }

  /** What the texts say comes next; undefined when they say nothing. */
  predict(): CachePrediction | undefined {
    if (!this.isPredicted) this.predicted = this.predictAnew();
    this.isPredicted = true;
    return this.predicted;
  }

  /** At most `limit` tokens that followed where the texts agree best with the end of this one. */
  following(limit: number): Int32Array {
    const place = this.predict()?.place;
    if (place === undefined) return new Int32Array(0);
    const copied = this.cache.tokens.subarray(place, place + limit);
    const end = copied.indexOf(boundary);
    return end < 0 ? copied : copied.subarray(0, end);
  }

  /** The last tokens before what comes next, as the cache model reads them; none of another text. */
  get context(): Int32Array {
    const last = this.cache.tokens.subarray(-maxMatchTokens);
    return last.subarray(last.lastIndexOf(boundary) + 1);
  }

  private predictAnew(): CachePrediction | undefined {
    if (!this.isInsidePiece) return this.cache.predict();
    return this.tail.length === 0 ? undefined : this.predictRest();
  }

  /** The next token is `token`, whoever chose it. */
  accept(token: TokenId): void {
    this.isPredicted = false;
    this.tail = concat(this.tail, this.tokenizer.bytesOf(token));
    const text = new TextDecoder().decode(this.tail);
    const isHalfCharacter = text.endsWith('\uFFFD');
    if (this.isInsidePiece && (isHalfCharacter || this.tokenizer.pieces(text).length <= 1)) return;
    this.isInsidePiece = false;
    if (isHalfCharacter) {
      this.cache.append(Int32Array.of(token));
      this.nTailTokens++;
      return;
    }
    const tokens = this.tokenizer.encode(text);
    this.cache.drop(this.nTailTokens);
    this.cache.append(tokens);
    this.nTailTokens = tokens.length;
    if (tokens.length <= maxTailTokens) return;
    this.tail = bytesOf(this.tokenizer, tokens.subarray(maxTailTokens / 2));
    this.nTailTokens -= maxTailTokens / 2;
  }

  private predictRest(): CachePrediction | undefined {
    const places = this.cache.placesOf(this.tail, this.tokenizer);
    const votes = new Votes();
    const firstOf = new Map<string, TokenId | undefined>();
    const firstAt = (place: Place) => {
      if (place.skipBytes === 0) return this.cache.tokens[place.at];
      const text = this.textAt(place);
      if (!firstOf.has(text) && firstOf.size < maxRests) firstOf.set(text, this.tokenizer.encode(text)[0]);
      return firstOf.get(text);
    };
    for (const place of places) {
      const token = firstAt(place);
      if (token !== undefined)
        votes.add(token, place.matchTokens, place.skipBytes === 0 ? place.at : undefined);
    }
    const prediction = votes.prediction();
    return prediction && { ...prediction, isRest: true };
  }

  /** The text behind a place, as far as it decides what the first token of it is. */
  private textAt({ at, skipBytes }: Place): string {
    const following = this.cache.tokens.subarray(at, at + nFollowingTokens);
    const end = following.indexOf(boundary); // where that text ends
    const bytes = bytesOf(this.tokenizer, end < 0 ? following : following.subarray(0, end));
    return new TextDecoder().decode(bytes.subarray(skipBytes)).replace(/^\uFFFD+|\uFFFD+$/g, '');
  }
}

/**
 * Whether a new line's indent is a piece that ends at the text's end. The editor wrote it, as deep as it
 * is to be: taken for the beginning of deeper ones, it would bring more blanks.
 */
function endsInIndent(tokenizer: Tokenizer, text: string): boolean {
  const indent = /\n[ \t]+$/.exec(text)?.[0];
  return indent !== undefined && tokenizer.pieces(`${indent}x`).at(-1) === 'x';
}

/** Bytes of the piece that ends at the text's end: a further character might change its tokens. */
function lastPieceBytes(tokenizer: Tokenizer, text: string): number {
  const end = text.slice(-maxPieceChars);
  // Starts behind a line's solid end if there is one, so that the first piece is cut as in the whole text.
  const start = Math.max(0, end.search(/\S[^\S\n]*\n/));
  const piece = tokenizer.pieces(end.slice(start)).at(-1) ?? '';
  return bytesOfSpelling(piece)?.length ?? new TextEncoder().encode(piece).length;
}

function bytesOf(tokenizer: Tokenizer, tokens: Int32Array): Uint8Array {
  return Uint8Array.from([...tokens].flatMap((token) => [...tokenizer.bytesOf(token)]));
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
