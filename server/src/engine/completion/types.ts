/** Types: what static analysis contributes to suggestions: a monitor while they are written, a check after. */

import type { Clock } from '../base/ports.ts';
import type { Stages } from '../base/stages.ts';
import type { Constraint } from '../decoding/constraints/constraint.ts';
import { Monitor } from '../decoding/constraints/monitor.ts';
import { Remembered } from '../decoding/constraints/remembered.ts';
import type { SymbolOracle, TriggerKind } from '../decoding/constraints/symbol-oracle.ts';
import { TokenShapes } from '../decoding/constraints/token-shapes.ts';
import type { Place, Surroundings } from '../syntax/surroundings.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import type { DocumentChange } from './documents.ts';

/** Kinds of place that are watched unless a request says otherwise. */
const usualKinds: readonly TriggerKind[] = [
  'member',
  'import-name',
  'object-key',
  'string-literal',
  'jsx-tag',
  'jsx-attribute',
];

/** The check after writing waits no longer. */
const checkDeadlineMs = 60;
/** Documents whose own errors are remembered. */
const maxBaselines = 32;
/** What was learned is good for this long: it costs a check of the whole file. */
const baselineTrustMs = 60_000;
/** Quiet before it is learned. */
const baselineDelayMs = 400;

/** Questions asked ahead that may be under way at once: who types faster has moved on. */
const maxForeseen = 3;

/** A suggestion in its place: the document is `before` + text + `after`. */
interface Spot {
  readonly uri: string;
  readonly languageId: string;
  readonly before: string;
  readonly after: string;
}

interface Baseline {
  readonly messages: ReadonlySet<string>;
  readonly atMs: number;
}

/** One per engine. */
export class Types {
  private readonly shapes: TokenShapes;
  /** By document: the messages of the errors that it has by itself. */
  private readonly baselines = new Map<string, Baseline>();
  private readonly remembered: Remembered;
  private learning: AbortController | undefined;
  /** Questions asked ahead, the last ones. */
  private foreseen: AbortController[] = [];

  constructor(
    private readonly oracle: SymbolOracle,
    private readonly clock: Clock,
    tokenizer: Tokenizer,
  ) {
    this.shapes = new TokenShapes(tokenizer);
    this.remembered = new Remembered(clock);
  }

  /** `before` and `after` the change; either is undefined where the document was or is not open. */
  edit(
    change: DocumentChange,
    before: DocumentSnapshot | undefined,
    after: DocumentSnapshot | undefined,
  ): void {
    const { uri } = change;
    if (!after) {
      this.baselines.delete(uri);
      this.remembered.forget(uri);
    }
    // What the change says of its own document is seen by comparing texts, what of others by nobody.
    if (before?.text !== after?.text) this.remembered.forgetOthers(uri);
    const { languageId, version } = after ?? before ?? {};
    if (languageId === undefined || version === undefined) return;
    this.oracle.edit({ uri, languageId, version, text: after?.text });
  }

  /** Who watches what is written at `place`; undefined where nobody can. */
  monitorAt(
    uri: string,
    place: Place & { readonly surroundings: Surroundings },
    kinds: readonly TriggerKind[] = usualKinds,
  ): Monitor | undefined {
    const { languageId, textBefore, textAfter, surroundings } = place;
    if (kinds.length === 0 || !this.oracle.serves(languageId)) return undefined;
    const { oracle, shapes, clock, remembered } = this;
    return new Monitor(
      { oracle, shapes, clock, remembered },
      { uri, languageId, textBefore, textAfter, scanner: surroundings.scanner, kinds: new Set(kinds) },
    );
  }

  /**
   * Asks about the cursor's own place before the model's turn has come: while the editor is waited for,
   * nobody waits for the answer. What is asked goes on when the next key only begins the name.
   */
  foresee(
    uri: string,
    place: Place & { readonly surroundings: Surroundings },
    kinds: readonly TriggerKind[] = usualKinds,
  ): void {
    const next = new AbortController();
    const monitor = this.monitorAt(uri, place, kinds);
    monitor?.prefetch(next.signal);
    if (!monitor || monitor.masks.length === 0) return; // nothing to ask, or it is under way
    this.foreseen.push(next);
    if (this.foreseen.length > maxForeseen) this.foreseen.shift()?.abort(superseded);
  }

  /**
   * The offset in `text` of the first error that it brings into the document, and what it is.
   * Undefined: there is none, or nobody knew in time. Rejects with the signal's reason.
   */
  async firstError(
    { uri, languageId, before, after }: Spot,
    text: string,
    signal: AbortSignal,
  ): Promise<{ offset: number; message: string } | undefined> {
    const baseline = this.baselines.get(uri);
    if (!baseline || !this.oracle.serves(languageId)) return undefined;
    const start = before.length;
    const query = { uri, languageId, text: before + text + after, start, endExclusive: start + text.length };
    const end = new AbortController();
    const onAbort = () => end.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const found = await Promise.race([
      this.oracle.diagnostics(query, end.signal).catch(() => undefined),
      this.clock.sleep(checkDeadlineMs, end.signal).then(
        () => undefined,
        () => undefined,
      ),
    ]);
    signal.removeEventListener('abort', onAbort);
    end.abort(new Error('the check came too late'));
    signal.throwIfAborted();
    const fresh = (found ?? [])
      .filter(({ message }) => !baseline.messages.has(message))
      .sort((a, b) => a.start - b.start)[0];
    return fresh && { offset: Math.max(0, fresh.start - start), message: fresh.message };
  }

  /**
   * Once it is quiet: which errors the document has by itself, so that none of them is blamed on a
   * suggestion. Given up when it is called again.
   */
  async learnBaseline({
    uri,
    languageId,
    text,
  }: Pick<DocumentSnapshot, 'uri' | 'languageId' | 'text'>): Promise<void> {
    this.learning?.abort(superseded);
    const known = this.baselines.get(uri);
    const isFresh = known && this.clock.nowMs() - known.atMs < baselineTrustMs;
    if (isFresh || !this.oracle.serves(languageId)) return;
    this.learning = new AbortController();
    const { signal } = this.learning;
    try {
      await this.clock.sleep(baselineDelayMs, signal);
      const query = { uri, languageId, text, start: 0, endExclusive: text.length };
      const found = await this.oracle.diagnostics(query, signal);
      if (!found) return;
      const messages = new Set(found.map(({ message }) => message));
      this.baselines.delete(uri);
      this.baselines.set(uri, { messages, atMs: this.clock.nowMs() });
      const [oldest] = this.baselines.keys();
      if (this.baselines.size > maxBaselines && oldest !== undefined) this.baselines.delete(oldest);
    } catch {
      // Given up; the next suggestion tries again.
    }
  }

  dispose(): Promise<void> {
    this.learning?.abort(superseded);
    for (const one of this.foreseen) one.abort(superseded);
    return this.oracle.dispose();
  }
}

const superseded = new Error('something newer is to be learned');

/** `constraint`, with the time spent waiting for it told to `stages`. */
export function timed(constraint: Constraint, stages: Stages): Constraint {
  return {
    prepare(likely, signal) {
      const waiting = constraint.prepare(likely, signal);
      if (!waiting) return undefined;
      const stage = stages.enter('oracle');
      return waiting.finally(() => stages.enter(stage));
    },
    bias: (token) => constraint.bias(token),
    accept: (token) => constraint.accept(token),
  };
}
