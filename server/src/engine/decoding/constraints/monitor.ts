/** Monitor: the Constraint that lets the model write only names that static analysis knows. */

// Monitor-guided decoding (Agrawal et al. 2023, section 3, https://arxiv.org/abs/2306.10763): while a
// name is being written behind a trigger, tokens that lead to no legal name are forbidden. Our
// deviations: the trigger is looked for inside tokens (95 % of dots share a token with the name's
// beginning in today's vocabularies, where the published monitor waits for a text that ends in one);
// places other than members are watched; only a token that would be picked is asked about; a name
// outside of an open list costs something instead of being forbidden; and whoever is late is ignored.

import type { Clock, MaskTrace } from '../../base/ports.ts';
import type { BracketScanner } from '../../syntax/brackets.ts';
import type { TokenId } from '../../tokens/token.ts';
import { arityCost, type CallHere, callHere } from './call-arity.ts';
import type { Constraint } from './constraint.ts';
import { byteString, NameList, type NameRange } from './name-list.ts';
import { type Question, type QuestionPlace, Questions } from './questions.ts';
import { Remembered } from './remembered.ts';
import type { SymbolOracle, SymbolSet, TriggerKind } from './symbol-oracle.ts';
import { isWordByte, type TokenShape, type TokenShapes } from './token-shapes.ts';
import { type NameBytes, type Trigger, triggerAt } from './triggers.ts';

export interface MonitorParts {
  readonly oracle: Pick<SymbolOracle, 'symbols'>;
  readonly shapes: TokenShapes;
  readonly clock: Clock;
  /** What was said before; absent: nothing was, and nobody else will hear of it. */
  readonly remembered?: Remembered;
}

export interface MonitorPlace extends QuestionPlace {
  /** Has scanned `textBefore`; it is forked. */
  readonly scanner: BracketScanner;
  /** The kinds of place to watch. */
  readonly kinds: ReadonlySet<TriggerKind>;
}

/** Questions before one token: each alternative may be asked about, within reason. */
const maxQuestionsPerToken = 4;
/** Added to the logit of a name outside of an open list: makes it e^4 = 55 times less likely. */
const softPenalty = -4;

/** One place where a name may begin, and what is known of the names. */
interface Slot {
  readonly trigger: Trigger;
  /** The text before the name. */
  readonly head: string;
  /** Has scanned `head`. */
  readonly scanner: BracketScanner;
  question: Question | undefined;
  /** Undefined: not asked, not known, or of no use: nothing is forbidden. */
  names: NameList | undefined;
  /** What was said of such a place before: its names may pass unasked. Others are asked about. */
  readonly hint: Question | undefined;
  /** Nothing more will be learned of it: it was answered, or nobody answered in time. */
  isSettled: boolean;
}

/** A name that the text ends in. */
interface Writing {
  readonly slot: Slot;
  /** Byte string of the name so far. */
  readonly bytes: string;
  /** Undefined: the names are not known, or none begins like that. */
  readonly range: NameRange | undefined;
  /** The same among the hint's names. */
  readonly hinted: NameRange | undefined;
}

/** Where a token leads. */
interface Walked {
  readonly cost: number;
  /** Whose list refused it. */
  readonly by?: Slot | undefined;
  /** The first place in it that is not known yet. */
  readonly unknown?: Slot | undefined;
  /** The name that it ends in. */
  readonly writing?: Writing | undefined;
}

export class Monitor implements Constraint {
  private readonly questions: Questions;
  private readonly remembered: Remembered;
  private text: string;
  private readonly scanner: BracketScanner;
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private writing: Writing | undefined;
  private endsInWord: boolean;
  /** Of this step: places by what of a token stands before them; undefined: nothing to watch. */
  private readonly slotsHere = new Map<string, Slot | undefined>();
  private readonly calls = new Map<number, Question>();
  private call: CallHere | undefined | 'unknown' = 'unknown';
  /** Of this step: tokens that were refused, and by whose list. */
  private readonly refused = new Set<TokenId>();
  private refusedBy: Question | undefined;
  private nQuestionsHere = 0;
  /** By kind, for kinds whose names are the same everywhere nearby. */
  private readonly scopes = new Map<TriggerKind, { question: Question; names: readonly string[] }>();

