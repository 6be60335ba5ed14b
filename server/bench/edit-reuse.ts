/** edit-reuse: time and quality of a suggestion after an edit above the cursor, all methods side by side. */

// The tasks of He et al. 2024, section 4.1 (https://arxiv.org/abs/2407.03157): insertion, deletion,
// edits in several places, then the hard cases that a critic would ask for: a renamed symbol. The
// text after the edit is always the real file, so that the true next line is known.

import { greedy } from '../src/engine/decoding/sampler.ts';
import { KvArena } from '../src/engine/model/arena.ts';
import { CausalLm } from '../src/engine/model/causal-lm.ts';
import type { ReuseMethod, ReuseOptions } from '../src/engine/model/reuse.ts';
import { Sequence } from '../src/engine/model/sequence.ts';
import { fimFormatOf, joinFim, nFimOverhead } from '../src/engine/prompt/fim.ts';
import { systemClock } from '../src/node/clock.ts';
import { type EditCase, editCases, editKinds } from './edit-cases.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';
import { editSimilarity, klDivergence, mean, median, p95 } from './statistics.ts';

const live = new AbortController().signal;

/** A way to prepare the cache. */
interface Contender {
  readonly name: string;
  readonly reuse: ReuseOptions;
  /** Moves keys without rotating them: the paper's "conflict fast encoding". */
  readonly isUnrotated?: boolean;
  /** Heals everything before the answer, as a pause of the user does. */
  readonly isHealed?: boolean;
}

const plain = (method: ReuseMethod, nRepairHead = 0, nRepairTail = 0): ReuseOptions => ({
  method,
  nRepairHead,
  nRepairTail,
});

const contenders: readonly Contender[] = [
  { name: 'full recompute', reuse: plain('none') },
  { name: 'prefix reuse', reuse: plain('prefix') },
  { name: 'deletion reuse (llama.cpp)', reuse: plain('deletion') },
  { name: 'moved, not rotated', reuse: plain('edit'), isUnrotated: true },
  { name: 'edit reuse', reuse: plain('edit') },
  { name: 'edit reuse, head 16', reuse: plain('edit', 16) },
  { name: 'edit reuse, tail 16', reuse: plain('edit', 0, 16) },
  { name: 'edit reuse, head 16, tail 16', reuse: plain('edit', 16, 16) },
  { name: 'edit reuse, head 32, tail 32', reuse: plain('edit', 32, 32) },
  { name: 'edit reuse, healed', reuse: plain('edit'), isHealed: true },
];

/** The most tokens of the next line that are compared. */
const maxLineTokens = 24;

interface Outcome {
  readonly ms: number;
  readonly nRun: number;
  readonly line: string;
  readonly logits: Float32Array;
}

export async function editReuse(setting: Setting): Promise<Report> {
  const { forward, tokenizer, model, nRound } = setting;
  const fim = fimFormatOf(model.metadata, tokenizer);
  const nMax = Math.min(
    model.metadata.contextTokens ?? forward.config.maxPositions,
    forward.config.maxPositions,
  );
  const figures: Figure[] = [];
  for (const nPrompt of [512, 2048].map((n) => Math.min(n, nMax - maxLineTokens)).filter(isFirst)) {
    for (const kind of editKinds) {
      const cases = editCases(setting.files, kind, nRound);
      const outcomes = contenders.map((): Outcome[] => []);
      for (const editCase of cases) {
        const [before, after] = [editCase.textBefore, editCase.textAfter].map((text) => {
          const all = tokenizer.encode(text);
          const prefix = all.subarray(Math.max(0, all.length - (nPrompt - nFimOverhead)));
          return joinFim(fim, { path: new Int32Array(0), prefix, suffix: new Int32Array(0) });
        }) as [Int32Array, Int32Array];
        for (const [i, contender] of contenders.entries()) {
          outcomes[i]?.push(await attempt(setting, contender, before, after, fim.ends));
        }
      }
      figures.push(...compare(`${kind}-${nPrompt}`, `${kind}, ${nPrompt} tokens`, cases, outcomes));
    }
  }
  return { suite: 'edit-reuse', conditions: setting.conditions, figures };
}

const isFirst = (value: number, i: number, all: readonly number[]) => all.indexOf(value) === i;

/** Fills a cache with the prompt before the edit, then times the one after it, then decodes a line. */
async function attempt(
  { forward, tokenizer }: Setting,
  { reuse, isUnrotated, isHealed }: Contender,
  before: Int32Array,
  after: Int32Array,
  ends: ReadonlySet<number>,
): Promise<Outcome> {
  const lm = new CausalLm(forward, systemClock);
  const { config } = forward;
  // Frequencies divided by a huge factor rotate by nothing: keys are moved as they are.
  const shape = isUnrotated ? { ...config, ropeScaling: { kind: 'linear', factor: 1e30 } as const } : config;
  const sequence = new Sequence(new KvArena(shape, Math.max(before.length, after.length) + maxLineTokens));
  await lm.prefill(sequence, before, live, plain('none'));
  if (isHealed) {
    await lm.prefill(sequence, after, live, reuse);
    while (await lm.heal(sequence, live));
  }
  const startMs = performance.now();
  const { logits, alignment } = await lm.prefill(sequence, after, live, reuse);
  const ms = performance.now() - startMs;
  const first = logits.slice();

  const tokens: number[] = [];
  let token = greedy(logits);
  let line = '';
  while (tokens.length < maxLineTokens && !ends.has(token) && !line.includes('\n')) {
    tokens.push(token);
    line = new TextDecoder().decode(Uint8Array.from(tokens.flatMap((id) => [...tokenizer.bytesOf(id)])));
    token = greedy(await lm.step(sequence, token, live));
  }
  return { ms, nRun: alignment.nNew, line: (line.split('\n')[0] ?? '').trim(), logits: first };
}

function compare(
  key: string,
  label: string,
  cases: readonly EditCase[],
  outcomes: readonly (readonly Outcome[])[],
): Figure[] {
  const full = outcomes[0] as readonly Outcome[];
  return contenders.flatMap(({ name }, i) => {
    const own = outcomes[i] as readonly Outcome[];
    const add = (what: string, unit: string, values: readonly number[], isTime = false): Figure => ({
      key: `edit-reuse.${key}.${name}.${what}`,
      label: `${label}, ${name}: ${what}`,
      unit,
      median: isTime ? median(values) : mean(values),
      ...(isTime && { p95: p95(values) }),
      n: values.length,
      cell: { table: label, row: name, column: `${what}, ${unit}${isTime ? ' (p95)' : ''}` },
    });
    const percent = (values: readonly boolean[]) => values.map((value) => (value ? 100 : 0));
    return [
      add(
        'time to first token',
        'ms',
        own.map(({ ms }) => ms),
        true,
      ),
      add(
        'tokens computed',
        'tokens',
        own.map(({ nRun }) => nRun),
      ),
      add('same line as full recompute', '%', percent(own.map(({ line }, j) => line === full[j]?.line))),
      add('line exactly true', '%', percent(own.map(({ line }, j) => line === cases[j]?.nextLine))),
      add(
        'edit similarity to truth',
        '%',
        own.map(({ line }, j) => 100 * editSimilarity(line, cases[j]?.nextLine ?? '')),
      ),
      add(
        'KL from full recompute',
        'nats',
        own.map(({ logits }, j) => klDivergence((full[j] as Outcome).logits, logits)),
      ),
    ];
  });
}
