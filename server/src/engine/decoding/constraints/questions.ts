/** Questions: asks the oracle on behalf of one suggestion, within a deadline and a budget, and keeps the record. */

import type { Clock, MaskTrace } from '../../base/ports.ts';
import type { SymbolOracle, SymbolQuery, SymbolSet, TriggerKind } from './symbol-oracle.ts';

/** A question that takes longer is given up: 30 to 50 ms is what a suggestion can bear. */
const deadlineMs = 40;
/** Waiting in one suggestion, all together: a suggestion is to be there within 150 ms of the key. */
const maxWaitMs = 60;
/** In one suggestion: 64 tokens of code hold some 10 names. */
const maxQuestions = 48;

/** Where the text is written. */
export interface QuestionPlace {
  readonly uri: string;
  readonly languageId: string;
  readonly textAfter: string;
}

/** A question and, as soon as it is there, its answer. */
export interface Question {
  state: 'asked' | 'answered' | 'late';
  set: SymbolSet | undefined;
  /** Its line in the trace. */
  readonly mask: { -readonly [K in keyof MaskTrace]: MaskTrace[K] };
  /** Resolves when it is answered; never rejects. */
  readonly answered: Promise<void>;
}

export class Questions {
  /** What was asked, in order. */
  readonly masks: MaskTrace[] = [];
  private waitedMs = 0;

  constructor(
    private readonly oracle: Pick<SymbolOracle, 'symbols'>,
    private readonly clock: Clock,
    private readonly place: QuestionPlace,
  ) {}

  /** Whether nothing more is asked or waited for in this suggestion. */
  get isSpent(): boolean {
    return this.masks.length >= maxQuestions || this.waitedMs >= maxWaitMs;
  }

  /** Asks what may stand at `offset` of `before` + what follows the cursor; does not wait. */
  ask(kind: TriggerKind, before: string, offset: number, signal: AbortSignal): Question {
    const { uri, languageId, textAfter } = this.place;
    const query: SymbolQuery = { kind, uri, languageId, text: before + textAfter, offset };
    const mask: Question['mask'] = { kind, receiver: '', isClosed: false, nNames: 0, nRejected: 0, ms: 0 };
    this.masks.push(mask);
    const startMs = this.clock.nowMs();
    const take = (set: SymbolSet | undefined) => {
      mask.ms = this.clock.nowMs() - startMs;
      if (question.state === 'late') return;
      question.state = 'answered';
      question.set = set;
      if (set) {
        const { receiver = '', isClosed, names } = set;
        Object.assign(mask, { receiver, isClosed, nNames: names.length });
      }
    };
    const question: Question = {
      state: 'asked',
      set: undefined,
      mask,
      answered: this.oracle.symbols(query, signal).then(take, () => take(undefined)),
    };
    return question;
  }

  /** Waits for the answer until the deadline; who is late by then stays so. Rejects with the signal's reason. */
  async wait(question: Question, signal: AbortSignal): Promise<void> {
    const startMs = this.clock.nowMs();
    const end = new AbortController();
    const onAbort = () => end.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    const deadline = this.clock.sleep(deadlineMs, end.signal).catch(() => {});
    await Promise.race([question.answered, deadline]);
    end.abort();
    signal.removeEventListener('abort', onAbort);
    signal.throwIfAborted();
    const ms = this.clock.nowMs() - startMs;
    this.waitedMs += ms;
    if (question.state === 'asked') question.state = 'late';
    question.mask.waitedMs = (question.mask.waitedMs ?? 0) + ms;
    if (question.state === 'late') question.mask.isLate = true;
  }
}
