/** generate: lets the model write at one place, as far as the stop rules let it go. */

import type { Priority } from '../base/lane.ts';
import type { Clock, CompletionCost } from '../base/ports.ts';
import type { Stages } from '../base/stages.ts';
import type { Monitor } from '../decoding/constraints/monitor.ts';
import type { DraftPolicy } from '../decoding/drafters/draft-policy.ts';
import type { Successors } from '../decoding/drafters/recycling.ts';
import type { CausalLm } from '../model/causal-lm.ts';
import type { ReuseOptions } from '../model/reuse.ts';
import type { Sequence } from '../model/sequence.ts';
import { type FimFormat, joinFim, nFimOverhead } from '../prompt/fim.ts';
import { prefixWindow, suffixWindow } from '../prompt/window.ts';
import type { Place, Surroundings } from '../syntax/surroundings.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import type { SegmentTokenizer } from '../tokens/retokenize.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import type { CacheSamplers } from './cache-sampler.ts';
import type { CompletionSettings } from './request.ts';
import type { Types } from './types.ts';
import { type Writing, writeAt, writeOthers } from './writing.ts';

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
  /** Absent where nothing knows the types. */
  readonly types?: Types;
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
  /** Told all that is written so far, after each token. */
  readonly onText?: (text: string) => void;
  /** Further texts that are wanted. */
  readonly nOthers: number;
  readonly settings: CompletionSettings;
  readonly startMs: number;
  /** Watches the text that is written first: it asks ahead while the prompt is read. */
  readonly monitor?: Monitor;
  /** Where the time goes. */
  readonly stages: Stages;
}

/** A text as it was written, whoever wrote it; without tokens where their probabilities are not known. */
export type Passage = Omit<Writing, 'drafting'>;

/** What the model wrote, and what it cost. */
export interface Generated extends Passage {
  /** Other texts, the likeliest first, as many as `Job.nOthers` at most. */
  readonly others: readonly Passage[];
  readonly cost: Omit<CompletionCost, 'ms'>;
}

/** The share of the prompt that text after the cursor may take; what it leaves goes to the prefix. */
const suffixShare = 0.25;

/** A path longer than this tells the model little more. */
const maxPathSegments = 3;

/** What `completion.editReuse: false` asks for. */
export const exactReuse: ReuseOptions = { method: 'prefix', nRepairHead: 0, nRepairTail: 0 };

/** Runs `job` when its turn comes. Rejects with the signal's reason when aborted. */
export function generate(
  parts: GenerateParts,
  job: Job,
  priority: Priority,
  signal: AbortSignal,
): Promise<Generated> {
  const { lm, clock } = parts;
  const { sequence, settings, startMs, stages } = job;
  const prompt = promptOf(parts, job);
  const task = async (): Promise<Generated> => {
    stages.enter('prefill');
    const monitor = parts.types?.monitorAt(job.uri, job.place, settings.watchedKinds);
    monitor?.prefetch(signal); // answered while the prompt is read
    const reuse = settings.editReuse ? undefined : exactReuse;
    const { alignment, logits } = await lm.prefill(sequence, prompt, signal, reuse, job.lenders);
    const { nKept, nShifted, nNew, nRepaired } = alignment;
    const isExact = sequence.nExact === sequence.length;
    const rows = isExact ? 'exact' : nRepaired > 0 ? 'repaired' : 'shifted';
    const firstTokenMs = clock.nowMs() - startMs;
    stages.enter('decode');

    const first = await writeAt(parts, { ...job, ...(monitor && { monitor }) }, logits, signal);
    const others = job.nOthers > 0 ? await writeOthers(parts, job, first, prompt.length, signal) : [];
    const nTokens = first.tokens.length;
    const cost = { firstTokenMs, nKept, nShifted, nNew, nRepaired, rows, nTokens } as const;
    const masks = monitor && monitor.masks.length > 0 && { masks: monitor.masks };
    return { ...first, others, cost: { ...cost, ...first.drafting.counts, ...masks } };
  };
  stages.enter('queue');
  return lm.exclusive(priority, task, signal);
}

/** The tokens that describe the place, at most what the window leaves beside the answer. */
function promptOf(parts: GenerateParts, { uri, place, settings }: Job): Int32Array {
  const { segments, fim, contextTokens } = parts;
  const window = Math.min(settings.contextTokens || contextTokens, contextTokens);
  const path = fim.file === undefined ? new Int32Array(0) : segments.encode(`${shortPath(uri)}\n`);
  const budget = Math.max(1, window - settings.maxTokens - nFimOverhead - path.length);
  return joinFim(fim, { path, ...windowsAround(segments, place, budget) });
}

/** What of the text around a place goes into a prompt of `budgetTokens`. */
export function windowsAround(
  segments: SegmentTokenizer,
  { textBefore, textAfter }: Place,
  budgetTokens: number,
): { readonly prefix: Int32Array; readonly suffix: Int32Array } {
  // Models are trained on plain line feeds; what is suggested gets the document's own (`trim`).
  const encode = (text: string) => segments.encode(text.replaceAll('\r\n', '\n'));
  const suffix = suffixWindow(textAfter, Math.floor(budgetTokens * suffixShare), encode);
  const prefix = prefixWindow(textBefore, budgetTokens - suffix.length, encode);
  return { prefix, suffix };
}

/** The end of the URI's path, as the model saw paths in training. */
export function shortPath(uri: string): string {
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:\/*/i, '').replace(/[?#].*$/, '');
  const segments = path.split('/').slice(-maxPathSegments).join('/');
  try {
    return decodeURIComponent(segments);
  } catch {
    return segments; // a stray % in an untitled document's name
  }
}
