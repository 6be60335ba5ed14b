/** Confidence: how probable it is that a suggestion stays as it is, and how much of it is sure enough to show. */

// A token's probability says how sure the model is of it if all before it is right. It is corrected by
// a curve that was fitted to typing sessions (isotonic regression: Zadrozny & Elkan 2002), the products
// along the text are corrected once more, and what is shown ends where the result falls below what the
// user asked for. Cutting beats hiding: the sure beginning of an unsure line is worth having.

import { shapeRepeats } from '../decoding/repetition.ts';
import type { Eagerness } from './request.ts';

/** Points of a rising curve from [0, 1] to [0, 1], sorted by their first number; linear in between. */
export type Curve = readonly (readonly [number, number])[];

/** What corrects the probabilities of one model; fitted by `npm run bench -- confidence`. */
export interface Calibration {
  /** From a token's probability to the share that was right. */
  readonly token: Curve;
  /** From the product of such shares to the share of texts that were right so far. */
  readonly text: Curve;
}

/** How probable it must be that all that is shown stays. Chosen on typing sessions of the development repositories. */
export const thresholds: Readonly<Record<Eagerness, number>> = { quiet: 0.7, balanced: 0.45, eager: 0.2 };

/** A place in a text, and how probable it is that the text stays up to there. */
export interface SurePoint {
  /** UTF-16 units from the start of the text. */
  readonly endExclusive: number;
  /** Falls from point to point. */
  readonly probability: number;
}

/** The value of `curve` at `x`. */
export function curveAt(curve: Curve, x: number): number {
  const above = curve.findIndex(([at]) => at >= x);
  if (above < 0) return curve.at(-1)?.[1] ?? x;
  const [highX, high] = curve[above] as readonly [number, number];
  if (above === 0) return high;
  const [lowX, low] = curve[above - 1] as readonly [number, number];
  return highX === lowX ? high : low + ((high - low) * (x - lowX)) / (highX - lowX);
}

/**
 * What a statement of the same kind as the one before it is less sure, per repeat: the grammar-based
 * repetition penalty's λ (Dong et al. 2025, section 4, https://arxiv.org/abs/2505.10402). There it lowers
 * what is picked; here only what is shown, since real code does repeat itself. Of 105 texts with three
 * statements of one kind in a row, written on typing sessions, none was right to its end.
 */
const repetitionDecay = 0.9;

/**
 * The points of `text`, which was trimmed from what the model wrote: one for each token that ends in
 * it, and its end. Without a calibration the model is taken at its word.
 */
export function surePoints(
  text: string,
  generated: string,
  tokens: readonly { readonly probability: number; readonly endExclusive: number }[],
  calibration: Calibration | undefined,
): SurePoint[] {
  const points: SurePoint[] = [];
  const shared = alignedLength(generated, text);
  const repeats = shapeRepeats(generated.split('\n'));
  let product = 1;
  let nLine = 0;
  let lineEnd = endOfLineAt(generated, 0);
  for (const { probability, endExclusive } of tokens) {
    while (endExclusive > lineEnd + 1) {
      lineEnd = endOfLineAt(generated, lineEnd + 1);
      product *= repetitionDecay ** (repeats[++nLine] ?? 0);
    }
    product *= calibration ? curveAt(calibration.token, probability) : probability;
    const sure = calibration ? curveAt(calibration.text, product) : product;
    const end = endExclusive >= shared.inGenerated ? text.length : shared.lengthIn(endExclusive);
    points.push({ endExclusive: end, probability: Math.min(sure, points.at(-1)?.probability ?? 1) });
    if (end === text.length) break;
  }
  return points;
}

/** The index of the line break behind `start`, or the end. */
function endOfLineAt(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? Number.POSITIVE_INFINITY : end;
}

/** Letters and digits that what is left of a cut suggestion must have. */
const minCutWeight = 2;

/**
 * How much of `text` behind `from` is to be shown, and how probable it is that this stays, given that
 * all before `from` did. Undefined when not even the first word is sure. What is cut ends between words
 * on the first line, and with a line behind it.
 */
export function sureLength(
  text: string,
  points: readonly SurePoint[],
  threshold: number,
  from = 0,
): SurePoint | undefined {
  const given = points.filter(({ endExclusive }) => endExclusive <= from).at(-1)?.probability ?? 1;
  const firstLineEnd = endOfLine(text, from);
  let best: SurePoint | undefined;
  for (const { endExclusive, probability } of points) {
    if (endExclusive <= from) continue;
    const conditional = given > 0 ? Math.min(1, probability / given) : 0;
    if (conditional < threshold) break;
    const end = endExclusive === text.length ? endExclusive : cutEnd(text, endExclusive, firstLineEnd);
    if (end === undefined || end <= from) continue;
    if (end < text.length && weightOf(text.slice(from, end)) < minCutWeight) continue;
    if (!best || end > best.endExclusive) best = { endExclusive: end, probability: conditional };
  }
  return best;
}

/** Where a text that is sure up to `end` may be cut; undefined for nowhere new. */
function cutEnd(text: string, end: number, firstLineEnd: number): number | undefined {
  if (end > firstLineEnd) {
    const lineEnd = /^\r?\n/.test(text.slice(end)) ? end : text.lastIndexOf('\n', end - 1);
    return text.slice(0, lineEnd).trimEnd().length;
  }
  if (/\w/.test(text.charAt(end - 1)) && /\w/.test(text.charAt(end))) return undefined;
  return text.slice(0, end).trimEnd().length;
}

/** The end of the first line behind `from` that says something. */
function endOfLine(text: string, from: number): number {
  const start = from + text.slice(from).search(/\S|$/);
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

function weightOf(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
}

/** How positions in `generated` map to `text`, which is a beginning of it with other line breaks, as far as it is. */
function alignedLength(generated: string, text: string) {
  const lengths = [0]; // by length in `generated`
  let at = 0;
  for (let i = 0; i < generated.length && at < text.length; i++) {
    if (text.startsWith('\r\n', at) && generated.charAt(i) === '\n') at++;
    if (text.charAt(at) !== generated.charAt(i)) break;
    at++;
    lengths.push(at);
  }
  return {
    inGenerated: at === text.length ? lengths.length - 1 : Infinity,
    lengthIn: (length: number) => lengths[Math.min(length, lengths.length - 1)] as number,
  };
}
