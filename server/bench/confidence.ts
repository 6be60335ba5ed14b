/** confidence: fits the curves that make a model's probabilities true, on repositories that nothing is measured with. */

// Run it on a development split: neither training nor held-out repositories. It prints the table of
// server/src/engine/completion/confidence-table.ts; `decoding` says how true it is on others.

import {
  type Calibration,
  type Curve,
  curveAt,
  type SurePoint,
  sureLength,
  surePoints,
  thresholds,
} from '../src/engine/completion/confidence.ts';
import type { Session } from './commit-sessions.ts';
import type { Figure, Report } from './report.ts';
import { type Answered, playSession } from './session-run.ts';
import type { Setting } from './setting.ts';

/** Points of a fitted curve: each stands for as many observations. */
const nPoints = 20;

/** Thresholds at which texts are cut while fitting, since what is cut there is what will be judged. */
const cutThresholds = [0.1, 0.15, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9];

export async function fitConfidence(setting: Setting, sessions: readonly Session[]): Promise<Report> {
  const engine = setting.newEngine();
  const answers: Answered[] = [];
  for (const session of sessions) {
    for await (const answer of playSession(engine, session)) answers.push(answer);
  }
  const texts = answers.flatMap((answer) => textOf(answer) ?? []);
  const calibration = fitCalibration(texts);
  process.stdout.write(`${JSON.stringify(calibration)}\n`);
  const figures = Object.entries(thresholds).map(([name, threshold]): Figure => {
    const judged = texts.flatMap((text) => judge(text, calibration, threshold) ?? []);
    return {
      key: `confidence.${name}.ece`,
      label: `${name}: expected calibration error, on the sessions that it was fitted to`,
      unit: '',
      median: calibrationError(judged),
      n: judged.length,
    };
  });
  return { suite: 'confidence', conditions: setting.conditions, figures };
}

/** What was written for one question, and how much of it the finished file has. */
export interface JudgedText {
  readonly text: string;
  readonly generated: string;
  readonly tokens: readonly { readonly probability: number; readonly endExclusive: number }[];
  /** UTF-16 units of `text` that are as in the finished file. */
  readonly nTrue: number;
}

/** Undefined where nothing was written. */
export function textOf({ result: { explanation }, truth }: Answered): JudgedText | undefined {
  if (explanation?.trimmed === undefined) return undefined;
  const { generated, tokens, trimmed: text } = explanation;
  let nTrue = 0;
  while (nTrue < text.length && text[nTrue] === truth[nTrue]) nTrue++;
  return { text, generated, tokens, nTrue };
}

export interface Judged {
  /** Of what is shown. */
  readonly probability: number;
  readonly isRight: boolean;
  readonly nShown: number;
}

/** What would be shown of a text; undefined for nothing. */
export function judge(one: JudgedText, calibration: Calibration, threshold: number): Judged | undefined {
  const points = surePoints(one.text, one.generated, one.tokens, calibration);
  const sure = sureLength(one.text, points, threshold);
  if (!sure) return undefined;
  const { probability, endExclusive: nShown } = sure;
  return { probability, nShown, isRight: nShown <= one.nTrue };
}

/** Σ |stated − true| over ten bins of stated probability, weighted by how many are in them. */
export function calibrationError(
  judged: readonly { readonly probability: number; readonly isRight: boolean }[],
) {
  let error = 0;
  for (let bin = 0; bin < 10; bin++) {
    const inside = judged.filter(({ probability }) => Math.min(9, Math.floor(probability * 10)) === bin);
    const difference = inside.reduce(
      (sum, { probability, isRight }) => sum + probability - (isRight ? 1 : 0),
      0,
    );
    error += Math.abs(difference) / judged.length;
  }
  return error;
}

export function fitCalibration(texts: readonly JudgedText[]): Calibration {
  const token = isotonic(texts.flatMap(tokenObservations));
  let text: Curve = [
    [0, 0],
    [1, 1],
  ];
  for (let round = 0; round < 3; round++) {
    const current: Calibration = { token, text };
    text = isotonic(texts.flatMap((one) => cutObservations(one, current)));
  }
  return { token, text };
}

type Observation = readonly [number, boolean];

/** Every token up to the first wrong one: its probability, and whether it was right. */
function tokenObservations({ text, tokens, nTrue }: JudgedText): Observation[] {
  const observations: Observation[] = [];
  for (const { probability, endExclusive } of tokens) {
    const isRight = endExclusive <= nTrue;
    if (endExclusive <= text.length || isRight) observations.push([probability, isRight]);
    if (!isRight) break;
  }
  return observations;
}

/** Wherever the text would be cut: the product of its tokens' corrected probabilities, and whether it was right. */
function cutObservations(one: JudgedText, { token, text }: Calibration): Observation[] {
  const plain: Calibration = {
    token,
    text: [
      [0, 0],
      [1, 1],
    ],
  };
  const products = surePoints(one.text, one.generated, one.tokens, plain);
  const points: SurePoint[] = products.map((point) => ({
    ...point,
    probability: curveAt(text, point.probability),
  }));
  return cutThresholds.flatMap((threshold): Observation[] => {
    const sure = sureLength(one.text, points, threshold);
    const product = sure && products.find(({ endExclusive }) => endExclusive >= sure.endExclusive);
    return product ? [[product.probability, sure.endExclusive <= one.nTrue]] : [];
  });
}

/** Isotonic regression (pool adjacent violators) over bins of equally many observations. */
function isotonic(observations: readonly Observation[]): Curve {
  const sorted = [...observations].sort((a, b) => a[0] - b[0]);
  const pools: { x: number; y: number; n: number }[] = [];
  for (let bin = 0; bin < nPoints; bin++) {
    const start = Math.floor((bin * sorted.length) / nPoints);
    const inside = sorted.slice(start, Math.floor(((bin + 1) * sorted.length) / nPoints));
    if (inside.length === 0) continue;
    const x = inside.reduce((sum, [value]) => sum + value, 0);
    pools.push({ x, y: inside.filter(([, isRight]) => isRight).length, n: inside.length });
    for (let last = pools.length - 1; last > 0; last--) {
      const [a, b] = [pools[last - 1], pools[last]] as [(typeof pools)[0], (typeof pools)[0]];
      if (a.y / a.n < b.y / b.n) break;
      pools.splice(last - 1, 2, { x: a.x + b.x, y: a.y + b.y, n: a.n + b.n });
    }
  }
  const rounded = (value: number) => Math.round(value * 1000) / 1000;
  const points = pools.map(({ x, y, n }) => [rounded(x / n), rounded(y / n)] as const);
  return [[0, 0], ...points, [1, points.at(-1)?.[1] ?? 1]];
}
