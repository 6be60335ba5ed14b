/** replay: typing sessions from real commits, with edit reuse and with exact prefix reuse. */

import { pathToFileURL } from 'node:url';
import type { SessionEvent } from '../../protocol/session.ts';
import type { CompletionResult, Engine } from '../src/engine/engine.ts';
import type { Figure, Report } from './report.ts';
import { readSessions } from './sessions.ts';
import type { Setting } from './setting.ts';
import { mean, median, p95 } from './statistics.ts';

interface Answer {
  readonly isJump: boolean;
  readonly truth: string;
  readonly result: CompletionResult;
}

const live = new AbortController().signal;

export async function replay(setting: Setting, files: readonly string[] = []): Promise<Report> {
  const sessions = await readSessions(files);
  const moved: Answer[] = [];
  const exact: Answer[] = [];
  for (const session of sessions.slice(0, setting.nRound)) {
    moved.push(...(await play(setting.newEngine(), session, true)));
    exact.push(...(await play(setting.newEngine(), session, false)));
  }
  const figures = [
    ...compare('all', 'all questions', moved, exact, () => true),
    ...compare('jump', 'first question after a jump to another change', moved, exact, ({ isJump }) => isJump),
    ...compare('typing', 'further questions while typing', moved, exact, ({ isJump }) => !isJump),
  ];
  return { suite: 'replay', conditions: setting.conditions, figures };
}

/** Plays a session as fast as the engine answers: nobody pauses, so nothing is healed in between. */
async function play(engine: Engine, session: readonly SessionEvent[], editReuse: boolean): Promise<Answer[]> {
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
      const settings = {
        maxLines: 1,
        maxTokens: 24,
        contextTokens: 0,
        debounceMs: 0,
        maxFileSizeKb: 4096,
        editReuse,
      };
      const request = { uri, version, offset: event.offset, trigger: 'invoked', settings } as const;
      const { isJump, truth } = event;
      answers.push({ isJump, truth, result: await engine.complete(request, live) });
    }
  }
  return answers;
}

const textOf = ({ result }: Answer) => result.suggestion?.text ?? '';

function compare(
  key: string,
  label: string,
  moved: readonly Answer[],
  exact: readonly Answer[],
  isMeant: (answer: Answer) => boolean,
): Figure[] {
  // A question that was answered from the suggestion on screen, or from an earlier one, cost nothing in either way.
  const pairs = moved.flatMap((answer, i) => {
    const other = exact[i] as Answer;
    const isAsked = [answer, other].every(({ result }) => !/^(reused|cached)$/.test(result.outcome));
    return isMeant(answer) && isAsked ? [{ moved: answer, exact: other }] : [];
  });
  const percent = (values: readonly boolean[]) => values.map((value) => (value ? 100 : 0));
  const methods = [
    ['edit reuse', pairs.map((pair) => pair.moved)],
    ['prefix reuse', pairs.map((pair) => pair.exact)],
  ] as const;
  return methods.flatMap(([row, answers]) => {
    const figure = (what: string, unit: string, values: readonly number[], isTime = false): Figure => ({
      key: `replay.${key}.${row}.${what}`,
      label: `${label}, ${row}: ${what}`,
      unit,
      median: isTime ? median(values) : mean(values),
      ...(isTime && { p95: p95(values) }),
      n: values.length,
      cell: { table: label, row, column: `${what}, ${unit}${isTime ? ' (p95)' : ''}` },
    });
    const costs = answers.map(({ result }) => result.cost);
    const firstMs = costs.map(({ firstTokenMs }) => firstTokenMs);
    const isSame = answers.map(
      (answer, i) => textOf(answer) === textOf((pairs[i] as (typeof pairs)[0]).exact),
    );
    return [
      figure('time to first token', 'ms', firstMs, true),
      figure(
        'tokens computed',
        'tokens',
        costs.map(({ nNew }) => nNew),
      ),
      figure('rest of the line exactly true', '%', percent(answers.map((a) => textOf(a) === a.truth))),
      figure('same suggestion as prefix reuse', '%', percent(isSame)),
      figure('answered from exact rows', '%', percent(costs.map(({ rows }) => rows === 'exact'))),
    ];
  });
}
