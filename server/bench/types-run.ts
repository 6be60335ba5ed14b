/** TypesRun: one loaded model that completes functions from a dot on, with and without a monitor. */

import type { Clock, MaskTrace } from '../src/engine/base/ports.ts';
import { cacheWeights } from '../src/engine/decoding/cache-weights.ts';
import type { Constraint } from '../src/engine/decoding/constraints/constraint.ts';
import { Monitor } from '../src/engine/decoding/constraints/monitor.ts';
import { Remembered } from '../src/engine/decoding/constraints/remembered.ts';
import type { SymbolOracle, TriggerKind } from '../src/engine/decoding/constraints/symbol-oracle.ts';
import { TokenShapes } from '../src/engine/decoding/constraints/token-shapes.ts';
import { decode } from '../src/engine/decoding/decode.ts';
import { CacheSampler } from '../src/engine/decoding/mix.ts';
import { KvArena } from '../src/engine/model/arena.ts';
import { CausalLm } from '../src/engine/model/causal-lm.ts';
import { Sequence } from '../src/engine/model/sequence.ts';
import { BracketScanner } from '../src/engine/syntax/brackets.ts';
import { languageOf } from '../src/engine/syntax/languages.ts';
import { systemClock } from '../src/node/clock.ts';
import { QualityRun } from './quality-run.ts';
import type { Setting } from './setting.ts';
import type { DotCase } from './types-cases.ts';
import { PublishedMonitor } from './types-published.ts';
import { functionEnd } from './types-score.ts';

export const methods = ['no monitor', 'as published', 'ours'] as const;
export type Method = (typeof methods)[number];

export interface Completed {
  /** Cut where the function ends. */
  readonly text: string;
  readonly nTokens: number;
  /** From the first logits to the last token, and how much of that was spent waiting for names. */
  readonly ms: number;
  readonly waitedMs: number;
  readonly masks: readonly MaskTrace[];
}

/** The product's watched kinds (`usualKinds` of engine/completion/types.ts). */
const kinds: readonly TriggerKind[] = [
  'member',
  'import-name',
  'object-key',
  'string-literal',
  'jsx-tag',
  'jsx-attribute',
];

/** As `completion.debounceMs`: who has typed a dot is asked about meanwhile. */
const debounceMs = 30;
/** Enough for most of the functions' rests (at most 500 characters). */
const maxTokens = 96;
const live = new AbortController().signal;

/**
 * The monitor's time runs this much slower, so that its deadlines are met on a machine that does other
 * things too: what it would have been too late for is counted from the real times (types.ts).
 */
const slowness = 50;
const slowClock: Clock = {
  ...systemClock,
  nowMs: () => systemClock.nowMs() / slowness,
  sleep: (ms, signal) => systemClock.sleep(ms * slowness, signal),
};
const exactReuse = { method: 'prefix', nRepairHead: 0, nRepairTail: 0 } as const;

function inRealTime(mask: MaskTrace): MaskTrace {
  const { ms, waitedMs = 0 } = mask;
  return { ...mask, ms: ms * slowness, waitedMs: waitedMs * slowness };
}

export class TypesRun {
  private readonly run: QualityRun;
  private readonly lm: CausalLm;
  private readonly sequence: Sequence;
  private readonly shapes: TokenShapes;
  /** What was asked in requests that are timed, as the product remembers it. */
  private readonly remembered = new Remembered(systemClock);

  constructor(
    private readonly setting: Setting,
    private readonly oracle: SymbolOracle,
  ) {
    this.run = new QualityRun(setting);
    this.lm = new CausalLm(setting.forward, systemClock);
    this.sequence = new Sequence(new KvArena(setting.forward.config, this.run.contextTokens));
    this.shapes = new TokenShapes(setting.tokenizer);
  }

  /** `hasSuffix`: whether the model sees what follows; static analysis always does. */
  async complete(
    one: DotCase,
    method: Method,
    hasSuffix: boolean,
    clock: Clock = slowClock,
  ): Promise<Completed> {
    const { file, before, after, languageId, indent } = one;
    const hole = { file: { name: file.name, neighbours: [] }, before, after: hasSuffix ? after : '' };
    const isTimed = clock === systemClock;
    const constraint = this.constraintOf(one, method, clock);
    if (constraint instanceof Monitor) constraint.prefetch(live);
    if (isTimed) await systemClock.sleep(debounceMs);
    const { logits } = await this.lm.prefill(
      this.sequence,
      this.run.prompt(hole, maxTokens),
      live,
      exactReuse,
    );
    const sampler = new CacheSampler(this.run.cursorCache(hole, false), cacheWeights, this.run.isEnd);
    const bytes: number[] = [];
    let text = '';
    let nTokens = 0;
    let end: number | undefined;
    const startMs = performance.now();
    const options = { logits, maxTokens, isEnd: this.run.isEnd, sampler, signal: live };
    for await (const token of decode(this.lm, this.sequence, {
      ...options,
      ...(constraint && { constraint }),
    })) {
      nTokens++;
      bytes.push(...this.setting.tokenizer.bytesOf(token));
      text = new TextDecoder().decode(Uint8Array.from(bytes));
      end = functionEnd(text, languageId, indent);
      if (end !== undefined) break;
    }
    const ms = performance.now() - startMs;
    const masks = constraint instanceof Monitor ? constraint.masks.map(inRealTime) : [];
    const waitedMs =
      constraint instanceof PublishedMonitor
        ? constraint.waitedMs
        : masks.reduce((sum, mask) => sum + (mask.waitedMs ?? 0), 0);
    return { text: text.slice(0, end).trimEnd(), nTokens, ms, waitedMs, masks };
  }

  /** All of a request in milliseconds, nothing in the cache before, with the product's debounce and deadlines. */
  async requestMs(one: DotCase, method: Method): Promise<number> {
    this.sequence.truncate(0);
    const startMs = performance.now();
    await this.complete(one, method, true, systemClock);
    return performance.now() - startMs;
  }

  private constraintOf(one: DotCase, method: Method, clock: Clock): Constraint | undefined {
    const { uri, languageId, before: textBefore, after: textAfter } = one;
    if (method === 'no monitor') return undefined;
    const place = { uri, languageId, textBefore, textAfter };
    if (method === 'as published') return new PublishedMonitor(this.oracle, this.setting.tokenizer, place);
    const scanner = new BracketScanner(languageOf(languageId)).run(textBefore);
    const remembered = clock === systemClock ? this.remembered : new Remembered(clock);
    const parts = { oracle: this.oracle, shapes: this.shapes, clock, remembered };
    return new Monitor(parts, { ...place, scanner, kinds: new Set(kinds) });
  }
}
