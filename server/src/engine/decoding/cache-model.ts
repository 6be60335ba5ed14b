/** CacheModel: predicts the next token from where the last tokens stood before, in texts that it was given. */

// A cache language model in the sense of Kuhn & De Mori 1990, with matches of any length as in PPM*
// (Cleary & Teahan 1997): it knows nothing but the user's own files, so it knows their names. Plain
// scans over the token ids instead of a suffix structure: 10,000 tokens take some 20 µs, there is
// nothing to build, and an edit costs nothing. How far its votes are to be believed is the business
// of `mix.ts`.

import type { TokenId } from '../tokens/token.ts';

/** What the texts say comes next. */
export interface CachePrediction {
  /** Distinct tokens, the likeliest first; never empty. */
  readonly tokens: readonly TokenId[];
  /** Their probabilities; they add up to 1. */
  readonly shares: readonly number[];
  /** Tokens of the longest match, in [1, maxMatchTokens]. */
  readonly matchTokens: number;
  /** Places with a match, at most `2 * maxPlaces`. */
  readonly nPlaces: number;
  /** Index in `CacheModel.tokens` where the likeliest token follows the longest, then nearest match. */
  readonly place?: number | undefined;
  /** The tokens are rests of tokens that begin before the cursor. */
  readonly isRest?: boolean;
}

/** Where the cursor's text continues inside a text that the model was given. */
export interface Place {
  /** Index of the first token of `history` that is not, or not wholly, before the cursor. */
  readonly at: number;
  /** Bytes of that token that are already typed. */
  readonly skipBytes: number;
  readonly matchTokens: number;
}

/** What is asked of a tokenizer: how its tokens, [0, nVocab), are spelt. */
export interface Vocabulary {
  readonly nVocab: number;
  bytesOf(token: TokenId): Uint8Array;
}

/** Longer matches say nothing more. */
export const maxMatchTokens = 32;

/** Nearest places that are looked at, as many again where more than the last token matches: bounds the time. */
const maxPlaces = 512;

/**
 * How much more a vote counts for each token that its match is longer. The best of 2, 4, 16, 64 by
 * likelihood on the development split (see cache-weights.ts); flat around there.
 */
const votesPerMatchToken = 4;

/** Match tokens beyond this many do not make a vote count more. */
const maxVoteTokens = 10;

/** Stands between two texts; no token is equal to it, so no match crosses it. */
export const boundary = -1;

/** Owner of the texts' tokens. Not for concurrent use; one per suggestion is cheap. */
export class CacheModel {
  private history = new Int32Array(1024).fill(boundary, 0, 1); // [boundary, text, boundary, text, …]
  private length = 1;

  /** The tokens of all texts, `boundary` (−1) between them. */
  get tokens(): Int32Array {
    return this.history.subarray(0, this.length);
  }

  /** Adds a text that does not go on; the most relevant one last, since nearer places are looked at first. */
  add(tokens: Int32Array): void {
    this.append(tokens);
    this.append(Int32Array.of(boundary));
  }

  /** Adds to the text that the next prediction continues. */
  append(tokens: Int32Array): void {
    this.reserve(this.length + tokens.length);
    this.history.set(tokens, this.length);
    this.length += tokens.length;
  }

  /** Takes the last `n` tokens back. */
  drop(n: number): void {
    this.length -= n;
  }

  /** What followed the longest ends of the text elsewhere; undefined when its last token is new. */
  predict(): CachePrediction | undefined {
    const { history, length } = this;
    const last = history[length - 1] as number;
    if (last === boundary) return undefined;
    const votes = new Votes();
    const stop = length - 1;
    for (let i = history.lastIndexOf(last, stop - 1); i > 0; i = history.lastIndexOf(last, i - 1)) {
      const next = history[i + 1] as number;
      if (next === boundary) continue;
      const isSingle = history[i - 1] !== history[stop - 1]; // by far the most: the nearest will do
      if (isSingle && votes.nPlaces >= maxPlaces) continue;
      votes.add(next, isSingle ? 1 : 1 + this.matchBefore(i, stop), i + 1);
      if (votes.nPlaces >= 2 * maxPlaces) break;
    }
    return votes.prediction();
  }

