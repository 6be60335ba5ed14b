/** complete: the whole story of one suggestion, from cursor to ghost text, on one page. */

import type { Clock, CompletionCost, Tracer } from '../base/ports.ts';
import { decode } from '../decoding/decode.ts';
import { createStopper } from '../decoding/stopping.ts';
import type { CausalLm } from '../model/causal-lm.ts';
import type { SequencePool } from '../model/pool.ts';
import { type FimFormat, joinFim, nFimOverhead } from '../prompt/fim.ts';
import { prefixWindow, suffixWindow } from '../prompt/window.ts';
import { type Place, type Surroundings, surroundingsOf } from '../syntax/surroundings.ts';
import type { Trees } from '../syntax/trees.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import { Detokenizer } from '../tokens/detokenizer.ts';
import type { SegmentTokenizer } from '../tokens/retokenize.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { Debounce } from './debounce.ts';
import type { OpenDocuments } from './documents.ts';
import { Healer } from './healing.ts';
import type { CompletionOutcome, CompletionRequest, CompletionResult, Suggestion } from './request.ts';
import { ShownSuggestions } from './reuse.ts';
import { withoutBrokenEnd } from './syntax-check.ts';
import { trim } from './trim.ts';

export interface CompleterParts {
  readonly documents: OpenDocuments;
  readonly lm: CausalLm;
  readonly pool: SequencePool;
  readonly tokenizer: Tokenizer;
  readonly segments: SegmentTokenizer;
  readonly fim: FimFormat;
  /** Absent where there is no tree-sitter: suggestions are then not checked for syntax. */
  readonly trees?: Trees;
  /** The most tokens of prompt and suggestion together. */
  readonly contextTokens: number;
  readonly clock: Clock;
  readonly tracer: Tracer;
}

/** The share of the prompt that text after the cursor may take; what it leaves goes to the prefix. */
const suffixShare = 0.25;

/** A path longer than this tells the model little more. */
const maxPathSegments = 3;

/** The place to complete at, as if the editor's selected completion were already typed. */
interface Situation {
  /** What a suggestion replaces before `replaceAfter` is added, and what it must begin with. */
  readonly start: number;
  readonly end: number;
  readonly typed: string;
  readonly place: Place & { readonly surroundings: Surroundings };
}

/** What the model wrote, as far as the stop rules let it go. */
interface Generated {
  readonly text: string;
  /** The token limit ended it: the last statement may be half. */
  readonly isCutOff: boolean;
}

export class Completer {
  private readonly debounce: Debounce;
  private readonly healer: Healer;
  private readonly shown = new ShownSuggestions();
  private nextId = 1;

  constructor(private readonly parts: CompleterParts) {
    const { lm, clock, tracer } = parts;
    this.debounce = new Debounce(clock);
    this.healer = new Healer(lm, clock, (error) =>
      tracer({ kind: 'log', level: 'error', message: `Healing failed: ${error}` }),
    );
  }

  /** Answers `request`; rejects with the signal's reason when aborted. */
  async complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResult> {
    const { clock, documents } = this.parts;
    const startMs = clock.nowMs();
    this.healer.stop();
    const cost = { ms: 0, firstTokenMs: 0, nKept: 0, nShifted: 0, nNew: 0, nTokens: 0 };
    const answer = (outcome: CompletionOutcome, suggestion?: Suggestion): CompletionResult => ({
      outcome,
      ...(suggestion && { suggestion }),
      cost: { ...cost, ms: clock.nowMs() - startMs },
    });

    const snapshot = documents.get(request.uri);
    if (!snapshot) return answer('unknown-document');
    const refusal = refuse(snapshot, request);
    if (refusal) return answer(refusal);

    const reused = request.selected ? undefined : this.shown.match(snapshot, request.offset);
    const delayMs = this.debounce.nextDelayMs(request.settings.debounceMs); // watches every request
    if (reused) return answer('reused', reused);
    if (request.trigger === 'automatic' && delayMs > 0) await clock.sleep(delayMs, signal);

    const situation = situationOf(snapshot, request);
    const generated = await this.generate(snapshot, situation, request, startMs, cost, signal);
    if (documents.get(request.uri)?.version !== snapshot.version) return answer('stale');

    const trimmed = trim({ ...situation.place, generated: generated.text, isCutOff: generated.isCutOff });
    if (!trimmed) return answer('empty');
    const { text, replaceAfter } = trimmed;
    const spot = {
      snapshot,
      before: situation.place.textBefore,
      after: situation.place.textAfter.slice(replaceAfter),
    };
    const checked = this.parts.trees ? await withoutBrokenEnd(this.parts.trees, spot, text) : text;
    const suggestion: Suggestion = {
      id: this.nextId++,
      text: situation.typed + checked,
      start: situation.start,
      endExclusive: situation.end + replaceAfter,
    };
    this.shown.remember(suggestion, snapshot, request.offset);
    return answer('generated', suggestion);
  }

