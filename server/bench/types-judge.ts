/** judge: what one completed function is worth: measures, errors it brings, and whether the check would drop it. */

import type { MaskTrace } from '../src/engine/base/ports.ts';
import type { Diagnostic, SymbolOracle } from '../src/engine/decoding/constraints/symbol-oracle.ts';
import type { DotCase } from './types-cases.ts';
import type { Completed, Method } from './types-run.ts';
import { firstStatement, type Scores, scoresOf, tokensOf } from './types-score.ts';

export interface Outcome {
  readonly scores: Scores;
  readonly isStatementFine: boolean;
  readonly isFunctionFine: boolean;
}

export interface Judged extends Outcome {
  readonly uri: string;
  readonly method: Method;
  readonly hasSuffix: boolean;
  readonly completed: Completed;
  /** The product's check would have found the error in time and not shown it. */
  readonly isDropped: boolean;
  readonly checkMs: number;
  /** What the oracle says of the true name at the case's own dot. */
  readonly place: 'hit' | 'unknown' | 'missed' | 'harmful';
}

/** `checkDeadlineMs` of engine/completion/types.ts. */
const checkDeadlineMs = 60;
const live = new AbortController().signal;

interface Candidate {
  readonly method: Method;
  readonly hasSuffix: boolean;
  readonly completed: Completed;
  readonly baseline: readonly Diagnostic[] | undefined;
}

export async function judge(oracle: SymbolOracle, one: DotCase, candidate: Candidate): Promise<Judged> {
  const { method, hasSuffix, completed, baseline } = candidate;
  const { uri, languageId, before, truth, after } = one;
  const errors = async (middle: string) => {
    const text = before + middle;
    const range = { start: 0, endExclusive: text.length };
    const startMs = performance.now();
    const found = await oracle.diagnostics({ uri, languageId, text, ...range }, live);
    return { isFine: newErrors(found, baseline).length === 0, ms: performance.now() - startMs };
  };
  const statement = await errors(
    firstStatement(completed.text) + truth.slice(firstStatement(truth).length) + after,
  );
  const whole = await errors(completed.text + after);
  const isFirst = method === 'ours' && hasSuffix;
  return {
    uri,
    method,
    hasSuffix,
    completed,
    scores: scoresOf(completed.text, truth, languageId),
    isStatementFine: statement.isFine,
    isFunctionFine: whole.isFine,
    isDropped: !statement.isFine && statement.ms <= checkDeadlineMs,
    checkMs: statement.ms,
    place: isFirst ? await placeOf(oracle, one) : 'unknown',
  };
}

async function placeOf(oracle: SymbolOracle, one: DotCase): Promise<Judged['place']> {
  const { uri, languageId, before, truth, after } = one;
  const query = { kind: 'member', uri, languageId, text: before + after, offset: before.length } as const;
  const set = await oracle.symbols(query, live);
  if (!set) return 'unknown';
  if (set.names.includes(tokensOf(truth, languageId)[0] ?? '')) return 'hit';
  return set.isClosed ? 'harmful' : 'missed';
}

/** Messages that the real file has less often, if at all; nobody knows: none. */
export function newErrors(
  found: readonly Diagnostic[] | undefined,
  baseline: readonly Diagnostic[] | undefined,
): string[] {
  const known = new Map<string, number>();
  for (const { message } of baseline ?? []) known.set(message, (known.get(message) ?? 0) + 1);
  return (found ?? []).flatMap(({ message }) => {
    const n = known.get(message) ?? 0;
    known.set(message, n - 1);
    return n > 0 ? [] : [message];
  });
}

/** By kind of place: how often it was asked, answered, and how many tokens were refused per question. */
export function kindsAsked(masks: readonly MaskTrace[]) {
  return [...new Set(masks.map(({ kind }) => kind))].map((kind) => {
    const own = masks.filter((mask) => mask.kind === kind);
    const nRejected = own.reduce((sum, mask) => sum + mask.nRejected, 0) / own.length;
    return { kind, n: own.length, nNames: own.filter((mask) => mask.nNames > 0).length, nRejected };
  });
}
