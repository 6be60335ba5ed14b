/** filters: wrong edits that reach the user, and right ones that do not, where a model says too much. */

// The same thirteen raw outputs and made-up code are what other tools' filters were measured with
// (docs/benchmarks.md says how these did; nothing of theirs is here).

import { trim } from '../src/engine/completion/trim.ts';
import { filterCases } from '../src/engine/testing/filter-cases.ts';
import { codeStyles, writtenCode } from '../src/engine/testing/written-code.ts';
import { type FilterQuestion, judgeEdit, questionOf, type Verdict, verdicts } from './filter-judge.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';

/** Generated questions of each style of indentation. */
const nPerStyle = 2000;

export async function filters(setting: Setting): Promise<Report> {
  const figures = judge('thirteen raw outputs, two of them in two forms', 'all', filterCases.map(questionOf));
  for (const [style, unit, eol] of codeStyles) {
    figures.push(...judge('made-up code, by indentation', style, [...writtenCode(unit, eol, nPerStyle)]));
  }
  return { suite: 'filters', conditions: setting.conditions, figures };
}

function judge(table: string, row: string, questions: readonly FilterQuestion[]): Figure[] {
  const counts = Object.fromEntries(verdicts.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  for (const question of questions) counts[judgeEdit(question, trim(question))]++;
  const columns: readonly (readonly [string, number])[] = [
    ['as wanted', counts.right],
    ['right, but shorter', counts.shorter],
    ['a right one dropped', counts.nothing],
    ['a wrong edit', counts.wrong],
  ];
  return columns.map(([column, count]) => ({
    key: `filters.${table}.${row}.${column}`,
    label: `${table}, ${row}: ${column}`,
    unit: '',
    median: count,
    n: questions.length,
    cell: { table, row, column },
  }));
}
