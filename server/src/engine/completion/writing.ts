/** writeAt: one text from logits to the stop rules, and the others that might have been written instead. */

import type { Monitor } from '../decoding/constraints/monitor.ts';
import { decode } from '../decoding/decode.ts';
import { CopyDrafter } from '../decoding/drafters/copy.ts';
import { Drafting } from '../decoding/drafters/drafting.ts';
import { NameDrafter } from '../decoding/drafters/names.ts';
import { RecentDrafter } from '../decoding/drafters/recent.ts';
import { RecyclingDrafter } from '../decoding/drafters/recycling.ts';
import type { Chance, Sampler } from '../decoding/sampler.ts';
import { ChanceSampler } from '../decoding/sampling.ts';
import { createStopper } from '../decoding/stopping.ts';
import { Detokenizer } from '../tokens/detokenizer.ts';
import type { TokenId } from '../tokens/token.ts';
import type { CursorSampler } from './cache-sampler.ts';
import type { GenerateParts, Job } from './generate.ts';
import { timed } from './types.ts';

/** One token that the model wrote, and what else it might have written there. */
export interface WrittenToken extends Chance {
  readonly runnerUp: Chance | undefined;
  /** UTF-16 length of the generated text with it. */
  readonly endExclusive: number;
}

/** One text. */
export interface Writing {
  readonly text: string;
  /** Every token, those behind the end of `text` included. */
  readonly tokens: readonly WrittenToken[];
  /** The token limit ended it: the last statement may be half. */
  readonly isCutOff: boolean;
  /** All that was written, behind a few tokens that stand before it: what the next one may repeat. */
  readonly trail: Int32Array;
  readonly drafting: Drafting;
}

/**
 * Writes on behind the sequence's last token, whose `logits` [nVocab] are given. `forced` tokens come
 * first, and are in the sequence already.
 */
export async function writeAt(
  parts: GenerateParts,
  job: Job,
  logits: Float32Array,
  signal: AbortSignal,
  forced: readonly Chance[] = [],
): Promise<Writing> {
  const { lm, tokenizer, fim, cacheSamplers } = parts;
  const { sequence, place, settings } = job;
  const isEnd = (token: TokenId) => fim.ends.has(token) || tokenizer.isSpecial(token);
  const at = cacheSamplers.at(place, job.others, isEnd);
  const sampler = samplerOf(at, job);
  const monitor = job.monitor ?? parts.types?.monitorAt(job.uri, place, settings.watchedKinds);
  const constraint = monitor && timed(monitor, job.stages);
  const trail = [...at.cursor.context];
  const drafting = draftingOf(parts, job, at, monitor);
  const stopper = createStopper({ ...place, maxLines: settings.maxLines });
  const detokenizer = new Detokenizer(tokenizer);
  const tokens: WrittenToken[] = [];
  let text = '';
  let keep: number | undefined;
  /** True when the stop rules end it. */
  const append = ({ token, probability }: Chance, runnerUp: Chance | undefined): boolean => {
    trail.push(token);
    const chunk = detokenizer.push(token);
    text += chunk;
    job.onText?.(text);
    tokens.push({ token, probability, runnerUp, endExclusive: text.length });
    const state = stopper.push(chunk);
    keep = state.stop && state.keep;
    return state.stop !== undefined;
  };
  let isStopped = false;
  for (const chance of forced) {
    sampler.accept(chance.token);
    drafting.accept(chance.token);
    monitor?.accept(chance.token);
    isStopped ||= append(chance, undefined);
  }
  const maxTokens = settings.maxTokens - forced.length;
  if (!isStopped && maxTokens > 0) {
    const steering = { sampler, drafting, ...(constraint && { constraint }) };
    for await (const token of decode(lm, sequence, { logits, maxTokens, isEnd, ...steering, signal })) {
      const chance = { token, probability: sampler.probability() };
      if (append(chance, job.nOthers > 0 ? sampler.runnerUp() : undefined)) break;
    }
  }
  const isCutOff = keep === undefined && tokens.length >= settings.maxTokens;
  return { text: text.slice(0, keep), tokens, isCutOff, trail: Int32Array.from(trail), drafting };
}

/** Tokens from the start where another text may branch off: farther on, two texts look the same. */
const maxBranchTokens = 12;

/**
 * The likeliest texts that begin differently: where the model hesitated most, the second choice is
 * taken and the rest written anew, on the same rows of the cache. So they differ by construction,
 * and each is what the model would have written had it decided otherwise once.
 */
export async function writeOthers(
  parts: GenerateParts,
  job: Job,
  first: Writing,
  nPrompt: number,
  signal: AbortSignal,
): Promise<Writing[]> {
  const { lm, fim, tokenizer } = parts;
  const { sequence } = job;
  const branches: { readonly at: number; readonly chance: Chance; readonly weight: number }[] = [];
  let before = 1;
  for (const [at, { probability, runnerUp, endExclusive }] of first.tokens
    .slice(0, maxBranchTokens)
    .entries()) {
    const isEnd = runnerUp && (fim.ends.has(runnerUp.token) || tokenizer.isSpecial(runnerUp.token));
    if (runnerUp && !isEnd) branches.push({ at, chance: runnerUp, weight: before * runnerUp.probability });
    before *= probability;
    if (endExclusive >= first.text.length) break;
  }
  branches.sort((a, b) => b.weight - a.weight);
  const others: Writing[] = [];
  const { onText: _, ...otherJob } = job; // it hears of the first one only
  for (const { at, chance } of branches.slice(0, job.nOthers)) {
    const kept = first.tokens.slice(0, at);
    sequence.truncate(nPrompt);
    if (sequence.arena.nRow - nPrompt <= at + 1) break;
    const run = Int32Array.from([...kept.map(({ token }) => token), chance.token]);
    const rows = await lm.steps(sequence, run, signal);
    const logits = rows.slice(-lm.forward.config.nVocab);
    others.push(await writeAt(parts, { ...otherJob, nOthers: 0 }, logits, signal, [...kept, chance]));
  }
  return others;
}

function samplerOf({ sampler, mixed }: CursorSampler, { settings: { sampling } }: Job): Sampler {
  return sampling ? new ChanceSampler(sampling, mixed) : sampler;
}

/** Everyone who may guess what the model is going to write. */
function draftingOf(
  { segments, draftPolicy, successors }: GenerateParts,
  { recent }: Job,
  at: CursorSampler,
  monitor: Monitor | undefined,
) {
  const { cursor } = at;
  const { context } = cursor;
  const removed = recent.removed.map((text) => segments.encode(text.replaceAll('\r\n', '\n')));
  const drafters = [
    ...(monitor ? [new NameDrafter(monitor, (text) => segments.encode(text))] : []),
    new CopyDrafter(cursor, at.mixed === undefined),
    new RecentDrafter('previous', recent.previous ? [recent.previous] : [], context),
    new RecentDrafter('removed', removed, context),
    new RecyclingDrafter(successors, context),
  ];
  return new Drafting(
    drafters.filter((drafter) => draftPolicy.isWanted(drafter)),
    draftPolicy,
  );
}