  /** Ends what runs in idle time. */
  dispose(): void {
    this.healer.stop();
  }

  /** The user took the suggestion: what is on screen now is their text. */
  accepted(_id: number): void {
    this.shown.clear(); // else the rest of it would match what follows
  }

  /** Runs the model and returns its text as far as the stop rules let it go. */
  private generate(
    snapshot: DocumentSnapshot,
    situation: Situation,
    request: CompletionRequest,
    startMs: number,
    cost: Mutable<CompletionCost>,
    signal: AbortSignal,
  ): Promise<Generated> {
    const { lm, pool, tokenizer, fim, clock } = this.parts;
    const prompt = this.prompt(snapshot.uri, situation, request);
    const sequence = pool.of(snapshot.uri);
    const generate = async () => {
      const { alignment, logits } = await lm.prefill(sequence, prompt, signal);
      cost.nKept = alignment.nKept;
      cost.nShifted = alignment.nShifted;
      cost.nNew = alignment.nNew;
      cost.firstTokenMs = clock.nowMs() - startMs;

      const { maxLines, maxTokens } = request.settings;
      const stopper = createStopper({ ...situation.place, maxLines });
      const detokenizer = new Detokenizer(tokenizer);
      const isEnd = (token: number) => fim.ends.has(token) || tokenizer.isSpecial(token);
      let text = '';
      for await (const token of decode(lm, sequence, { logits, maxTokens, isEnd, signal })) {
        cost.nTokens++;
        const chunk = detokenizer.push(token);
        text += chunk;
        const { stop, keep } = stopper.push(chunk);
        if (stop) return { text: text.slice(0, keep), isCutOff: false };
      }
      return { text, isCutOff: cost.nTokens >= maxTokens };
    };
    return lm.exclusive('typing', generate, signal).finally(() => this.healer.start(sequence));
  }

  /** The tokens that describe the situation, at most what the window leaves beside the answer. */
  private prompt(uri: string, { place }: Situation, { settings }: CompletionRequest): Int32Array {
    const { segments, fim, contextTokens } = this.parts;
    const window =
      settings.contextTokens > 0 ? Math.min(settings.contextTokens, contextTokens) : contextTokens;
    const encode = (text: string) => segments.encode(text);
    const path = fim.file === undefined ? new Int32Array(0) : encode(`${shortPath(uri)}\n`);
    const budget = Math.max(1, window - settings.maxTokens - nFimOverhead - path.length);
    const suffix = suffixWindow(place.textAfter, Math.floor(budget * suffixShare), encode);
    const prefix = prefixWindow(place.textBefore, budget - suffix.length, encode);
    return joinFim(fim, { path, prefix, suffix });
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Why no suggestion can be made here at all, if so. */
function refuse(snapshot: DocumentSnapshot, request: CompletionRequest): CompletionOutcome | undefined {
  const { text, version } = snapshot;
  const { offset, settings, trigger } = request;
  if (request.version !== version) return 'stale';
  if (text.length > settings.maxFileSizeKb * 1024) return 'too-large';
  if (text.includes('\0')) return 'binary';
  if (offset < 0 || offset > text.length || isInsideSurrogatePair(text, offset)) return 'bad-position';
  if (trigger === 'automatic' && isInsideWord(text, offset)) return 'mid-word';
  return undefined;
}

function situationOf(
  { text, languageId }: DocumentSnapshot,
  { offset, selected }: CompletionRequest,
): Situation {
  const start = selected?.start ?? offset;
  const end = Math.max(selected?.endExclusive ?? offset, offset);
  const typed = selected?.text ?? '';
  const textBefore = text.slice(0, start) + typed;
  const place = { textBefore, textAfter: text.slice(end), languageId };
  return { start, end, typed, place: { ...place, surroundings: surroundingsOf(place) } };
}

function isInsideSurrogatePair(text: string, offset: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, offset - 1), offset + 1));
}

function isInsideWord(text: string, offset: number): boolean {
  return offset > 0 && /^[\p{L}\p{N}_$]{2}$/u.test(text.slice(offset - 1, offset + 1));
}

/** The end of the URI's path, as the model saw paths in training. */
function shortPath(uri: string): string {
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:\/*/i, '').replace(/[?#].*$/, '');
  const segments = path.split('/').slice(-maxPathSegments).join('/');
  try {
    return decodeURIComponent(segments);
  } catch {
    return segments; // a stray % in an untitled document's name
  }
}
