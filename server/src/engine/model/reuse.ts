/** planReuse: which rows of a cache survive when its tokens become other tokens. */

// He et al. 2024, "Let the Code LLM Edit Itself When You Edit the Code", section 3.2
// (https://arxiv.org/abs/2407.03157): after an edit, the keys behind it are rotated to their new
// positions and only the new tokens are encoded. The paper knows where the edit was; we find it, by
// comparing token ids, and allow any number of edits and moves: the sentinels and the windows move
// too, and tokenisation changes a few neighbours of every edit.

import { assert } from '../base/assert.ts';

/** Which reuse to look for; `edit` is the product's, the others are what it is measured against. */
export type ReuseMethod =
  | 'none' // everything anew
  | 'prefix' // the common prefix only: exact
  | 'deletion' // llama.cpp's --cache-reuse: rows may only move to the left, an insertion ends it
  | 'edit';

/** How far reuse may go, and how much of it is repaired at once. */
export interface ReuseOptions {
  readonly method: ReuseMethod;
  /**
   * Rows behind each edit that are computed anew although they could be moved, in the pass of the new
   * tokens: their context changed most (EPIC, Hu et al. 2024, https://arxiv.org/abs/2410.15332,
   * section 4, recomputes the first tokens of each moved chunk).
   */
  readonly nRepairHead: number;
  /** Rows before the prompt's end likewise, in the pass of the last token: the next token hangs on them. */
  readonly nRepairTail: number;
}

/**
 * Rows [oldStart, oldStart + length) become rows [newStart, newStart + length). `lender`: they are the
 * rows of another sequence, by its index; absent: of the sequence itself.
 */
export interface Keep {
  readonly lender?: number;
  readonly oldStart: number;
  readonly newStart: number;
  readonly length: number;
}

/** Rows [start, endExclusive) of the new prompt, to be run through the model. */
export interface Run {
  readonly start: number;
  readonly endExclusive: number;
}

/** Keeps in order of `newStart`, the first one being the common prefix (length ≥ 0); runs fill the gaps. */
export interface ReusePlan {
  readonly keeps: readonly Keep[];
  readonly runs: readonly Run[];
  /** Rows of the runs that could have been moved, but are repaired. */
  readonly nRepaired: number;
}

/**
 * A run of equal tokens shorter than this is computed anew: a pass of so few tokens costs little
 * more than a pass of one, and short islands are where a stale context shows most.
 */
export const minKeep = 32;

/**
 * A plan that turns rows of `old` into rows of `prompt`. The last token of `prompt` is always run.
 * `lenders` are the tokens of other sequences: with the method `edit`, what they hold and `old` does
 * not is taken from them, so that a chunk of code which stands in several prompts is read once.
 */
export function planReuse(
  old: Int32Array,
  prompt: Int32Array,
  options: ReuseOptions,
  lenders: readonly Int32Array[] = [],
): ReusePlan {
  assert(prompt.length > 0, 'an empty prompt has no next token');
  const { method } = options;
  const limit = prompt.length - 1;
  const nPrefix = method === 'none' ? 0 : matchLength(old, 0, prompt, 0, limit);
  const found =
    method === 'deletion'
      ? deletionKeeps(old, prompt, nPrefix, limit)
      : method === 'edit'
        ? lenders.reduce(
            (keeps, tokens, lender) => withBorrowed(keeps, tokens, lender, prompt, nPrefix, limit),
            movedKeeps(old, nPrefix, prompt, nPrefix, limit),
          )
        : [];
  const moved = repaired(found, prompt.length, options);
  const keeps = [{ oldStart: 0, newStart: 0, length: nPrefix }, ...moved];
  return { keeps, runs: gaps(keeps, prompt.length), nRepaired: nRows(found) - nRows(moved) };
}

const nRows = (keeps: readonly Keep[]) => keeps.reduce((sum, { length }) => sum + length, 0);

/** The keeps without the rows to repair; what is left of a short one is not worth a move. */
function repaired(
  keeps: readonly Keep[],
  nPrompt: number,
  { nRepairHead, nRepairTail }: ReuseOptions,
): Keep[] {
  return keeps
    .map(({ oldStart, newStart, length, ...rest }) => ({
      ...rest,
      oldStart: oldStart + nRepairHead,
      newStart: newStart + nRepairHead,
      length: Math.min(length - nRepairHead, nPrompt - nRepairTail - newStart - nRepairHead),
    }))
    .filter(({ length }) => length >= minKeep);
}

/** How many tokens are equal from `i` and `j` on, before `jEnd`. */
function matchLength(a: Int32Array, i: number, b: Int32Array, j: number, jEnd: number): number {
  let n = 0;
  while (i + n < a.length && j + n < jEnd && a[i + n] === b[j + n]) n++;
  return n;
}