  constructor(
    private readonly parts: MonitorParts,
    private readonly place: MonitorPlace,
  ) {
    const { oracle, clock, remembered = new Remembered(clock) } = parts;
    this.remembered = remembered;
    this.questions = new Questions({ oracle, clock, remembered }, place);
    this.text = place.textBefore;
    this.scanner = place.scanner.fork();
    this.endsInWord = /[\p{L}\p{N}_$]$/u.test(this.text);
    this.writing = this.begunName();
  }

  /** What was asked, in order, for the trace. */
  get masks(): readonly MaskTrace[] {
    return this.questions.masks;
  }

  /** Asks about the cursor's own place, where it is one, so that the answer is there before it is needed. */
  prefetch(signal: AbortSignal): void {
    const slot = this.writing?.slot ?? (this.endsInWord ? undefined : this.slotBehind(''));
    const isWorthIt = slot && slot.trigger.kind !== 'identifier' && slot.trigger.kind !== 'type-name';
    if (isWorthIt && !slot.question && !slot.isSettled) this.ask(slot, signal);
  }

  /** What the name that is being written must go on with, ASCII only; undefined where that is open. */
  rest(): string | undefined {
    const { slot, range, hinted } = this.writing ?? {};
    const { set } = (slot?.names ? slot.question : slot?.hint) ?? {};
    const at = slot?.names ? range : hinted;
    if (!set?.isClosed || !at) return undefined;
    const names = listOf(set);
    if (names.isWhole(at)) return undefined;
    const rest = names.rest(at);
    return /^[\x20-\x7e]+$/.test(rest) ? rest : undefined;
  }

  prepare(likely: TokenId, signal: AbortSignal): Promise<void> | undefined {
    if (this.questions.isSpent || this.nQuestionsHere >= maxQuestionsPerToken) return undefined;
    const shape = this.parts.shapes.of(likely);
    const { unknown } = this.walk(shape);
    if (unknown) return this.learn(unknown, signal);
    const call = this.callOf(shape);
    const isNew = call?.nArguments !== undefined && !this.calls.has(call.start);
    return isNew ? this.learnArity(call, signal) : undefined;
  }

  bias(token: TokenId): number {
    const shape = this.parts.shapes.of(token);
    const { cost, by } = this.walk(shape);
    const total = cost < 0 ? cost : this.arityCostOf(shape);
    if (total < 0) {
      this.refused.add(token);
      this.refusedBy ??= by?.question;
    }
    return total;
  }

  accept(token: TokenId): void {
    const shape = this.parts.shapes.of(token);
    this.writing = this.walk(shape).writing;
    const { slot } = this.writing ?? {};
    for (const question of [this.refusedBy, slot?.question ?? slot?.hint]) {
      if (question) this.questions.list(question);
    }
    if (this.refusedBy) this.refusedBy.mask.nRejected += this.refused.size;
    this.refused.clear();
    this.refusedBy = undefined;
    const { bytes } = shape;
    if (bytes !== '') this.endsInWord = isWordByte(bytes.charCodeAt(bytes.length - 1));
    const start = this.text.length;
    this.text += this.decoder.decode(bytesOf(bytes), { stream: true });
    this.scanner.run(this.text, start);
    this.slotsHere.clear();
    this.call = 'unknown';
    this.nQuestionsHere = 0;
  }

  /** Follows a token through the names. */
  private walk(shape: TokenShape): Walked {
    const { bytes, starts } = shape;
    let at = 0;
    if (bytes === '') return this.walkEnd();
    if (this.writing) {
      const walked = follow(this.writing, bytes, 0);
      if (walked.isOver) return walked;
      at = walked.at;
    } else if (this.endsInWord) {
      while (at < bytes.length && isWordByte(bytes.charCodeAt(at))) at++;
      if (at > 0 && at === bytes.length) return { cost: 0 };
    }
    for (const start of starts) {
      if (start < at || (start === 0 && this.endsInWord && isWordByte(bytes.charCodeAt(0)))) continue;
      const slot = this.slotBehind(bytes.slice(0, start));
      if (!slot) continue;
      const first = bytes.charCodeAt(start);
      if (isDigit(first) && slot.trigger.nameBytes === 'word' && slot.trigger.kind !== 'member') continue;
      if (!isNameByte(first, slot.trigger.nameBytes) && first !== hash) {
        const isFine = slot.trigger.firstBytes?.test(String.fromCharCode(first)) ?? true;
        if (!isFine && !slot.isSettled) return { cost: 0, unknown: slot };
        if (!isFine && slot.names) return refusal(slot);
        continue; // nobody needs to know which names there are
      }
      const walked = follow(writingAt(slot, ''), bytes, start);
      if (walked.isOver) return walked;
      at = walked.at;
    }
    return { cost: 0 };
  }

