/** replay: typing sessions, with edit reuse and with exact prefix reuse, or under another model or setting. */

import { pathToFileURL } from 'node:url';
import type { SessionEvent } from '../../protocol/session.ts';
import type { CompletionResult, CompletionSettings } from '../src/engine/engine.ts';
import type { Against } from './against.ts';
import { estimate, medianInterval } from './bootstrap.ts';
import type { Figure, Report } from './report.ts';
import { readSessions } from './sessions.ts';
import { openSetting, type Setting, type SettingOptions } from './setting.ts';
import { mean, median, p95 } from './statistics.ts';

interface Answer {
  readonly session: string;
  readonly isJump: boolean;
  readonly truth: string;
  readonly result: CompletionResult;
}

/** One of the two ways to answer that are compared. */
interface Way {
  /** In the tables. */
  readonly row: string;
  readonly setting: Setting;
  readonly completion: CompletionSettings;
}

const live = new AbortController().signal;

const completion: CompletionSettings = {
  maxLines: 1,
  maxTokens: 24,
  contextTokens: 0,
  debounceMs: 0,
  maxFileSizeKb: 4096,
  editReuse: true,
};

/** `options` are what `setting` was opened with: what `against` does not name stays as it is there. */
export async function replay(
  setting: Setting,
  files: readonly string[] = [],
  other?: { readonly against: Against; readonly options: SettingOptions },
): Promise<Report> {
  const sessions = await readSessions(files);
  if (!other) {
    const ways = [
      { row: 'edit reuse', setting, completion },
      { row: 'prefix reuse', setting, completion: { ...completion, editReuse: false } },
    ] as const;
    return { suite: 'replay', conditions: setting.conditions, figures: await figuresOf(ways, sessions) };
  }
  const { against, options } = other;
  const isOther = Object.keys(against.options).length > 0;
  const theirs = isOther ? await openSetting({ ...options, ...against.options }) : setting;
  const ways = [
    { row: 'as given', setting, completion },
    { row: against.label, setting: theirs, completion: { ...completion, ...against.completion } },
  ] as const;
  try {
    const figures = await figuresOf(ways, sessions);
    return { suite: `replay against ${against.label}`, conditions: setting.conditions, figures };
  } finally {
    if (isOther) await theirs.close();
  }
}

async function figuresOf(ways: readonly [Way, Way], sessions: readonly SessionEvent[][]): Promise<Figure[]> {
  const answers: [Answer[], Answer[]] = [[], []];
  for (const [i, session] of sessions.slice(0, ways[0].setting.nRound).entries()) {
    // They take turns at being first.
    for (const nth of i % 2 ? ([1, 0] as const) : ([0, 1] as const)) {
      answers[nth].push(...(await play(ways[nth], session, String(i))));
    }
  }
  const rows = [ways[0].row, ways[1].row] as const;
  return [
    ...compare('all', 'all questions', rows, answers, () => true),
    ...compare('jump', 'first question after a jump to another change', rows, answers, (one) => one.isJump),
    ...compare('typing', 'further questions while typing', rows, answers, (one) => !one.isJump),
  ];
}

/** Plays a session as fast as the engine answers: nobody pauses, so nothing is healed in between. */
async function play(way: Way, session: readonly SessionEvent[], name: string): Promise<Answer[]> {
  const engine = way.setting.newEngine();
  const answers: Answer[] = [];
  let uri = '';
  let version = 1;
  for (const event of session) {
    if (event.kind === 'open') {
      uri = pathToFileURL(`/repository/${event.name}`).href;
      engine.edit({ kind: 'open', uri, languageId: event.languageId, version, text: event.text });
    } else if (event.kind === 'edit') {
      version++;
      engine.edit({ kind: 'change', uri, version, edits: [event] });
    } else {
      const { offset, isJump, truth } = event;
      const request = { uri, version, offset, trigger: 'invoked', settings: way.completion } as const;
      answers.push({ session: name, isJump, truth, result: await engine.complete(request, live) });
    }
  }
  return answers;
}

const textOf = ({ result }: Answer) => result.suggestion?.text ?? '';

function compare(
  key: string,
  label: string,
  rows: readonly [string, string],
  [first, second]: readonly [readonly Answer[], readonly Answer[]],
  isMeant: (answer: Answer) => boolean,
): Figure[] {
  // A question that was answered from the suggestion on screen, or from an earlier one, cost nothing in either way.
  const pairs = first.flatMap((answer, i) => {
    const other = second[i] as Answer;
    const isAsked = [answer, other].every(({ result }) => !/^(reused|cached)$/.test(result.outcome));
    return isMeant(answer) && isAsked ? [[answer, other] as const] : [];
  });
  return [
    ...rows.flatMap((row, nth) => cells({ key, label, row, than: rows[1] }, pairs, nth as 0 | 1)),
    ...(pairs.length > 0 ? differences(key, label, rows, pairs) : []),
  ];
}

type Pairs = readonly (readonly [Answer, Answer])[];

const percent = (isTrue: boolean) => (isTrue ? 100 : 0);
const isExact = (answer: Answer) => textOf(answer) === answer.truth;
const firstTokenMs = ({ result }: Answer) => result.cost.firstTokenMs;

/** What one way did, in a row of a table. */
function cells(
  { key, label, row, than }: Readonly<Record<'key' | 'label' | 'row' | 'than', string>>,
  pairs: Pairs,
  nth: 0 | 1,
): Figure[] {
  const figure = (what: string, unit: string, of: (pair: Pairs[0]) => number, isTime = false): Figure => {
    const values = pairs.map(of);
    return {
      key: `replay.${key}.${row}.${what}`,
      label: `${label}, ${row}: ${what}`,
      unit,
      median: isTime ? median(values) : mean(values),
      ...(isTime && { p95: p95(values) }),
      n: values.length,
      cell: { table: label, row, column: `${what}, ${unit}${isTime ? ' (p95)' : ''}` },
    };
  };
  return [
    figure('time to first token', 'ms', (pair) => firstTokenMs(pair[nth]), true),
    figure('tokens computed', 'tokens', (pair) => pair[nth].result.cost.nNew),
    figure('rest of the line exactly true', '%', (pair) => percent(isExact(pair[nth]))),
    figure(`same suggestion as ${than}`, '%', (pair) => percent(textOf(pair[nth]) === textOf(pair[1]))),
    figure('answered from exact rows', '%', (pair) => percent(pair[nth].result.cost.rows === 'exact')),
  ];
}

/** The second way minus the first, question by question. */
function differences(key: string, label: string, rows: readonly [string, string], pairs: Pairs): Figure[] {
  const times = pairs.map(([a, b]) => firstTokenMs(b) - firstTokenMs(a));
  const exact = estimate(
    pairs.map(([a, b]) => ({
      cluster: a.session,
      sum: percent(isExact(b)) - percent(isExact(a)),
      weight: 1,
    })),
  );
  const of = `${label}: ${rows[1]} minus ${rows[0]}`;
  const n = pairs.length;
  return [
    {
      key: `replay.${key}.difference.time to first token`,
      label: `${of}, time to first token`,
      unit: 'ms',
      median: median(times),
      interval: medianInterval(times),
      n,
    },
    {
      key: `replay.${key}.difference.rest of the line exactly true`,
      label: `${of}, rest of the line exactly true`,
      unit: 'points',
      median: exact.mean,
      interval: exact.interval,
      n,
    },
  ];
}