  /**
   * Places where the text is followed by `typed`, the bytes between its end and a cursor that may
   * stand inside a token; nearest first.
   */
  placesOf(typed: Uint8Array, vocabulary: Vocabulary): Place[] {
    const { history, length } = this;
    const places: Place[] = [];
    const fits = new Uint8Array(vocabulary.nVocab); // by token: 1 it may start here, 2 it may not, 0 not looked at
    for (let i = length - 1; i > 0 && places.length < maxPlaces; i--) {
      const token = history[i] as number;
      if (token === boundary || fits[token] === 2) continue;
      if (fits[token] === 0) fits[token] = vocabulary.bytesOf(token)[0] === typed[0] ? 1 : 2;
      if (fits[token] === 2) continue;
      const found = this.follow(i, typed, vocabulary);
      if (!found) continue;
      // However many tokens spell the piece, it is one match: its spelling depends on what follows.
      places.push({ ...found, matchTokens: 1 + this.matchBefore(i, length) });
    }
    return places;
  }

  /** Where `typed` ends when it is read off the history from token `i` on; undefined when it is not there. */
  private follow(i: number, typed: Uint8Array, vocabulary: Vocabulary) {
    let at = i;
    for (let done = 0; ; at++) {
      const token = at < this.length ? (this.history[at] as number) : boundary;
      if (token === boundary) return undefined; // also when only the text's own end says so
      if (done === typed.length) return { at, skipBytes: 0 };
      const bytes = vocabulary.bytesOf(token);
      for (let k = 0; k < bytes.length; k++, done++) {
        if (done === typed.length) return { at, skipBytes: k };
        if (bytes[k] !== typed[done]) return undefined;
      }
    }
  }

  /** How many tokens before index `i` equal those before index `end`; boundaries never match. */
  private matchBefore(i: number, end: number): number {
    const { history } = this;
    let n = 0;
    while (
      n < maxMatchTokens - 1 &&
      history[i - 1 - n] !== boundary &&
      history[i - 1 - n] === history[end - 1 - n]
    )
      n++;
    return n;
  }

  private reserve(length: number): void {
    if (length <= this.history.length) return;
    const larger = new Int32Array(2 * length);
    larger.set(this.tokens);
    this.history = larger;
  }
}

/** Collects votes into a prediction. */
export class Votes {
  nPlaces = 0;
  private longest = 0;
  private readonly weights = new Map<TokenId, number>();
  private readonly best = new Map<TokenId, { matchTokens: number; place: number | undefined }>();

  /** `token` followed a match at `place`; nearer places come first. */
  add(token: TokenId, matchTokens: number, place?: number): void {
    this.nPlaces++;
    this.longest = Math.max(this.longest, matchTokens);
    const weight = votesPerMatchToken ** Math.min(matchTokens, maxVoteTokens);
    this.weights.set(token, (this.weights.get(token) ?? 0) + weight);
    if (matchTokens > (this.best.get(token)?.matchTokens ?? 0)) this.best.set(token, { matchTokens, place });
  }

  /** Equal votes: the token seen first, which is the nearest, leads. */
  prediction(): CachePrediction | undefined {
    if (this.nPlaces === 0) return undefined;
    const ranked = [...this.weights].sort((a, b) => b[1] - a[1]);
    const sum = ranked.reduce((total, [, weight]) => total + weight, 0);
    return {
      tokens: ranked.map(([token]) => token),
      shares: ranked.map(([, weight]) => weight / sum),
      matchTokens: Math.min(this.longest, maxMatchTokens),
      nPlaces: this.nPlaces,
      place: this.best.get(ranked[0]?.[0] as TokenId)?.place,
    };
  }
}
