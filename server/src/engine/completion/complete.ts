/** complete: the whole story of one suggestion, from cursor to ghost text, on one page. */

import type { Clock, Tracer } from '../base/ports.ts';
import { Stages } from '../base/stages.ts';
import { regionAt } from '../syntax/scopes.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { Answers, type Candidate, type Found } from './answers.ts';
import { Author, type AuthorParts, othersOf, type Written } from './author.ts';
import { BackOff } from './back-off.ts';
import { sureLength, thresholds } from './confidence.ts';
import { Debounce } from './debounce.ts';
import { Healer } from './healing.ts';
import { Idle } from './idle.ts';
import { InFlight } from './in-flight.ts';
import { isLessInformed } from './less-informed.ts';
import { quietZoneAt } from './quiet-zones.ts';
import { Regrets } from './regret.ts';
import { Reply } from './reply.ts';
import type { CompletionRequest, CompletionResult, CompletionSettings, Suggestion } from './request.ts';
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
  private readonly inFlight: InFlight;
  private readonly regrets: Regrets;
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
    this.inFlight = new InFlight(clock);
    this.regrets = new Regrets({ ...parts, current: (uri) => parts.documents.get(uri) }, onError);
  }

  /** Answers `request`; rejects with the signal's reason when aborted. */
  async complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResult> {
    const { documents, trees } = this.parts;
    const { settings, selected, offset } = request;
    const reply = new Reply(this.clock);
    const snapshot = documents.get(request.uri);
    if (!snapshot) return reply.with('unknown-document');
    const refusal = refuse(snapshot, request);
    if (refusal) return reply.with(refusal);
    const preceding = documents.preceding(request.uri);

    const isInvoked = request.trigger === 'invoked';
    const nOthers = isInvoked ? (settings.alternatives ?? 1) - 1 : 0;
    const isFresh = selected !== undefined || nOthers > 0 || request.explain === true;
    const reused = isFresh ? undefined : this.shown.match(snapshot, offset, preceding);
    this.backOff.asked(snapshot, reused !== undefined);
    const delayMs = this.debounce.nextDelayMs(settings.debounceMs); // watches every request
    if (reused) return reply.with('reused', [reused]);

    const region = trees?.readNow(snapshot, (tree) => regionAt(tree, offset));
    const situation = situationOf(snapshot, request, region, preceding);
    const zone = situation.place.surroundings.scanner.region;
    const quiet = isInvoked ? undefined : quietZoneAt(snapshot, offset, zone, settings, preceding);
    if (quiet) return reply.with(quiet);

    const asked: Asked = { request, snapshot, situation, scope: scopeOf(snapshot, settings), nOthers, reply };
    if (request.isWatched && selected === undefined) this.watch(asked);
    const known = this.known(asked) ?? (await this.joined(asked, signal));
    if (known) return known;
    this.parts.types?.foresee(request.uri, situation.place, settings.watchedKinds);
    reply.stages.enter('debounce');
    if (!isInvoked && delayMs > 0) await this.clock.sleep(delayMs, signal);
    reply.stages.enter('context');
    return this.generated(asked, signal);
  }

  /** From what was answered at this place before. */
  private known(asked: Asked): CompletionResult | undefined {
    const { request, snapshot, situation, scope, nOthers, reply } = asked;
    const found = request.explain ? undefined : this.answers.find(scope, situation.place);
    if (!found || found.nWanted <= nOthers) return undefined;
    const suggestions = this.judge(found, situation, request);
    const [first] = suggestions;
    if (first) this.onShown(first, snapshot, request.offset, request.settings);
    return reply.with(first ? 'cached' : (found.nothing ?? 'unsure'), suggestions);
  }

  /** From what is being written for an earlier request, when that is over. */
  private async joined(asked: Asked, signal: AbortSignal): Promise<CompletionResult | undefined> {
    const { request, snapshot, situation, scope, reply } = asked;
    const done = this.inFlight.join(scope, situation.place, signal);
    if (!done) return undefined;
    reply.stages.enter('queue');
    await orAborted(done, signal);
    reply.stages.enter('context');
    if (this.parts.documents.get(request.uri)?.version !== snapshot.version) return reply.with('stale');
    return this.known(asked);
  }

  /** From the model. */
  private async generated(asked: Asked, signal: AbortSignal): Promise<CompletionResult> {
    const { request, snapshot, situation, scope, nOthers, reply } = asked;
    const { settings, offset, uri } = request;
    const { place } = situation;
    const { stages, startMs } = reply;
    this.ahead.stop(); // only now: typing along a suggestion is no reason to stop
    this.healer.stop();
    let onHealed: ((signal: AbortSignal) => Promise<void>) | undefined;
    try {
      const task = { snapshot, place, settings, nOthers, startMs, stages };
      const { answer, cost, explanation } = await this.inFlight.run(
        scope,
        place,
        signal,
        async (end, onText) => {
          const written = await this.author.write({ ...task, onText }, 'typing', end);
          this.answers.put(scope, place, written.answer); // also where nobody waits for it any more
          return written;
        },
      );
      reply.cost = cost;
      if (request.explain) reply.explanation = explanation;
      if (this.parts.documents.get(uri)?.version !== snapshot.version) return reply.with('stale');
      const suggestions = this.judge({ ...answer, nTyped: 0 }, situation, request);
      const [first] = suggestions;
      if (first && cost.rows === 'exact') this.onShown(first, snapshot, offset, settings);
      if (cost.rows !== 'exact') {
        if (first) this.remember(first, snapshot, offset);
        const shown = { candidate: answer.candidates[0], cost, suggestion: first };
        onHealed = (healing) => this.recheck(asked, shown, healing);
      }
      return reply.with(first ? 'generated' : (answer.nothing ?? 'unsure'), suggestions);
    } finally {
      if (settings.idleRepair !== false)
        this.healer.start(this.parts.pool.of(this.parts.documents.homeOf(uri)), onHealed);
    }
  }

  /** What is typed here will say what other files were worth to the model, if it is the one that writes. */
  private watch({ request, snapshot, situation: { place } }: Asked): void {
    const { documents, remote } = this.parts;
    if (remote || request.settings.idleRepair === false) return;
    const related = documents.relatedTo(snapshot.uri);
    const others = othersOf(documents, snapshot);
    this.regrets.asked({ snapshot, offset: request.offset, place, related, others });
  }

  /** Ends what runs in idle time. */
  dispose(): void {
    this.regrets.dispose();
    this.healer.stop();
    this.ahead.stop();
    this.inFlight.dispose();
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
    this.shown.remember(suggestion, snapshot, offset, this.parts.documents.preceding(snapshot.uri));
    this.backOff.shown(suggestion, snapshot);
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
    const scope = scopeOf(snapshot, settings);
    for (const [next, offset] of nextPlaces(suggestion, snapshot)) {
      const { place } = situationOf(next, { offset }, undefined, this.parts.documents.preceding(uri));
      if (this.answers.find(scope, place)) continue;
      const stages = new Stages(this.clock);
      const task = { snapshot: next, place, settings, nOthers: 0, startMs: this.clock.nowMs(), stages };
      const { answer } = await this.author.write(task, 'background', signal);
      this.answers.put(scope, place, answer);
    }
  }

  /**
   * Writes once more now that the cache is exact. A suggestion that came from moved rows and that the
   * exact ones do not repeat is withdrawn: approximations may be early, they may not stay. Unless
   * the names were known then and are not now: that is no ground to prefer what is written now.
   */
  private async recheck(
    { request, snapshot, situation, scope }: Asked,
    { candidate, cost, suggestion }: Approximate,
    signal: AbortSignal,
  ): Promise<void> {
    const { place } = situation;
    const { settings, offset } = request;
    const stages = new Stages(this.clock);
    const task = { snapshot, place, settings, nOthers: 0, startMs: this.clock.nowMs(), stages };
    const { answer, cost: costNow } = await this.author.write(task, 'background', signal);
    const isSame = answer.candidates[0]?.text === candidate?.text;
    if (!isSame && isLessInformed(costNow, cost)) return;
    if (!isSame) this.answers.delete(scope, place);
    if (!suggestion || this.parts.documents.get(snapshot.uri) !== snapshot) return;
    if (isSame) return this.onShown(suggestion, snapshot, offset, settings);
    this.shown.clear(snapshot.uri);
    this.parts.tracer({ kind: 'withdrawn', uri: snapshot.uri, id: suggestion.id });
  }
}

/** A request that is worth an answer, and all that is known of it. */
interface Asked {
  readonly request: CompletionRequest;
  readonly snapshot: DocumentSnapshot;
  readonly situation: Situation;
  readonly scope: string;
  /** Suggestions to choose from beside the first. */
  readonly nOthers: number;
  readonly reply: Reply;
}

/** What came of moved rows. */
interface Approximate {
  readonly candidate: Candidate | undefined;
  readonly cost: Written['cost'];
  /** Undefined: nothing was sure enough to be shown. */
  readonly suggestion: Suggestion | undefined;
}

/** Waits for `done`; rejects with the signal's reason when that is aborted first. */
async function orAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    void done.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
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
function scopeOf({ uri, languageId }: DocumentSnapshot, settings: CompletionSettings): string {
  const { maxLines, maxTokens, contextTokens, sampling } = settings;
  return JSON.stringify([uri, languageId, maxLines, maxTokens, contextTokens, sampling]);
}
