/** longCodeZip: the published method, read from its paper and code, with the code's slips put right. */

// Shi et al. 2025, arXiv 2510.00446. Chunks by regular expressions; ranked by how much each lowers the
// perplexity of the query; then, within the kept ones, blocks between lines that surprise the model, and
// a 0/1 knapsack under a budget of lines for each chunk. Put right: the first token of a query counts; a
// block begins at the surprising line, as the paper says, not behind it; a block of negative worth is never
// taken; no chunk overshoots the budget. One model does both stages, and reads a piece only as far as ours does.

import { fill } from '../src/engine/compress/knapsack.ts';
import { type Look, maxPieceTokens, passageOf, type Ranker } from '../src/engine/compress/rank.ts';
import type { SegmentTokenizer } from '../src/engine/tokens/retokenize.ts';

/** Of the budget, what the fine stage leaves of the coarse one's choice: as for completion in the paper. */
const fineShare = 0.8;
/** How far a chunk's rank bends its budget. */
const beta = 0.5;
/** In standard deviations. */
const alpha = 0.2;
/** Chunks of fewer lines are kept whole. */
const minLines = 5;

const live = new AbortController().signal;

export interface ZipParts {
  readonly ranker: Ranker;
  readonly segments: SegmentTokenizer;
}

/** What is left of each of `texts`, by index; those that are dropped are absent. */
export async function longCodeZip(
  texts: readonly string[],
  query: string,
  budget: number,
  parts: ZipParts,
): Promise<ReadonlyMap<number, string>> {
  const { ranker, segments } = parts;
  const count = (text: string) => segments.encode(text).length;
  const passage = (text: string) => ({ ...passageOf(text, segments.encode(text)), isLong: true });
  const asked = passage(query);
  const looks: Look[] = [];
  for (const text of texts) looks.push(await ranker.look(passage(text), asked, live));
  const ami = (i: number) => looks[i]?.ami ?? 0;
  const order = [...texts.keys()].sort((a, b) => ami(b) - ami(a));
  const kept: number[] = [];
  let room = budget / fineShare;
  for (const i of order) {
    const size = count(texts[i] as string);
    if (size > room) continue;
    room -= size;
    kept.push(i);
  }
  const shares = lineShares(kept, texts, kept.map(ami));
  const result = new Map<number, string>();
  let left = budget;
  for (const [at, i] of kept.entries()) {
    const text = texts[i] as string;
    const share = shares[at] as number;
    const value = async (block: string) => (await ranker.look(passage(block), asked, live)).ami;
    const zipped = share >= 0.999 ? text : await blocksOf(text, share, surpriseOf(i), value, count);
    const size = count(zipped);
    if (size > left) continue;
    left -= size;
    result.set(i, zipped);
  }
  for (const i of order) {
    const size = count(texts[i] as string);
    if (result.has(i) || size > left) continue; // room that a chunk which did not shrink has left
    left -= size;
    result.set(i, texts[i] as string);
  }
  return result;

  /** Of each line, the mean surprise of its tokens. */
  function surpriseOf(i: number): number[] {
    const surprise = looks[i]?.surprise ?? new Float32Array(0);
    let at = 0;
    return (texts[i] as string).split('\n').map((line) => {
      const end = Math.min(maxPieceTokens, at + Math.max(1, count(`${line}\n`)));
      const own = surprise.subarray(at, end);
      at = end;
      return own.length === 0 || line.trim() === '' ? 0 : own.reduce((a, b) => a + b, 0) / own.length;
    });
  }
}

/** The share of its lines that each kept chunk may keep: more for those that rank high. */
function lineShares(kept: readonly number[], texts: readonly string[], ami: readonly number[]): number[] {
  const lines = kept.map((i) => (texts[i] as string).split('\n').length);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const isLarge = lines.map((n) => n >= minLines);
  const large = sum(lines.filter((_, i) => isLarge[i]));
  const room = fineShare * sum(lines) - (sum(lines) - large);
  const [low, high] = [Math.min(...ami), Math.max(...ami)];
  const biased = ami.map((value) => 1 + beta * (2 * ((value - low) / (high - low || 1)) - 1));
  const wanted = sum(lines.map((n, i) => (isLarge[i] ? (biased[i] as number) * n : 0))) || 1;
  return lines.map((_, i) =>
    isLarge[i] ? Math.min(1, Math.max(0, ((biased[i] as number) * room) / wanted)) : 1,
  );
}

async function blocksOf(
  text: string,
  share: number,
  surprise: readonly number[],
  value: (block: string) => Promise<number>,
  count: (text: string) => number,
): Promise<string> {
  const lines = text.split('\n');
  const starts = [0, ...lines.keys()].filter((i, at) => at === 0 || isSpike(surprise, i));
  const blocks = starts.map((start, i) => lines.slice(start, starts[i + 1] ?? lines.length).join('\n'));
  if (blocks.filter((block) => block.trim()).length < 5) return text;
  const isForced = blocks.map((block, i) => i === 0 || /\breturn\b/.test(block));
  const sizes = blocks.map(count);
  const forced = sizes.reduce((sum, size, i) => sum + (isForced[i] ? size : 0), 0);
  const forms = [];
  for (const [i, block] of blocks.entries()) {
    const isAsked = !isForced[i] && block.trim() !== '';
    forms.push(isAsked ? [{ cost: sizes[i] as number, value: await value(block) }] : []);
  }
  const chosen = fill(forms, Math.max(0, Math.floor(count(text) * share) - forced));
  return blocks.filter((_, i) => isForced[i] || (chosen[i] as number) >= 0).join('\n');
}

function isSpike(surprise: readonly number[], i: number): boolean {
  const seen = surprise.filter((value) => value > 0);
  const mean = seen.reduce((a, b) => a + b, 0) / seen.length;
  const deviation = Math.sqrt(seen.reduce((sum, value) => sum + (value - mean) ** 2, 0) / seen.length);
  const own = surprise[i] as number;
  const [before, after] = [own - (surprise[i - 1] ?? own), own - (surprise[i + 1] ?? own)];
  return i > 0 && before >= 0 && after >= 0 && Math.max(before, after) >= alpha * deviation && own > 0;
}
