/** Statistics: medians with intervals that a second run on the same machine falls into. */

/** The p-quantile (0 ≤ p ≤ 1), nearest rank; NaN of none. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export type Interval = readonly [number, number];

export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** 95 % interval of p50. */
  readonly interval: Interval;
  readonly n: number;
}

/** Resamples; enough for a 95 % interval, and done in milliseconds. */
const nResample = 600;
/** Neighbouring questions share the machine's mood, so this many are drawn together. */
const blockLength = 4;

/** A small generator with a fixed seed (mulberry32): the same figures give the same interval. */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** 95 % bootstrap interval of the median, by moving blocks (Künsch 1989), since times are no independent draws. */
export function medianInterval(values: readonly number[]): Interval {
  const n = values.length;
  if (n === 0) return [Number.NaN, Number.NaN];
  const length = Math.min(blockLength, n);
  const random = generator();
  const medians = Array.from({ length: nResample }, () => {
    const drawn: number[] = [];
    while (drawn.length < n) {
      const start = Math.floor(random() * (n - length + 1));
      drawn.push(...values.slice(start, start + length));
    }
    return median(drawn.slice(0, n));
  }).sort((a, b) => a - b);
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    p50: median(values),
    p95: quantile(values, 0.95),
    max: quantile(values, 1),
    interval: medianInterval(values),
    n: values.length,
  };
}

/** Whether two medians may be the same: their intervals touch. */
export function agree(a: Spread, b: Spread): boolean {
  return a.interval[0] <= b.interval[1] && b.interval[0] <= a.interval[1];
}
