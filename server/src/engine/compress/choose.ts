/** choose: which form of each piece, so that what is kept is worth most within the budget. */

import { blocksOf } from './blocks.ts';
import type { Candidate } from './candidates.ts';
import { type Form, fill } from './knapsack.ts';
import { type Choice, type Kept, renderPart } from './render.ts';

export interface Scored {
  readonly candidate: Candidate;
  /** > 0 */
  readonly score: number;
  /** What the score would lose if `text` were all that is left of the piece. */
  readonly lost: (text: string) => number;
  /** Of each token that the model read of the piece, if it did. */
  readonly surprise?: Float32Array;
}

export interface ChooseOptions {
  readonly count: (text: string) => number;
  /** Ids of parts that were kept before. */
  readonly previous: ReadonlySet<string>;
  /** Forms beside whole ones; all when absent. */
  readonly forms?: readonly Kept['form'][] | undefined;
}

/** Pieces that are considered: the best by score. */
const maxConsidered = 96;

/** What a skeleton is worth, as a share of what its words promise: it says what there is to call, not how. */
const skeletonShare = 0.4;

/** Shares of a function's statements that its block forms keep. */
const blockShares = [0.34, 0.67];

/** A gap's marker and the line breaks around a piece, in tokens. */
const pieceOverhead = 5;

/** Kept pieces are this much more valuable than new ones, so that a prompt stays the same from key to key. */
const hysteresis = 1.15;

/** A form that saves less than this share of the whole is not worth its gaps. */
const minSaving = 0.2;

/**
 * A form is worth score^1.5 · tokens^0.4, with the score that its own text has: the best count for more than
 * many good ones, and more text of equal score says more, with less and less return. Between 1 and 2, and 0.4
 * and 0.8, little changes (docs/benchmarks.md, compression).
 */
const scoreExponent = 1.5;
const sizeExponent = 0.4;

/** As score.ts: nothing is worth nothing. */
const floor = 0.001;

/** The pieces that are considered, and what each form of them takes and is worth. */
export interface Choosable {
  readonly considered: readonly Scored[];
  readonly forms: readonly (readonly KeptForm[])[];
}

/** Works out all forms once, for however many budgets are tried. */
export function choosable(scored: readonly Scored[], options: ChooseOptions): Choosable {
  const considered = [...scored].sort((a, b) => b.score - a.score).slice(0, maxConsidered);
  return { considered, forms: considered.map((one) => formsOf(one, options)) };
}

/** The choice of the most value whose pieces take at most `budget` tokens, each counted for itself. */
export function choose({ considered, forms }: Choosable, budget: number): Choice {
  const chosen = fill(forms, Math.max(0, budget));
  const choice = new Map<string, Kept>();
  considered.forEach(({ candidate }, i) => {
    const form = forms[i]?.[chosen[i] as number];
    if (form) choice.set(candidate.part.id, form.kept);
  });
  return choice;
}

interface KeptForm extends Form {
  readonly kept: Kept;
}

function formsOf(one: Scored, { count, previous, forms: allowed }: ChooseOptions): KeptForm[] {
  const { candidate, score } = one;
  const { part, source, text } = candidate;
  const { file } = source;
  const nTokens = count(text);
  const bonus = previous.has(part.id) ? hysteresis : 1;
  const worth = (own: number, n: number) =>
    bonus * Math.max(floor, own) ** scoreExponent * Math.max(1, n) ** sizeExponent;
  const forms: KeptForm[] = [
    { kept: { form: 'full' }, cost: nTokens + pieceOverhead, value: worth(score, nTokens) },
  ];
  if (part.role !== 'symbol' || part.parts.length === 0) return forms;
  const add = (kept: Kept, share: number) => {
    if (allowed && !allowed.includes(kept.form)) return;
    const left = renderPart(file.text, file.languageId, part, kept);
    const cost = count(left) + pieceOverhead;
    if (cost > (1 - minSaving) * (nTokens + pieceOverhead)) return;
    // What is left may hold the words closer together; it is worth no more than the whole for that.
    forms.push({ kept, cost, value: share * worth(score - Math.max(0, one.lost(left)), cost) });
  };
  const first = part.parts[0];
  const hasDocstring =
    first && /^\s*[rRuU]?(?:"""|''')/.test(file.text.slice(first.start, first.endExclusive));
  add({ form: 'skeleton', ...(hasDocstring && { parts: new Set([0]) }) }, skeletonShare);
  if (part.parts.length < 3) return forms;
  const blocks = blocksWithin(one);
  for (const share of blockShares) {
    const parts = telling(blocks, share);
    if (parts.size > 0) add({ form: 'blocks', parts }, 1);
  }
  return forms;
}

/** A block of a function: its statements [start, endExclusive), by their indices. */
interface Block {
  readonly start: number;
  readonly endExclusive: number;
  /** In characters. */
  readonly size: number;
  readonly value: number;
}

function blocksWithin({ candidate, lost, surprise }: Scored): Block[] {
  const { part, source } = candidate;
  const { text } = source.file;
  const statements = part.parts.map(({ start, endExclusive }) => text.slice(start, endExclusive));
  const lengths = statements.map((statement) => statement.trim().length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const perLine = surprise && surpriseOfParts(part, surprise);
  const blocks = blocksOf(statements.length, perLine);
  const texts = blocks.map(([start, end]) => statements.slice(start, end).join('\n'));
  const nothing = lost('');
  const shared = texts.map((own) => Math.max(0, nothing - lost(own)));
  const sum = shared.reduce((all, value) => all + value, 0) || 1;
  const returns = texts.map((own) => (/^\s*(?:return|yield|throw|raise)\b/m.test(own) ? 0.2 : 0));
  return blocks.map(([start, endExclusive], i) => {
    const size = lengths.slice(start, endExclusive).reduce((all, length) => all + length, 0);
    const value = size / total / 2 + (shared[i] as number) / sum / 2 + (returns[i] as number);
    return { start, endExclusive, size, value };
  });
}

/** The statements of the most telling blocks that take at most `share` of all. */
function telling(blocks: readonly Block[], share: number): ReadonlySet<number> {
  const total = blocks.reduce((sum, { size }) => sum + size, 0);
  const chosen = fill(
    blocks.map(({ size, value }) => [{ cost: size, value }]),
    Math.floor(total * share),
  );
  const parts = new Set<number>();
  blocks.forEach(({ start, endExclusive }, i) => {
    if ((chosen[i] as number) < 0) return;
    for (let at = start; at < endExclusive; at++) parts.add(at);
  });
  return parts;
}

/** Mean surprise at about where each statement starts: tokens are spread evenly over the piece. */
function surpriseOfParts(
  { start, endExclusive, parts }: Candidate['part'],
  surprise: Float32Array,
): number[] {
  const perChar = surprise.length / Math.max(1, endExclusive - start);
  return parts.map((part) => {
    const from = Math.floor((part.start - start) * perChar);
    const until = Math.min(surprise.length, from + 12);
    let sum = 0;
    for (let i = from; i < until; i++) sum += surprise[i] as number;
    return until > from ? sum / (until - from) : 0;
  });
}
