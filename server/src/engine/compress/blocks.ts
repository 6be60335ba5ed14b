/** blocksOf: where a function falls into blocks: at lines that surprise the model more than their neighbours. */

// LongCodeZip (arXiv 2510.00446, section 3.3): a line whose perplexity exceeds that of its neighbours
// by alpha standard deviations begins a block. Our atoms are statements instead of lines, so that any
// set of blocks parses; the code of the paper splits after the spike, its text before it: we split before.

/** In standard deviations of the function's own lines; the paper's code has 0.2 (with the mean added). */
const alpha = 0.2;

/**
 * Groups of neighbouring statements, in order, as [start, endExclusive) of their indices. `surprise`:
 * mean negative log-probability of each statement's first line; without it each statement is a block.
 */
export function blocksOf(nParts: number, surprise: readonly number[] | undefined): [number, number][] {
  const starts = [0];
  for (let i = 1; i < nParts; i++) if (!surprise || isSpike(surprise, i)) starts.push(i);
  return starts.map((start, i) => [start, starts[i + 1] ?? nParts]);
}

function isSpike(surprise: readonly number[], i: number): boolean {
  const mean = surprise.reduce((sum, value) => sum + value, 0) / surprise.length;
  const variance = surprise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / surprise.length;
  const threshold = alpha * Math.sqrt(variance);
  const own = surprise[i] as number;
  const before = surprise[i - 1] ?? own;
  const after = surprise[i + 1] ?? before;
  return own - before >= threshold && own - after >= 0;
}
