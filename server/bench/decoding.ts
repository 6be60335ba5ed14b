/** decoding: what guessing ahead brings, and how true what is shown is, on typing sessions from real commits. */

import { type Calibration, thresholds } from '../src/engine/completion/confidence.ts';
import { calibrationOf } from '../src/engine/completion/confidence-table.ts';
import type { Engine } from '../src/engine/engine.ts';
import type { Session } from './commit-sessions.ts';
import { calibrationError, type JudgedText, judge, textOf } from './confidence.ts';
import type { Figure, Report } from './report.ts';
import { type Answered, playSession } from './session-run.ts';
import type { Setting } from './setting.ts';
import { median, p95 } from './statistics.ts';

/** What the user gets. */
const product = 'all drafters (the product)';

/** Speed is compared on every nth session; what is shown is measured on all. */
const speedInterval = 3;

/** Who may guess, by the row of the table. */
const contenders: Readonly<Record<string, readonly string[]>> = {
  'plain decoding': [],
  copy: ['copy'],
  'previous suggestion and deleted text': ['previous', 'removed'],
  'token recycling': ['recycling'],
  [product]: ['copy', 'previous', 'removed', 'recycling'],
};

export async function decoding(setting: Setting, sessions: readonly Session[]): Promise<Report> {
  const names = Object.keys(contenders);
  const engines = new Map(names.map((name) => [name, setting.newEngine(contenders[name])]));
  const answers = new Map(names.map((name) => [name, [] as Answered[]]));
  for (const [i, session] of sessions.entries()) {
    const playing = i % speedInterval === 0 ? names : [product];
    const players = playing.map((name) => ({
      name,
      play: playSession(engines.get(name) as Engine, session),
    }));
    // In step, and each goes first as often as the others: what else the machine does hits all alike.
    for (let round = 0; players.length > 0; round++) {
      for (const { name, play } of [
        ...players.slice(round % players.length),
        ...players.slice(0, round % players.length),
      ]) {
        const next = await play.next();
        if (!next.done) answers.get(name)?.push(next.value);
        else
          players.splice(
            players.findIndex((one) => one.name === name),
            1,
          );
      }
    }
  }
  const plain = answers.get('plain decoding') ?? [];
  const compared = new Set(plain.map(({ session }) => session));
  const figures = names.flatMap((name) => {
    const own = answers.get(name)?.filter(({ session }) => compared.has(session)) ?? [];
    return speed(name, own, plain);
  });
  const all = answers.get(product) ?? [];
  const texts = all.flatMap((answer) => textOf(answer) ?? []);
  return {
    suite: 'decoding',
    conditions: setting.conditions,
    figures: [...figures, ...showing(texts, all.length, calibrationOf(setting.model.metadata.name))],
  };
}

function speed(row: string, answers: readonly Answered[], plain: readonly Answered[]): Figure[] {
  const table = 'guessing ahead';
  const costs = answers.map(({ result }) => result.cost);
  const figure = (column: string, unit: string, value: number, tail?: number): Figure => ({
    key: `decoding.${row}.${column}`,
    label: `${row}: ${column}`,
    unit,
    median: value,
    ...(tail !== undefined && { p95: tail }),
    n: answers.length,
    cell: { table, row, column: tail === undefined ? column : `${column} (p95)` },
  });
  const decodeMs = (all: readonly Answered[]) =>
    sum(all.map(({ result }) => result.cost.stages?.decode ?? 0));
  const nTokens = sum(costs.map((cost) => cost.nTokens));
  const nPlainTokens = sum(plain.map(({ result }) => result.cost.nTokens));
  const perSecond = (1000 * nTokens) / decodeMs(answers);
  const whole = answers.map(({ result }) => result.cost.ms);
  const nPasses = sum(costs.map((cost) => cost.nPasses));
  const same = answers.filter(({ result }, i) => {
    return result.explanation?.generated === plain[i]?.result.explanation?.generated;
  });
  return [
    figure('tokens per second', 'tok/s', perSecond),
    figure('against plain', '×', perSecond / ((1000 * nPlainTokens) / decodeMs(plain))),
    figure('ms to the full suggestion', 'ms', median(whole), p95(whole)),
    figure('tokens per pass', '', nTokens / nPasses),
    figure(
      'guesses that were right, %',
      '%',
      (100 * sum(costs.map((cost) => cost.nRight))) / sum(costs.map((cost) => cost.nGuessed)),
    ),
    figure('same text as plain, %', '%', (100 * same.length) / answers.length),
  ];
}

function showing(
  texts: readonly JudgedText[],
  nAsked: number,
  calibration: Calibration | undefined,
): Figure[] {
  if (!calibration) return []; // a model that nothing was fitted for
  const rows = { 'everything (asked for)': 0, ...thresholds };
  return Object.entries(rows).flatMap(([row, threshold]) => {
    const judged = texts.map((text) => ({ text, shown: judge(text, calibration, threshold) }));
    const shown = judged.flatMap((one) => (one.shown ? [{ ...one, shown: one.shown }] : []));
    const right = shown.filter((one) => one.shown.isRight);
    const perAsked = (values: readonly number[]) => sum(values) / nAsked;
    const figure = (column: string, unit: string, value: number): Figure => ({
      key: `decoding.${row}.${column}`,
      label: `${row}: ${column}`,
      unit,
      median: value,
      n: nAsked,
      cell: { table: 'what is shown while typing, by eagerness', row, column },
    });
    return [
      figure('shown, % of questions', '%', (100 * shown.length) / nAsked),
      figure('of these all right, %', '%', (100 * right.length) / shown.length),
      figure(
        'stated probability, mean %',
        '%',
        (100 * sum(shown.map((one) => one.shown.probability))) / shown.length,
      ),
      figure('characters shown per question', '', perAsked(shown.map((one) => one.shown.nShown))),
      figure(
        'characters right before the first wrong one',
        '',
        perAsked(shown.map(({ text, shown: { nShown } }) => Math.min(nShown, text.nTrue))),
      ),
      figure('characters of wholly right suggestions', '', perAsked(right.map((one) => one.shown.nShown))),
      figure('expected calibration error', '', calibrationError(shown.map((one) => one.shown))),
    ];
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
