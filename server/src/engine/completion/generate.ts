/** generate: lets the model write at one place, as far as the stop rules let it go. */

import type { Priority } from '../base/lane.ts';
import type { Clock, CompletionCost } from '../base/ports.ts';
import type { Stages } from '../base/stages.ts';
import { decode } from '../decoding/decode.ts';
import { CopyDrafter } from '../decoding/drafters/copy.ts';
import type { DraftPolicy } from '../decoding/drafters/draft-policy.ts';
import { Drafting } from '../decoding/drafters/drafting.ts';
import { RecentDrafter } from '../decoding/drafters/recent.ts';
import { RecyclingDrafter, type Successors } from '../decoding/drafters/recycling.ts';
import type { Chance } from '../decoding/sampler.ts';
import { createStopper } from '../decoding/stopping.ts';
import type { CausalLm } from '../model/causal-lm.ts';
import type { ReuseOptions } from '../model/reuse.ts';
import type { Sequence } from '../model/sequence.ts';
import { type FimFormat, joinFim, nFimOverhead } from '../prompt/fim.ts';
import { prefixWindow, suffixWindow } from '../prompt/window.ts';
import type { Place, Surroundings } from '../syntax/surroundings.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import { Detokenizer } from '../tokens/detokenizer.ts';
import type { SegmentTokenizer } from '../tokens/retokenize.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import type { CacheSamplers, CursorSampler } from './cache-sampler.ts';
import type { CompletionSettings } from './request.ts';

export interface GenerateParts {
  readonly lm: CausalLm;
  readonly tokenizer: Tokenizer;
  readonly segments: SegmentTokenizer;
  readonly fim: FimFormat;
  /** Asks the open documents as well. */
  readonly cacheSamplers: CacheSamplers;
  readonly draftPolicy: DraftPolicy;
  /** What the model had follow what. */
  readonly successors: Successors;
  /** The most tokens of prompt and suggestion together. */
  readonly contextTokens: number;
  readonly clock: Clock;
}

/** One thing to write. */
export interface Job {
  readonly uri: string;
  readonly place: Place & { readonly surroundings: Surroundings };
  readonly sequence: Sequence;
  /** Other open documents in the same language, the one touched last first. */
  readonly others: readonly DocumentSnapshot[];
  /** Other documents' sequences, whose rows may be borrowed. */
  readonly lenders: readonly Sequence[];
  /** Texts that are not in the document and may come again: the last suggestion's, deleted ones. */
  readonly recent: { readonly previous: Int32Array | undefined; readonly removed: readonly string[] };
  /** Whether `runnerUp` is wanted. */
  readonly wantsOthers: boolean;
  readonly settings: CompletionSettings;
  readonly startMs: number;
  /** Where the time goes. */
  readonly stages: Stages;
}

/** One token that the model wrote, and what else it might have written there. */
export interface WrittenToken extends Chance {
  readonly runnerUp: Chance | undefined;
  /** UTF-16 length of the generated text with it. */
  readonly endExclusive: number;
}

/** What the model wrote, and what it cost. */
export interface Generated {
  readonly text: string;
  /** Every token, those behind the end of `text` included. */
  readonly written: readonly WrittenToken[];
  /** All that was written, behind a few tokens that stand before it: what the next one may repeat. */
  readonly trail: Int32Array;
  /** The token limit ended it: the last statement may be half. */
  readonly isCutOff: boolean;
  readonly cost: Omit<CompletionCost, 'ms'>;
}

/** The share of the prompt that text after the cursor may take; what it leaves goes to the prefix. */
const suffixShare = 0.25;

/** A path longer than this tells the model little more. */
const maxPathSegments = 3;

/** What `completion.editReuse: false` asks for. */
const exactReuse: ReuseOptions = { method: 'prefix', nRepairHead: 0, nRepairTail: 0 };

