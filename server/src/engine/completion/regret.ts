/** Regrets: how likely the text that was really typed had been with and without what other files say, told in idle time. */

// LongCodeZip (arXiv 2510.00446) judges a small context by benchmarks. Here the user's own text judges it, after
// the fact: if the pieces that the index chose make it as likely as all other files do, nothing was lost.
// No text of other files enters a prompt; what is compared is the mixture of the network and the cache model,
// on a short prompt of the own file, which is the same for all.

import type { Clock, RegretTrace, Tracer } from '../base/ports.ts';
import { KvArena } from '../model/arena.ts';
import { Sequence } from '../model/sequence.ts';
import { joinFim, nFimOverhead } from '../prompt/fim.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import type { TokenId } from '../tokens/token.ts';
import { exactReuse, type GenerateParts, windowsAround } from './generate.ts';
import { Idle } from './idle.ts';
import type { Situation } from './situation.ts';

/** Quiet time before anything is measured: look-ahead and healing go first. */
const idleMs = 1500;

/** Shorter texts say little about a context. */
const minTypedChars = 4;

/** Tokens of the typed text that are judged: one pass of the model. */
const maxTokens = 32;

/** Tokens of the own file that the network reads for it: four passes. */
const promptTokens = 256;

/** A place where something was going to be typed, and what other files said at that moment. */
export interface Question {
  readonly snapshot: DocumentSnapshot;
  readonly offset: number;
  readonly place: Situation['place'];
  /** Pieces that the index chose. */
  readonly related: readonly DocumentSnapshot[];
  /** All that feeds the cache model there: these and the open files. */
  readonly others: readonly DocumentSnapshot[];
}

export interface RegretParts extends Pick<GenerateParts, 'lm' | 'segments' | 'fim' | 'cacheSamplers'> {
  readonly clock: Clock;
  readonly tracer: Tracer;
  /** What a document holds now. */
  readonly current: (uri: string) => DocumentSnapshot | undefined;
}

/** One measurement at a time, of the first question since the last one. */
export class Regrets {
  private readonly idle: Idle;
  private question: Question | undefined;
  private sequence: Sequence | undefined; // only where somebody watches

  constructor(
    private readonly parts: RegretParts,
    onError: (error: unknown) => void,
  ) {
    this.idle = new Idle(parts.clock, onError);
  }

  /** Somebody types here. Ends what is being measured; the next pause goes on. */
  asked(question: Question): void {
    this.idle.stop();
    if (!this.parts.cacheSamplers.isMixing) return; // other files have no say in what is likely
    const kept = this.question;
    if (!kept || typedSince(kept, question.snapshot) === undefined) this.question = question;
    this.idle.start(idleMs, (signal) => this.look(signal));
  }

  dispose(): void {
    this.idle.stop();
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { question } = this;
    if (!question) return;
    const { snapshot, offset, others } = question;
    const now = this.parts.current(snapshot.uri);
    const typed = now && typedSince(question, now);
    if (typed !== undefined && typed.trim().length < minTypedChars) return; // more may come
    this.question = undefined;
    if (typed === undefined || others.length === 0) return;
    const regret = await this.measure(question, typed, signal);
    const { uri, version } = snapshot;
    this.parts.tracer({ kind: 'regret', uri, version, offset, regret });
  }

  private async measure(
    { place, related, others }: Question,
    typed: string,
    signal: AbortSignal,
  ): Promise<RegretTrace> {
    const truth = this.parts.segments.encode(typed.replaceAll('\r\n', '\n')).subarray(0, maxTokens);
    const rows = await this.rows(place, truth, signal);
    const mean = (texts: readonly DocumentSnapshot[]) => this.meanLogProb(place, texts, rows, truth, signal);
    return {
      nTokens: truth.length,
      ownFile: await mean([]),
      ...(related.length > 0 && { relatedPieces: await mean(related) }),
      allFiles: await mean(others),
    };
  }

  /** The network's logits [nVocab] for each token of `truth`, in the background lane. */
  private async rows(place: Situation['place'], truth: Int32Array, signal: AbortSignal) {
    const { lm, segments, fim } = this.parts;
    const windows = windowsAround(segments, place, promptTokens);
    const prompt = joinFim(fim, { path: new Int32Array(0), ...windows });
    this.sequence ??= new Sequence(
      new KvArena(lm.forward.config, promptTokens + nFimOverhead + maxTokens + 16),
    );
    const { sequence } = this;
    const run = async () => {
      const { logits } = await lm.prefill(sequence, prompt, signal, exactReuse);
      const first = logits.slice();
      const given = truth.subarray(0, -1);
      const rest = given.length > 0 ? await lm.steps(sequence, given, signal) : new Float32Array(0);
      const nVocab = first.length;
      return [first, ...Array.from(given, (_, i) => rest.slice(i * nVocab, (i + 1) * nVocab))];
    };
    return lm.exclusive('background', run, signal);
  }

  /** Of the tokens of `truth`, natural logarithms, by the network and the cache model that knows `texts`. */
  private async meanLogProb(
    place: Situation['place'],
    texts: readonly DocumentSnapshot[],
    rows: readonly Float32Array[],
    truth: Int32Array,
    signal: AbortSignal,
  ): Promise<number> {
    const { fim, cacheSamplers, segments, clock } = this.parts;
    const isEnd = (token: TokenId) => fim.ends.has(token) || segments.tokenizer.isSpecial(token);
    const { mixed } = cacheSamplers.at(place, texts, isEnd);
    let sum = 0;
    for (const [i, token] of truth.entries()) {
      await clock.yieldToHost(); // a row takes half a millisecond: a key never waits for all of them
      signal.throwIfAborted();
      sum += mixed?.logProbabilities(rows[i] as Float32Array)[token] ?? 0;
      mixed?.accept(token);
    }
    return sum / truth.length;
  }
}

/** What stands at the question's place now; undefined when something else was changed as well. */
export function typedSince(
  { snapshot, offset }: Pick<Question, 'snapshot' | 'offset'>,
  now: DocumentSnapshot,
): string | undefined {
  if (now.uri !== snapshot.uri) return undefined;
  const before = snapshot.text.slice(0, offset);
  const after = snapshot.text.slice(offset);
  const nTyped = now.text.length - snapshot.text.length;
  if (nTyped < 0 || !now.text.startsWith(before) || !now.text.endsWith(after)) return undefined;
  return now.text.slice(offset, offset + nTyped);
}
