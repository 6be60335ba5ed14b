/** Ranker: how much a piece of code tells the model about a query: AMI(c, q) = log P(q | c) − log P(q). */

// LongCodeZip (arXiv 2510.00446, section 3.2) has PPL(q) − PPL(q | c). The logarithm of perplexity
// ranks alike and does not let one odd token of a short query dwarf everything. The keys and values of
// a piece are kept while there is room: another query runs only its own tokens on top of them.

import { Lane } from '../base/lane.ts';
import { Lru } from '../base/lru.ts';
import type { CausalLm } from '../model/causal-lm.ts';
import type { ModelConfig } from '../model/contract.ts';
import { SequencePool } from '../model/pool.ts';
import type { Sequence } from '../model/sequence.ts';
import { hashOf } from '../text/hash.ts';
import type { TokenId } from '../tokens/token.ts';
import { logProbs } from './perplexity.ts';

/** Tokens of a piece that are read; the rest of a long one changes its rank little. */
export const maxPieceTokens = 320;

/** Tokens of a query that are read: its end, where an unfinished function goes on. */
export const maxQueryTokens = 64;

/** Pieces whose keys and values are kept; 5 MB each for the embedded model. */
const maxSequences = 8;

/** Scores that are remembered: 16 bytes each with their key. */
const maxScores = 5000;

/** Nothing to move: a piece is read whole or not at all. */
const exactly = { method: 'prefix', nRepairHead: 0, nRepairTail: 0 } as const;

/**
 * Smaller models rank no better than chance: the embedded one, of 7M parameters, chose the file with the
 * needed name as often as a die (docs/benchmarks.md). LongCodeZip's smallest had 500M (table VIII); nothing
 * was measured in between.
 */
const minRankerParameters = 300e6;

/** Whether a model of this shape is worth asking. */
export function isGoodRanker({ nLayer, dModel, dFfn, nVocab }: ModelConfig): boolean {
  return dModel * (nVocab + nLayer * (4 * dModel + 3 * dFfn)) >= minRankerParameters;
}

/** A piece or a query, as the model reads files: header, then text. */
export interface Passage {
  readonly id: string;
  readonly tokens: Int32Array;
  /** Whether `surprise` is wanted: it costs as much again as reading. */
  readonly isLong?: boolean;
}

/** What one look at a piece told. */
export interface Look {
  /** In nats per token of the query; negative where the piece misleads. */
  readonly ami: number;
  /** Of each token of a long piece that was read, its negative log-probability; empty for others. */
  readonly surprise: Float32Array;
}

export class Ranker {
  private readonly sequences: SequencePool;
  private readonly own = new Lane(); // one look at a time: they share sequences
  private readonly looks = new Lru<string, Look>(maxScores);
  private readonly alone = new Lru<string, number>(64);
  private readonly surprises = new Lru<string, Float32Array>(500);

  constructor(
    private readonly lm: CausalLm,
    /** Starts a file in the model's prompts; absent when it knows no such token. */
    private readonly fileToken: TokenId | undefined,
  ) {
    this.sequences = new SequencePool(lm.forward.config, maxPieceTokens + maxQueryTokens + 16, maxSequences);
  }

  /** Whether `look` would answer at once. */
  known(piece: Passage, query: Passage): Look | undefined {
    return this.looks.get(`${piece.id} ${query.id}`);
  }

  /** Asks the model, in the background lane, a pass at a time. Rejects with the signal's reason. */
  look(piece: Passage, query: Passage, signal: AbortSignal): Promise<Look> {
    const run = async () => {
      const known = this.known(piece, query);
      if (known) return known;
      const asked = query.tokens.subarray(-maxQueryTokens);
      const alone = await this.aloneOf(query, asked, signal);
      const given = await this.given(piece, asked, signal);
      const look = { ami: given - alone, surprise: this.surprises.get(piece.id) ?? new Float32Array(0) };
      this.looks.set(`${piece.id} ${query.id}`, look);
      return look;
    };
    return this.own.run('background', run, signal);
  }

  /** Mean log-probability of the query behind the piece. */
  private async given(
    { id, tokens, ...rest }: Passage,
    asked: Int32Array,
    signal: AbortSignal,
  ): Promise<number> {
    const piece = this.withHeader(tokens.subarray(0, maxPieceTokens));
    const sequence = this.sequences.of(id);
    const isThere =
      sequence.nExact >= piece.length && piece.every((token, i) => sequence.tokens[i] === token);
    if (isThere) sequence.truncate(piece.length);
    else await this.read(sequence, piece, { id, tokens, ...rest }, signal);
    return mean(await logProbs(this.lm, sequence, this.withHeader(asked), signal), asked.length);
  }

  private async read(
    sequence: Sequence,
    piece: Int32Array,
    { id, tokens, isLong }: Passage,
    signal: AbortSignal,
  ) {
    sequence.clear();
    if (!isLong) {
      await this.lm.exclusive('background', () => this.lm.prefill(sequence, piece, signal, exactly), signal);
      return;
    }
    const read = await logProbs(this.lm, sequence, piece, signal);
    const nRead = Math.min(tokens.length, maxPieceTokens);
    this.surprises.set(
      id,
      read.subarray(piece.length - nRead).map((p) => -p),
    );
  }

  private async aloneOf(query: Passage, asked: Int32Array, signal: AbortSignal): Promise<number> {
    const known = this.alone.get(query.id);
    if (known !== undefined) return known;
    const sequence = this.sequences.of('');
    sequence.clear();
    const alone = mean(await logProbs(this.lm, sequence, this.withHeader(asked), signal), asked.length);
    this.alone.set(query.id, alone);
    return alone;
  }

  private withHeader(tokens: Int32Array): Int32Array {
    return this.fileToken === undefined ? tokens : Int32Array.of(this.fileToken, ...tokens);
  }
}

/** Names a query by its tokens. */
export function passageOf(text: string, tokens: Int32Array): Passage {
  return { id: hashOf(text), tokens };
}

/** Of the last `n` values: those of the text, without its header. */
function mean(values: Float32Array, n: number): number {
  let sum = 0;
  for (let i = values.length - n; i < values.length; i++) sum += values[i] as number;
  return sum / Math.max(1, n);
}