/** As llama.cpp's server does: skip cached tokens until a long enough run matches, never skip new ones. */
function deletionKeeps(old: Int32Array, prompt: Int32Array, from: number, limit: number): Keep[] {
  const keeps: Keep[] = [];
  let oldStart = from;
  let newStart = from;
  while (oldStart < old.length && newStart < limit) {
    const length = matchLength(old, oldStart, prompt, newStart, limit);
    if (length < minKeep) {
      oldStart++;
      continue;
    }
    keeps.push({ oldStart, newStart, length });
    oldStart += length;
    newStart += length;
  }
  return keeps;
}

/**
 * Every run of at least `minKeep` equal tokens, wherever it was, longest match at each place first.
 * An old row goes to one place only: a second copy would stand for code that merely looks alike.
 */
function movedKeeps(
  old: Int32Array,
  oldFrom: number,
  prompt: Int32Array,
  from: number,
  limit: number,
): Keep[] {
  if (limit - from < minKeep || old.length - oldFrom < minKeep) return [];
  const free = old.slice();
  free.fill(taken, 0, oldFrom);
  const places = gramPlaces(old, oldFrom);
  const grams = rollingHashes(prompt, from);
  const keeps: Keep[] = [];
  let at = from;
  while (at + minKeep <= limit) {
    const keep = longestAt(free, prompt, at, limit, places.get(grams[at - from] as number), keeps.at(-1));
    at = keep ? at + keep.length : at + 1;
    if (!keep) continue;
    keeps.push(keep);
    free.fill(taken, keep.oldStart, keep.oldStart + keep.length);
  }
  return keeps;
}

/** The keeps, and in their gaps within [from, limit) what the lender holds of the prompt. */
function withBorrowed(
  keeps: readonly Keep[],
  lent: Int32Array,
  lender: number,
  prompt: Int32Array,
  from: number,
  limit: number,
): Keep[] {
  const known = [{ oldStart: 0, newStart: 0, length: from }, ...keeps];
  const borrowed = gaps(known, limit).flatMap(({ start, endExclusive }) =>
    movedKeeps(lent, 0, prompt, start, endExclusive).map((keep) => ({ ...keep, lender })),
  );
  return [...keeps, ...borrowed].sort((a, b) => a.newStart - b.newStart);
}

/** Equals no token. */
const taken = -2;

/**
 * The longest match that starts at `newStart`. Of equally long ones, that which moves as the keep
 * before it did: repeated code otherwise scatters one span over several deltas.
 */
function longestAt(
  free: Int32Array,
  prompt: Int32Array,
  newStart: number,
  limit: number,
  starts: readonly number[] | undefined,
  previous: Keep | undefined,
): Keep | undefined {
  let best: Keep | undefined;
  const delta = previous ? previous.newStart - previous.oldStart : 0;
  for (const oldStart of starts ?? []) {
    const length = matchLength(free, oldStart, prompt, newStart, limit);
    if (length < minKeep) continue; // equal hashes, other tokens
    const isLonger = !best || length > best.length;
    const isSteadier = best?.length === length && newStart - oldStart === delta;
    if (isLonger || isSteadier) best = { oldStart, newStart, length };
  }
  return best;
}

/** Candidates looked at per gram: repetitive files (tables, lock files) have hundreds. */
const maxPlaces = 8;

/** Hash of each gram of `minKeep` tokens from `from` on → where it starts. */
function gramPlaces(tokens: Int32Array, from: number): Map<number, number[]> {
  const places = new Map<number, number[]>();
  rollingHashes(tokens, from).forEach((hash, i) => {
    const known = places.get(hash);
    if (!known) places.set(hash, [from + i]);
    else if (known.length < maxPlaces) known.push(from + i);
  });
  return places;
}

const radix = 0x01000193;

/** Polynomial hash modulo 2^32 of every gram of `minKeep` tokens from `from` on. */
function rollingHashes(tokens: Int32Array, from: number): Int32Array {
  const n = Math.max(0, tokens.length - from - minKeep + 1);
  const hashes = new Int32Array(n);
  let leaving = 1; // radix^minKeep: the weight of the token that leaves the gram, plus one power
  for (let i = 0; i < minKeep; i++) leaving = Math.imul(leaving, radix);
  let hash = 0;
  for (let i = from; i < tokens.length; i++) {
    hash = (Math.imul(hash, radix) + (tokens[i] as number) + 1) | 0;
    const start = i - minKeep + 1;
    if (start > from) hash = (hash - Math.imul(leaving, (tokens[start - 1] as number) + 1)) | 0;
    if (start >= from) hashes[start - from] = hash;
  }
  return hashes;
}

/** What the keeps leave uncovered of [0, length). */
function gaps(keeps: readonly Keep[], length: number): Run[] {
  const runs: Run[] = [];
  let at = 0;
  for (const keep of keeps) {
    if (keep.newStart > at) runs.push({ start: at, endExclusive: keep.newStart });
    at = keep.newStart + keep.length;
  }
  if (at < length) runs.push({ start: at, endExclusive: length });
  return runs;
}
