/** QualityRun: one loaded model asked to fill holes, alone or with the cache model, as the product asks it. */

import { CacheModel } from '../src/engine/decoding/cache-model.ts';
import { cacheWeights } from '../src/engine/decoding/cache-weights.ts';
import { CursorCache } from '../src/engine/decoding/cursor-cache.ts';
import { decode } from '../src/engine/decoding/decode.ts';
import { CacheSampler } from '../src/engine/decoding/mix.ts';
import { GreedySampler, type Sampler } from '../src/engine/decoding/sampler.ts';
import { KvArena } from '../src/engine/model/arena.ts';
import { CausalLm } from '../src/engine/model/causal-lm.ts';
import { Sequence } from '../src/engine/model/sequence.ts';
import { type FimFormat, fimFormatOf, joinFim, nFimOverhead } from '../src/engine/prompt/fim.ts';
import { prefixWindow, suffixWindow } from '../src/engine/prompt/window.ts';
import { SegmentTokenizer } from '../src/engine/tokens/retokenize.ts';
import { systemClock } from '../src/node/clock.ts';
import type { Setting, SourceFile } from './setting.ts';

/** A hole, with what else is open. */
export interface Hole {
  readonly file: { readonly name: string; readonly neighbours: readonly SourceFile[] };
  readonly before: string;
  readonly after: string;
}

/** Who fills it. `network + cache` is the product: the cache model knows the file and four others that are open. */
export const contenders = ['network', 'cache', 'network + own file', 'network + cache'] as const;
export type Contender = (typeof contenders)[number];

export interface Filling {
  readonly text: string;
  readonly firstToken: number | undefined;
  readonly nTokens: number;
  /** Milliseconds of the cache model: to get ready, and for all tokens together. */
  readonly openMs: number;
  readonly pickMs: number;
}

/** As stet.completion.maxTokens. */
const maxTokens = 64;

const live = new AbortController().signal;
const exactReuse = { method: 'prefix', nRepairHead: 0, nRepairTail: 0 } as const;

export class QualityRun {
  readonly segments: SegmentTokenizer;
  readonly fim: FimFormat;
  readonly contextTokens: number;
  private readonly lm: CausalLm;
  private readonly sequence: Sequence;

  constructor(readonly setting: Setting) {
    const { forward, model, tokenizer } = setting;
    this.segments = new SegmentTokenizer(tokenizer);
    this.fim = fimFormatOf(model.metadata, tokenizer);
    const { maxPositions } = forward.config;
    this.contextTokens = Math.min(model.metadata.contextTokens ?? maxPositions, maxPositions);
    this.lm = new CausalLm(forward, systemClock);
    this.sequence = new Sequence(new KvArena(forward.config, this.contextTokens));
  }

  /** The prompt that the product would send. */
  prompt({ file, before, after }: Hole, nAnswer = maxTokens): Int32Array {
    const encode = (text: string) => this.segments.encode(text);
    const path = this.header(file.name);
    const budget = this.contextTokens - nAnswer - nFimOverhead - path.length;
    const suffix = suffixWindow(after, Math.floor(budget / 4), encode);
    const prefix = prefixWindow(before, budget - suffix.length, encode);
    return joinFim(this.fim, { path, prefix, suffix });
  }

  /** The file's header without its sentinel; empty when the model knows none. */
  header(name: string): Int32Array {
    if (this.fim.file === undefined) return new Int32Array(0);
    return this.segments.encode(`${name.split('/').slice(-3).join('/')}\n`);
  }

  /** Fills `hole` until `isDone`, an end token or the token limit. */
  async fill(hole: Hole, contender: Contender, isDone: (text: string) => boolean): Promise<Filling> {
    const openedAt = performance.now();
    const timed = new TimedSampler(this.sampler(hole, contender));
    const openMs = performance.now() - openedAt;
    const bytes: number[] = [];
    let text = '';
    let firstToken: number | undefined;
    let nTokens = 0;
    for await (const token of this.tokens(hole, contender, timed)) {
      firstToken ??= token;
      nTokens++;
      bytes.push(...this.setting.tokenizer.bytesOf(token));
      text = new TextDecoder().decode(Uint8Array.from(bytes));
      if (isDone(text)) break;
    }
    return { text, firstToken, nTokens, openMs, pickMs: timed.ms };
  }

  /** The cache model at the hole. */
  cursorCache({ file, before, after }: Hole, withFiles: boolean): CursorCache {
    const cache = new CacheModel();
    if (withFiles)
      for (const other of [...file.neighbours].reverse()) cache.add(this.segments.encode(other.text));
    cache.add(this.segments.encode(after));
    return new CursorCache(cache, this.setting.tokenizer, before, this.segments.encode(before));
  }

  /** Logits after the prompt and after each of `tokens` but the last, row by row. */
  async logitsAlong(prompt: Int32Array, tokens: Int32Array, visit: (row: Float32Array, i: number) => void) {
    const { logits } = await this.lm.prefill(this.sequence, prompt, live, exactReuse);
    visit(logits, 0);
    if (tokens.length < 2) return;
    const { nVocab } = this.setting.forward.config;
    const logitsOf = Array.from({ length: tokens.length - 1 }, (_, i) => i);
    const rows = await this.setting.forward.run({
      arena: this.sequence.arena,
      tokens: tokens.subarray(0, -1),
      start: prompt.length,
      logitsOf,
    });
    for (const i of logitsOf) visit(rows.subarray(i * nVocab, (i + 1) * nVocab), i + 1);
  }

  isEnd = (token: number): boolean => this.fim.ends.has(token) || this.setting.tokenizer.isSpecial(token);

  private sampler(hole: Hole, contender: Contender): Sampler {
    if (contender === 'network') return new GreedySampler();
    const cursor = this.cursorCache(hole, contender === 'network + cache');
    if (contender === 'cache') {
      const end = [...this.fim.ends][0] as number;
      return {
        pick: () => cursor.predict()?.tokens[0] ?? end,
        accept: (token) => cursor.accept(token),
        probability: () => 0, // nobody asks
        runnerUp: () => undefined,
      };
    }
    return new CacheSampler(cursor, cacheWeights, this.isEnd);
  }

  private async *tokens(hole: Hole, contender: Contender, sampler: Sampler): AsyncGenerator<number> {
    if (contender !== 'cache') {
      const { logits } = await this.lm.prefill(this.sequence, this.prompt(hole), live, exactReuse);
      yield* decode(this.lm, this.sequence, { logits, maxTokens, isEnd: this.isEnd, sampler, signal: live });
      return;
    }
    const none = new Float32Array(0);
    for (let n = 0; n < maxTokens; n++) {
      const token = sampler.pick(none);
      if (this.isEnd(token)) return;
      sampler.accept(token);
      yield token;
    }
  }
}

class TimedSampler implements Sampler {
  ms = 0;
  constructor(private readonly inner: Sampler) {}

  pick(logits: Float32Array): number {
    const startMs = performance.now();
    const token = this.inner.pick(logits);
    this.ms += performance.now() - startMs;
    return token;
  }

  accept(token: number): void {
    const startMs = performance.now();
    this.inner.accept(token);
    this.ms += performance.now() - startMs;
  }

  probability() {
    return this.inner.probability();
  }

  runnerUp() {
    return this.inner.runnerUp();
  }
}
