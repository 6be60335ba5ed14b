/** complete: the whole story of one suggestion, from cursor to ghost text, on one page. */

import type { Clock, Tracer } from '../base/ports.ts';
import { Stages } from '../base/stages.ts';
import { regionAt } from '../syntax/scopes.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { Answers, type Candidate, type Found } from './answers.ts';
import { Author, type AuthorParts } from './author.ts';
import { BackOff } from './back-off.ts';
import { sureLength, thresholds } from './confidence.ts';
import { Debounce } from './debounce.ts';
import { Healer } from './healing.ts';
import { Idle } from './idle.ts';
import { quietZoneAt } from './quiet-zones.ts';
import {
  type CompletionOutcome,
  type CompletionRequest,
  type CompletionResult,
  type CompletionSettings,
  type Explanation,
  newCost,
  type Suggestion,
} from './request.ts';
import { ShownSuggestions } from './reuse.ts';
import { refuse, type Situation, situationOf } from './situation.ts';

export interface CompleterParts extends AuthorParts {
  readonly tracer: Tracer;
}

/** Quiet time before the next suggestion is looked for: someone who accepts at once takes longer. */
const aheadDelayMs = 80;

export class Completer {
  private readonly clock: Clock;
  private readonly author: Author;
  private readonly debounce: Debounce;
  private readonly healer: Healer;
  private readonly ahead: Idle;
  private readonly backOff: BackOff;
  private readonly shown = new ShownSuggestions();
  private readonly answers = new Answers();
  private nextId = 1;

  constructor(private readonly parts: CompleterParts) {
    const { lm, clock, tracer } = parts;
    const onError = (error: unknown) =>
      tracer({ kind: 'log', level: 'error', message: `Work in idle time failed: ${error}` });
    this.clock = clock;
    this.author = new Author(parts);
    this.debounce = new Debounce(clock);
    this.healer = new Healer(lm, clock, onError);
    this.ahead = new Idle(clock, onError);
    this.backOff = new BackOff(clock);
  }

  /** Answers `request`; rejects with the signal's reason when aborted. */
  async complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResult> {
    const { clock } = this;
    const { documents, pool, trees } = this.parts;
    const startMs = clock.nowMs();
    const stages = new Stages(clock);
    stages.enter('context');
    let cost = newCost();
    let explanation: Explanation | undefined;
    const answer = (
      outcome: CompletionOutcome,
      suggestions: readonly Suggestion[] = [],
    ): CompletionResult => ({
      outcome,
      ...(suggestions[0] && { suggestion: suggestions[0] }),
      ...(suggestions.length > 1 && { alternatives: suggestions.slice(1) }),
      ...(explanation && { explanation }),
      cost: { ...cost, ms: clock.nowMs() - startMs, stages: stages.finish() },
    });

    const snapshot = documents.get(request.uri);
    if (!snapshot) return answer('unknown-document');
    const refusal = refuse(snapshot, request);
    if (refusal) return answer(refusal);

    const { settings, selected, trigger, offset } = request;
    const isInvoked = trigger === 'invoked';
    const region = trees?.readNow(snapshot, (tree) => regionAt(tree, offset));
    const situation = situationOf(snapshot, request, region);
    const { place } = situation;
    const quiet = isInvoked
      ? undefined
      : quietZoneAt(snapshot, offset, place.surroundings.scanner.region, settings);
    if (quiet) return answer(quiet);

    const nOthers = isInvoked ? (settings.alternatives ?? 1) - 1 : 0;
    const isFresh = selected !== undefined || nOthers > 0 || request.explain === true;
    const reused = isFresh ? undefined : this.shown.match(snapshot, offset);
    this.backOff.asked(snapshot, reused !== undefined);
    const delayMs = this.debounce.nextDelayMs(settings.debounceMs); // watches every request
    if (reused) return answer('reused', [reused]);
    const judge = (found: Found) => this.judge(found, situation, request);
    const show = (suggestions: readonly Suggestion[]) => {
      const [first] = suggestions;
      if (first) this.onShown(first, snapshot, offset, settings);
      return suggestions;
    };

    const scope = scopeOf(request);
    const known = request.explain ? undefined : this.answers.find(scope, place);
    if (known && known.nWanted > nOthers) {
      const suggestions = show(judge(known));
      return answer(suggestions.length > 0 ? 'cached' : (known.nothing ?? 'unsure'), suggestions);
    }
    stages.enter('debounce');
    if (!isInvoked && delayMs > 0) await clock.sleep(delayMs, signal);
    stages.enter('context');

    this.ahead.stop(); // only now: typing along a suggestion is no reason to stop
    this.healer.stop();
    const task = { snapshot, place, settings, nOthers, startMs, stages };
    let onHealed: ((signal: AbortSignal) => Promise<void>) | undefined;
    try {
      const written = await this.author.write(task, 'typing', signal);
      cost = { ms: 0, ...written.cost };
      if (request.explain) explanation = written.explanation;
      if (documents.get(request.uri)?.version !== snapshot.version) return answer('stale');
      this.answers.put(scope, place, written.answer);
      const suggestions = judge({ ...written.answer, nTyped: 0 });
      const [first] = suggestions;
      if (cost.rows === 'exact') show(suggestions);
      else {
        if (first) this.remember(first, snapshot, offset);
        const shown = written.answer.candidates[0];
        onHealed = (healing) => this.recheck(request, snapshot, situation, shown, first, healing);
      }
      return answer(first ? 'generated' : (written.answer.nothing ?? 'unsure'), suggestions);
    } finally {
      this.healer.start(pool.of(request.uri), onHealed);
    }
  }

