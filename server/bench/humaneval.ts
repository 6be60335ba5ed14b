/** humaneval: HumanEval infilling, single-line and multi-line; a filling passes when the task's tests run through. */

// Bavarian et al. 2022, section 4 (https://arxiv.org/abs/2207.14255); the data is openai/human-eval-infilling
// (MIT), which is not in this repository: --humaneval names the folder of its *.jsonl.gz files. One
// greedy sample per task (pass@1), a fixed random choice of tasks. Our deviation: the line break that
// ends a filling stands behind the hole, as it does behind a cursor, so that one line is a whole filling.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import { difference, estimate, type Sample } from './bootstrap.ts';
import { openSandbox, runPython, type Sandbox } from './python-sandbox.ts';
import { QualityRun } from './quality-run.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';

interface Task {
  readonly task_id: string;
  readonly entry_point: string;
  readonly prompt: string;
  readonly suffix: string;
  readonly canonical_solution: string;
  readonly test: string;
}

const sets = ['SingleLine', 'MultiLine'] as const;
/** `nothing` leaves the hole empty: what tests let through that nobody wrote. */
const fillers = ['nothing', 'cache', 'network', 'network + cache'] as const;
type Filler = (typeof fillers)[number];

/** True fillings that are run first: if they do not pass, the sandbox is broken and no figure means anything. */
const nCheck = 10;

export async function humaneval(
  setting: Setting,
  folder: string | undefined,
  nCase: number,
): Promise<Report> {
  if (folder === undefined)
    throw new Error('--humaneval FOLDER names the folder of HumanEval-*Infilling.jsonl.gz.');
  const sandbox = openSandbox();
  const run = new QualityRun(setting);
  const figures: Figure[] = [];
  for (const set of sets) {
    const tasks = await readTasks(folder, set, nCase);
    await checkSandbox(sandbox, tasks);
    figures.push(...(await passRates(run, sandbox, set, tasks)));
  }
  return { suite: 'humaneval', conditions: setting.conditions, figures };
}

/** `n` tasks in a fixed random order. */
async function readTasks(folder: string, set: string, n: number): Promise<Task[]> {
  const path = join(folder, `HumanEval-${set}Infilling.jsonl.gz`);
  if (!existsSync(path))
    throw new Error(`There is no ${path}; it comes from github.com/openai/human-eval-infilling.`);
  const lines = gunzipSync(await readFile(path))
    .toString('utf8')
    .split('\n');
  const random = seededRandom(5);
  const keyed = lines
    .filter((line) => line !== '')
    .map((line) => ({ task: endedOutside(JSON.parse(line) as Task), key: random() }));
  return keyed
    .sort((a, b) => a.key - b.key)
    .slice(0, n)
    .map(({ task }) => task);
}

function endedOutside(task: Task): Task {
  const { canonical_solution: solution, suffix } = task;
  if (!solution.endsWith('\n')) return task;
  return { ...task, canonical_solution: solution.slice(0, -1), suffix: `\n${suffix}` };
}

async function checkSandbox(sandbox: Sandbox, tasks: readonly Task[]): Promise<void> {
  for (const task of tasks.slice(0, nCheck)) {
    const outcome = await runPython(sandbox, programOf(task, task.canonical_solution));
    if (outcome !== 'passed')
      throw new Error(`${task.task_id}: the true solution ${outcome}; the sandbox does not work here.`);
  }
}

async function passRates(
  run: QualityRun,
  sandbox: Sandbox,
  set: string,
  tasks: readonly Task[],
): Promise<Figure[]> {
  const samples = () =>
    Object.fromEntries(fillers.map((one) => [one, []])) as unknown as Record<Filler, Sample[]>;
  const passed = samples();
  const exact = samples();
  for (const task of tasks) {
    const hole = { file: { name: 'solution.py', neighbours: [] }, before: task.prompt, after: task.suffix };
    // A line's filling ends with the line; a block's where the model ends it, or at the token limit.
    const isDone = (text: string) => set === 'SingleLine' && text.includes('\n');
    const cut = (text: string) => (set === 'SingleLine' ? (text.split('\n')[0] as string) : text);
    const outcomes = new Map<string, boolean>(); // several often write the same
    for (const filler of fillers) {
      const text = filler === 'nothing' ? '' : (await run.fill(hole, filler, isDone)).text;
      const isPassed =
        outcomes.get(cut(text)) ?? (await runPython(sandbox, programOf(task, cut(text)))) === 'passed';
      outcomes.set(cut(text), isPassed);
      const cluster = task.entry_point;
      passed[filler].push({ cluster, sum: isPassed ? 100 : 0, weight: 1 });
      const isExact = cut(text).trimEnd() === task.canonical_solution.trimEnd();
      exact[filler].push({ cluster, sum: isExact ? 100 : 0, weight: 1 });
    }
  }
  const figure = (key: string, samples: readonly Sample[]): Figure => {
    const { mean: median, interval } = estimate(samples);
    return {
      key: `humaneval.${set}.${key}`,
      label: `${set}, ${key}`,
      unit: '%',
      median,
      interval,
      n: samples.length,
    };
  };
  const gain = difference(passed.network, passed['network + cache']);
  return [
    ...fillers.flatMap((filler) => [
      figure(`${filler}: pass@1`, passed[filler]),
      figure(`${filler}: exact match`, exact[filler]),
    ]),
    figure('gain of the cache: pass@1', gain),
  ];
}

function programOf({ prompt, suffix, test, entry_point }: Task, middle: string): string {
  return `${prompt}${middle}${suffix}\n${test}\ncheck(${entry_point})\n`;
}
