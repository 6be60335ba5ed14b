/** Questions: asks the oracle on behalf of one suggestion, within a deadline and a budget, and keeps the record. */

import type { Clock, MaskTrace } from '../../base/ports.ts';
import type { BracketScanner } from '../../syntax/brackets.ts';
import type { Asked, NamePlace, Remembered } from './remembered.ts';
import type { SymbolOracle, SymbolSet, TriggerKind } from './symbol-oracle.ts';

/** A question that takes longer is given up: 30 to 50 ms is what a suggestion can bear. */
const deadlineMs = 40;
/** Waiting in one suggestion, all together: a suggestion is to be there within 150 ms of the key. */
const maxWaitMs = 60;
/** In one suggestion: 64 tokens of code hold some 10 names. */
const maxQuestions = 48;

export interface QuestionParts {
  readonly oracle: Pick<SymbolOracle, 'symbols'>;
  readonly clock: Clock;
  /** Gets every answer. */
  readonly remembered: Remembered;
}

/** Where the text is written. */
export interface QuestionPlace {
  readonly uri: string;
  readonly languageId: string;
  readonly textBefore: string;
  readonly textAfter: string;
}

/** A place where a name may begin. */
export interface Wanted {
  readonly kind: TriggerKind;
  /** The text before the name; `scanner` has scanned it. */
  readonly head: string;
  readonly scanner: BracketScanner;
  /** What of the name is written already. */
  readonly begun?: string;
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
  /** What was asked, in order, and what was known already and had a say. */
  readonly masks: MaskTrace[] = [];
  private waitedMs = 0;
  private nAsked = 0;
  /** Of questions under way: one listener on a request's signal ends them all, however many they are. */
  private readonly underWay = new Set<AbortController>();
  private followed: AbortSignal | undefined;

  constructor(
    private readonly parts: QuestionParts,
    private readonly place: QuestionPlace,
  ) {}

  /** Whether nothing more is asked or waited for in this suggestion. */
  get isSpent(): boolean {
    return this.nAsked >= maxQuestions || this.waitedMs >= maxWaitMs;
  }

  /** Asks what may stand at a place, and has the answer remembered; does not wait. */
  ask(wanted: Wanted, signal: AbortSignal): Question {
    const { oracle, clock, remembered } = this.parts;
    const { uri, languageId, textAfter } = this.place;
    const { kind, head, begun = '' } = wanted;
    this.nAsked++;
    const startMs = clock.nowMs();
    const end = this.endWith(signal);
    const query = { kind, uri, languageId, text: head + begun + textAfter, offset: head.length };
    const asked = {
      isAnswered: false,
      set: undefined as SymbolSet | undefined,
      get isLost() {
        return !asked.isAnswered && end.signal.aborted;
      },
      answered: oracle
        .symbols(query, end.signal)
        .catch(() => undefined)
        .then((set) => {
          asked.set = set;
          asked.isAnswered = !end.signal.aborted;
          this.settled(end);
        }),
    };
    // Where a name is begun, the list may lack what does not go on with it.
    if (begun === '') remembered.add(uri, this.namePlace(wanted), asked);
    const question = this.follow(asked, wanted);
    this.masks.push(question.mask);
    void asked.answered.then(() => {
      question.mask.ms = clock.nowMs() - startMs;
    });
    return question;
  }

  /** What is known of a place already, or asked by someone else, as a question of this suggestion. */
  recall(wanted: Wanted): { readonly question: Question; readonly isSure: boolean } | undefined {
    const found = this.parts.remembered.find(this.place.uri, this.namePlace(wanted));
    if (!found) return undefined;
    const question = this.follow(found.asked, wanted);
    question.mask.isRemembered = true;
    return { question, isSure: found.worth === 'same' };
  }

  /** Shows in the trace what was known already, as it has a say now. */
  list({ mask }: Question): void {
    if (!this.masks.includes(mask)) this.masks.push(mask);
  }

  /** Waits for the answer until the deadline; who is late by then stays so. Rejects with the signal's reason. */
  async wait(question: Question, signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    const startMs = clock.nowMs();
    const end = new AbortController();
    const onAbort = () => end.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    const deadline = clock.sleep(deadlineMs, end.signal).catch(() => {});
    await Promise.race([question.answered, deadline]);
    end.abort();
    signal.removeEventListener('abort', onAbort);
    signal.throwIfAborted();
    const ms = clock.nowMs() - startMs;
    this.waitedMs += ms;
    if (question.state === 'asked') question.state = 'late';
    question.mask.waitedMs = (question.mask.waitedMs ?? 0) + ms;
    if (question.state === 'late') question.mask.isLate = true;
  }

  private follow(asked: Asked, { kind, head }: Wanted): Question {
    const at = head.length - this.place.textBefore.length;
    const mask: Question['mask'] = {
      ...{ kind, at, receiver: '', isClosed: false, nNames: 0, nRejected: 0, ms: 0 },
    };
    const take = () => {
      if (question.state === 'late' || !asked.isAnswered) return;
      const { set } = asked;
      question.state = 'answered';
      question.set = set;
      if (!set) return;
      const { receiver = '', isClosed, names } = set;
      Object.assign(mask, { receiver, isClosed, nNames: names.length });
    };
    const question: Question = { state: 'asked', set: undefined, mask, answered: asked.answered.then(take) };
    take();
    return question;
  }

  private namePlace({ kind, head, scanner }: Wanted): NamePlace {
    const { languageId, textAfter } = this.place;
    return { kind, languageId, before: head, after: textAfter, scanner };
  }

  /** Aborted with `signal`, which is listened to only while something is under way. */
  private endWith(signal: AbortSignal): AbortController {
    const end = new AbortController();
    if (signal.aborted) end.abort(signal.reason);
    this.underWay.add(end);
    if (this.followed === signal) return end;
    this.followed?.removeEventListener('abort', this.endAll);
    this.followed = signal;
    signal.addEventListener('abort', this.endAll, { once: true });
    return end;
  }

  private readonly endAll = () => {
    for (const one of this.underWay) one.abort(this.followed?.reason);
  };

  private settled(end: AbortController): void {
    this.underWay.delete(end);
    if (this.underWay.size > 0) return;
    this.followed?.removeEventListener('abort', this.endAll);
    this.followed = undefined;
  }
}
