/** Statistics: the few summaries that the bench prints. */

/** The p-quantile (0 ≤ p ≤ 1) of `values`, nearest rank; NaN of none. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const p95 = (values: readonly number[]): number => quantile(values, 0.95);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** 1 − Levenshtein distance / length of the longer, in [0, 1]; 1 for two empty texts. */
export function editSimilarity(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, (above[j] as number) + 1, (row[j - 1] as number) + 1));
    }
  }
  const longer = Math.max(a.length, b.length);
  return longer === 0 ? 1 : 1 - (row[b.length] as number) / longer;
}

/** KL(p ‖ q) in nats of the distributions that two rows of logits stand for. */
export function klDivergence(pLogits: Float32Array, qLogits: Float32Array): number {
  const p = logSoftmax(pLogits);
  const q = logSoftmax(qLogits);
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += Math.exp(p[i] as number) * ((p[i] as number) - (q[i] as number));
  return sum;
}

function logSoftmax(logits: Float32Array): Float64Array {
  const max = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = Math.log(logits.reduce((sum, value) => sum + Math.exp(value - max), 0));
  return Float64Array.from(logits, (value) => value - max - logSum);
}