  /** Ends what runs in idle time. */
  dispose(): void {
    this.healer.stop();
    this.ahead.stop();
  }

  /** The user took the suggestion: what is on screen now is their text. */
  accepted(id: number): void {
    this.shown.clear(); // else the rest of it would match what follows
    this.backOff.taken(id);
  }

  /** As much of each candidate as is sure enough; all of it where the user asked. */
  private judge(
    { candidates, nTyped }: Found,
    situation: Situation,
    request: CompletionRequest,
  ): Suggestion[] {
    const { start, end, typed } = situation;
    const { trigger, settings } = request;
    const isGated = trigger === 'automatic' && settings.eagerness !== undefined;
    const threshold = isGated ? this.backOff.adjusted(thresholds[settings.eagerness]) : 0;
    return candidates.flatMap(({ text, points, replaceAfter }) => {
      const sure = sureLength(text, points, threshold, nTyped);
      if (!sure) return [];
      const isWhole = sure.endExclusive === text.length;
      return {
        id: this.nextId++,
        text: typed + text.slice(nTyped, sure.endExclusive),
        start,
        endExclusive: end + (isWhole ? replaceAfter : 0),
        probability: sure.probability,
      };
    });
  }

  private remember(suggestion: Suggestion, snapshot: DocumentSnapshot, offset: number): void {
    this.shown.remember(suggestion, snapshot, offset);
    this.backOff.shown(suggestion, snapshot.uri);
  }

  /** `suggestion` is on screen and will stay: time to look for what comes after it. */
  private onShown(
    suggestion: Suggestion,
    snapshot: DocumentSnapshot,
    offset: number,
    settings: CompletionSettings,
  ): void {
    this.remember(suggestion, snapshot, offset);
    if (!settings.lookAhead) return;
    this.ahead.start(aheadDelayMs, (signal) => this.lookAhead(suggestion, snapshot, settings, signal));
  }

  /** Answers the requests that would come if `suggestion` were accepted, and a new line begun behind it. */
  private async lookAhead(
    suggestion: Suggestion,
    snapshot: DocumentSnapshot,
    settings: CompletionSettings,
    signal: AbortSignal,
  ): Promise<void> {
    const { uri } = snapshot;
    const scope = scopeOf({ uri, settings });
    for (const [next, offset] of nextPlaces(suggestion, snapshot)) {
      const { place } = situationOf(next, { offset }, undefined);
      if (this.answers.find(scope, place)) continue;
      const stages = new Stages(this.clock);
      const task = { snapshot: next, place, settings, nOthers: 0, startMs: this.clock.nowMs(), stages };
      const { answer } = await this.author.write(task, 'background', signal);
      this.answers.put(scope, place, answer);
    }
  }

  /**
   * Writes once more now that the cache is exact. A suggestion that came from moved rows and that the
   * exact ones do not repeat is withdrawn: approximations may be early, they may not stay.
   */
  private async recheck(
    request: CompletionRequest,
    snapshot: DocumentSnapshot,
    { place }: Situation,
    shown: Candidate | undefined,
    suggestion: Suggestion | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { settings, offset } = request;
    const stages = new Stages(this.clock);
    const task = { snapshot, place, settings, nOthers: 0, startMs: this.clock.nowMs(), stages };
    const { answer } = await this.author.write(task, 'background', signal);
    const isSame = answer.candidates[0]?.text === shown?.text;
    if (!isSame) this.answers.delete(scopeOf(request), place);
    if (!suggestion || this.parts.documents.get(snapshot.uri) !== snapshot) return;
    if (isSame) return this.onShown(suggestion, snapshot, offset, settings);
    this.shown.clear(snapshot.uri);
    this.parts.tracer({ kind: 'withdrawn', uri: snapshot.uri, id: suggestion.id });
  }
}

/** Where the next request comes from when `suggestion` is taken: behind it, or on the line that Enter begins. */
function* nextPlaces(
  { text, start, endExclusive }: Suggestion,
  { uri, languageId, version, text: whole }: DocumentSnapshot,
): Generator<[DocumentSnapshot, number]> {
  const [before, after] = [whole.slice(0, start) + text, whole.slice(endExclusive)];
  const at = (typed: string): [DocumentSnapshot, number] => [
    new DocumentSnapshot(uri, languageId, version + 1, before + typed + after),
    before.length + typed.length,
  ];
  yield at('');
  if (!/^[^\S\n]*(\n|$)/.test(after)) return;
  // Editors indent a new line as the last one; where they would add to it, the guess is lost.
  const indent = /(?:^|\n)([^\S\n]*)[^\n]*$/.exec(before)?.[1] ?? '';
  yield at((/\r?\n/.exec(whole)?.[0] ?? '\n') + indent);
}

/** All but the text that an answer depends on. */
function scopeOf({ uri, settings }: Pick<CompletionRequest, 'uri' | 'settings'>): string {
  const { maxLines, maxTokens, contextTokens, sampling } = settings;
  return JSON.stringify([uri, maxLines, maxTokens, contextTokens, sampling]);
}