  /** A token without bytes ends the text: neither in the middle of a name nor where one has to come. */
  private walkEnd(): Walked {
    const { writing } = this;
    if (!writing) {
      const slot = this.endsInWord ? undefined : this.slotBehind('');
      if (!slot?.trigger.firstBytes) return { cost: 0 };
      if (!slot.isSettled) return { cost: 0, unknown: slot };
      return slot.names ? refusal(slot) : { cost: 0 };
    }
    const { names } = writing.slot;
    const isHalf = writing.range && names && !names.isWhole(writing.range);
    return isHalf ? refusal(writing.slot, writing) : { cost: 0, writing };
  }

  /** The place behind the first `prefix` (a byte string) of the next token. */
  private slotBehind(prefix: string): Slot | undefined {
    if (this.slotsHere.has(prefix)) return this.slotsHere.get(prefix);
    let { text: head, scanner } = this;
    if (prefix !== '') {
      head += new TextDecoder().decode(bytesOf(prefix));
      scanner = scanner.fork().run(head, this.text.length);
    }
    const trigger = triggerAt(head, scanner, this.place.languageId);
    const isWatched = trigger && this.place.kinds.has(trigger.kind);
    const slot = isWatched ? this.newSlot(trigger, head, scanner) : undefined;
    this.slotsHere.set(prefix, slot);
    return slot;
  }

  private newSlot(trigger: Trigger, head: string, scanner: BracketScanner): Slot {
    const { kind } = trigger;
    const slot = { trigger, head, scanner, hint: undefined };
    const scope = this.scopes.get(kind);
    if (scope) {
      const written = head.slice(this.place.textBefore.length).match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? [];
      const names = new NameList([...scope.names, ...written]);
      return { ...slot, question: scope.question, names, isSettled: true };
    }
    const unknown = { ...slot, question: undefined, names: undefined, isSettled: false };
    const known = this.questions.recall({ kind, head, scanner });
    if (!known) return unknown;
    const { question, isSure } = known;
    if (question.state === 'asked') return { ...unknown, question };
    const { set } = question;
    const isOfUse = set !== undefined && set.names.length > 0;
    if (isOfUse && !isSure) return { ...unknown, hint: question };
    return { ...slot, question, names: isOfUse ? listOf(set) : undefined, isSettled: true };
  }

  /** The name that the user has begun before the cursor, if it is one that is watched. */
  private begunName(): Writing | undefined {
    const { languageId, kinds, scanner, textBefore } = this.place;
    const name = /#?[\p{L}\p{N}_$]+$/u.exec(textBefore)?.[0];
    if (name === undefined || scanner.region !== 'code') return undefined;
    const head = textBefore.slice(0, textBefore.length - name.length);
    const trigger = triggerAt(head, scanner, languageId);
    const isWatched = trigger && kinds.has(trigger.kind) && trigger.nameBytes === 'word';
    if (!isWatched) return undefined;
    const slot = this.newSlot(trigger, head, scanner);
    const writing = writingAt(slot, byteString(name));
    // What is begun already and leads nowhere is not ours to correct.
    if (!writing.range) slot.names = undefined;
    return writing;
  }

  private ask(slot: Slot, signal: AbortSignal): Question {
    const offset = slot.head.length;
    // A name that is begun comes along: the answer may depend on it (a list cut off at the most fitting).
    const begun = this.writing?.slot === slot ? this.text.slice(offset) : '';
    const { head, scanner, trigger } = slot;
    slot.question = this.questions.ask({ kind: trigger.kind, head, scanner, begun }, signal);
    return slot.question;
  }