/** Runs `job` when its turn comes. Rejects with the signal's reason when aborted. */
export function generate(
  parts: GenerateParts,
  job: Job,
  priority: Priority,
  signal: AbortSignal,
): Promise<Generated> {
  const { lm, tokenizer, fim, cacheSamplers, clock } = parts;
  const { sequence, place, settings, startMs, stages } = job;
  const prompt = promptOf(parts, job);
  const task = async (): Promise<Generated> => {
    stages.enter('prefill');
    const reuse = settings.editReuse ? undefined : exactReuse;
    const { alignment, logits } = await lm.prefill(sequence, prompt, signal, reuse, job.lenders);
    const { nKept, nShifted, nNew, nRepaired } = alignment;
    const isExact = sequence.nExact === sequence.length;
    const rows = isExact ? 'exact' : nRepaired > 0 ? 'repaired' : 'shifted';
    const firstTokenMs = clock.nowMs() - startMs;
    stages.enter('decode');

    const { maxLines, maxTokens } = settings;
    const stopper = createStopper({ ...place, maxLines });
    const detokenizer = new Detokenizer(tokenizer);
    const isEnd = (token: number) => fim.ends.has(token) || tokenizer.isSpecial(token);
    const at = cacheSamplers.at(place, job.others, isEnd);
    const { sampler } = at;
    const trail = [...at.cursor.context];
    const drafting = draftingOf(parts, job, at);
    const written: WrittenToken[] = [];
    let text = '';
    let nTokens = 0;
    let keep: number | undefined;
    for await (const token of decode(lm, sequence, { logits, maxTokens, isEnd, sampler, drafting, signal })) {
      nTokens++;
      trail.push(token);
      const chunk = detokenizer.push(token);
      text += chunk;
      const runnerUp = job.wantsOthers ? sampler.runnerUp() : undefined;
      written.push({ token, probability: sampler.probability(), runnerUp, endExclusive: text.length });
      const state = stopper.push(chunk);
      keep = state.stop && state.keep;
      if (state.stop) break;
    }
    return {
      text: text.slice(0, keep),
      written,
      trail: Int32Array.from(trail),
      isCutOff: keep === undefined && nTokens >= maxTokens,
      cost: { firstTokenMs, nKept, nShifted, nNew, nRepaired, rows, nTokens, ...drafting.counts },
    };
  };
  stages.enter('queue');
  return lm.exclusive(priority, task, signal);
}

/** Everyone who may guess what the model is going to write. */
function draftingOf(
  { segments, draftPolicy, successors }: GenerateParts,
  { recent }: Job,
  at: CursorSampler,
) {
  const { cursor } = at;
  const { context } = cursor;
  const removed = recent.removed.map((text) => segments.encode(text.replaceAll('\r\n', '\n')));
  const drafters = [
    new CopyDrafter(cursor, at.mixed === undefined),
    new RecentDrafter('previous', recent.previous ? [recent.previous] : [], context),
    new RecentDrafter('removed', removed, context),
    new RecyclingDrafter(successors, context),
  ];
  return new Drafting(drafters, draftPolicy);
}

/** The tokens that describe the place, at most what the window leaves beside the answer. */
function promptOf(parts: GenerateParts, { uri, place, settings }: Job): Int32Array {
  const { segments, fim, contextTokens } = parts;
  const window = Math.min(settings.contextTokens || contextTokens, contextTokens);
  // Models are trained on plain line feeds; what is suggested gets the document's own (`trim`).
  const encode = (text: string) => segments.encode(text.replaceAll('\r\n', '\n'));
  const path = fim.file === undefined ? new Int32Array(0) : encode(`${shortPath(uri)}\n`);
  const budget = Math.max(1, window - settings.maxTokens - nFimOverhead - path.length);
  const suffix = suffixWindow(place.textAfter, Math.floor(budget * suffixShare), encode);
  const prefix = prefixWindow(place.textBefore, budget - suffix.length, encode);
  return joinFim(fim, { path, prefix, suffix });
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