  private async learn(slot: Slot, signal: AbortSignal): Promise<void> {
    this.nQuestionsHere++;
    const { kind } = slot.trigger;
    if (!slot.question && this.remembered.isBarren(this.place.languageId, kind)) {
      slot.isSettled = true;
      return;
    }
    const question = slot.question ?? this.ask(slot, signal);
    await this.questions.wait(question, signal);
    slot.isSettled = true;
    const { set } = question;
    if (question.state === 'answered') this.remembered.told(this.place.languageId, kind, set !== undefined);
    if (!set || set.names.length === 0) return;
    slot.names = listOf(set);
    if (kind === 'identifier' || kind === 'type-name') this.scopes.set(kind, { question, names: set.names });
    if (this.writing?.slot !== slot) return;
    this.writing = writingAt(slot, this.writing.bytes);
    if (!this.writing.range) slot.names = undefined; // see begunName
  }

  private async learnArity(call: CallHere, signal: AbortSignal): Promise<void> {
    this.nQuestionsHere++;
    const { text: head, scanner } = this;
    const question = this.questions.ask({ kind: 'call-arity', head, scanner }, signal);
    this.calls.set(call.start, question);
    await this.questions.wait(question, signal);
  }

  private callOf(shape: TokenShape): CallHere | undefined {
    if (shape.argumentEnd < 0 || !this.place.kinds.has('call-arity')) return undefined;
    if (this.call === 'unknown') this.call = callHere(this.text, this.scanner, this.place.languageId);
    return this.call;
  }

  private arityCostOf(shape: TokenShape): number {
    const call = this.callOf(shape);
    const question = call && this.calls.get(call.start);
    const cost = question ? arityCost(shape, call, question, softPenalty) : 0;
    if (cost < 0) this.refusedBy ??= question;
    return cost;
  }
}

/** The lists of sets that are in use: several questions have one answer. */
const lists = new WeakMap<SymbolSet, NameList>();

function listOf(set: SymbolSet): NameList {
  const list = lists.get(set) ?? new NameList(set.names);
  lists.set(set, list);
  return list;
}

/** Nothing or `bytes` written at `slot`. */
function writingAt(slot: Slot, bytes: string): Writing {
  const { names, hint } = slot;
  const hints = hint?.set && listOf(hint.set);
  return {
    slot,
    bytes,
    range: names?.afterAll(names.all, bytes),
    hinted: hints?.afterAll(hints.all, bytes),
  };
}

const hash = 35;
const isDigit = (byte: number) => byte >= 48 && byte <= 57;

/** Goes on with `writing` by the bytes from `at` on, as far as they belong to the name. */
function follow(writing: Writing, bytes: string, at: number): Walked & { at: number; isOver: boolean } {
  const { slot } = writing;
  const { nameBytes } = slot.trigger;
  const hints = slot.hint?.set && listOf(slot.hint.set);
  let { range, hinted } = writing;
  let end = at;
  for (; end < bytes.length; end++) {
    const byte = bytes.charCodeAt(end);
    const isHash = byte === hash && end === at && writing.bytes === '';
    if (!isHash && !isNameByte(byte, nameBytes)) break;
    hinted = hinted && hints?.after(hinted, byte);
    if (!range || !slot.names) continue;
    range = slot.names.after(range, byte);
    if (!range) {
      const rest: Writing = { slot, bytes: writing.bytes + bytes.slice(at), range, hinted };
      return { ...refusal(slot, rest), at: bytes.length, isOver: true };
    }
  }
  const isAtEnd = end === bytes.length;
  const written = { slot, bytes: writing.bytes + bytes.slice(at, end), range, hinted };
  const isHinted = hinted !== undefined && (isAtEnd || hints?.isWhole(hinted) === true);
  if (!slot.isSettled && !isHinted) {
    return { cost: 0, unknown: slot, writing: isAtEnd ? written : undefined, at: end, isOver: true };
  }
  if (isAtEnd) return { cost: 0, writing: written, at: end, isOver: true };
  if (range && slot.names && !slot.names.isWhole(range)) return { ...refusal(slot), at: end, isOver: true };
  return { cost: 0, at: end, isOver: false };
}

function refusal(slot: Slot, writing?: Writing): Walked {
  return { cost: slot.question?.set?.isClosed ? -Infinity : softPenalty, by: slot, writing };
}

function isNameByte(byte: number, nameBytes: NameBytes): boolean {
  if (nameBytes === 'word') return isWordByte(byte);
  if (nameBytes === 'attribute') return isWordByte(byte) || byte === 45 || byte === 58;
  return byte !== 10 && !nameBytes.until.includes(String.fromCharCode(byte));
}

function bytesOf(bytes: string): Uint8Array {
  return Uint8Array.from(bytes, (char) => char.charCodeAt(0));
}
