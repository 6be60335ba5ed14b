/** complete: the whole story of one suggestion, from cursor to ghost text, on one page. */

import type { Priority } from '../base/lane.ts';
import { Lru } from '../base/lru.ts';
import type { Tracer } from '../base/ports.ts';
import { Stages } from '../base/stages.ts';
import type { SequencePool } from '../model/pool.ts';
import type { Region } from '../syntax/brackets.ts';
import { regionAt } from '../syntax/scopes.ts';
import { surroundingsOf } from '../syntax/surroundings.ts';
import type { Trees } from '../syntax/trees.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import { Debounce } from './debounce.ts';
import type { OpenDocuments } from './documents.ts';
import { type Generated, type GenerateParts, generate, type Job } from './generate.ts';
import { Healer } from './healing.ts';
import type { MemoryGuard } from './memory-guard.ts';
import {
  type CompletionOutcome,
  type CompletionRequest,
  type CompletionResult,
  type Explanation,
  newCost,
  type Suggestion,
} from './request.ts';
import { ShownSuggestions } from './reuse.ts';
import { isSecretFile } from './secrets.ts';
import { withoutBrokenEnd } from './syntax-check.ts';
import { type Trimmed, trim } from './trim.ts';

/** Documents whose last suggestion is remembered for drafts. */
const nTrails = 8;

export interface CompleterParts extends GenerateParts {
  readonly documents: OpenDocuments;
  readonly pool: SequencePool;
  /** Absent where there is no tree-sitter: suggestions are then not checked for syntax. */
  readonly trees?: Trees;
  /** Absent where the model folder has none: nobody then knows what the model was trained on. */
  readonly guard?: MemoryGuard;
  readonly tracer: Tracer;
}

export class Completer {
  private readonly debounce: Debounce;
  private readonly healer: Healer;
  private readonly shown = new ShownSuggestions();
  private readonly trails = new Lru<string, Int32Array>(nTrails);
  private nextId = 1;

  constructor(private readonly parts: CompleterParts) {
    const { lm, clock, tracer } = parts;
    this.debounce = new Debounce(clock);
    this.healer = new Healer(lm, clock, (error) =>
      tracer({ kind: 'log', level: 'error', message: `Healing failed: ${error}` }),
    );
  }

  /** Answers `request`; rejects with the signal's reason when aborted. */
  async complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResult> {
    const { clock, documents, pool } = this.parts;
    const startMs = clock.nowMs();
    const stages = new Stages(clock);
    stages.enter('context');
    let cost = newCost();
    let explanation: Explanation | undefined;
    const answer = (outcome: CompletionOutcome, suggestion?: Suggestion): CompletionResult => ({
      outcome,
      ...(suggestion && { suggestion }),
      ...(explanation && { explanation }),
      cost: { ...cost, ms: clock.nowMs() - startMs, stages: stages.finish() },
    });

    const snapshot = documents.get(request.uri);
    if (!snapshot) return answer('unknown-document');
    const refusal = refuse(snapshot, request);
    if (refusal) return answer(refusal);

    const { settings, selected, trigger, offset } = request;
    const reused = selected || request.explain ? undefined : this.shown.match(snapshot, offset);
    const delayMs = this.debounce.nextDelayMs(settings.debounceMs); // watches every request
    if (reused) return answer('reused', reused);
    stages.enter('debounce');
    if (trigger === 'automatic' && delayMs > 0) await clock.sleep(delayMs, signal);
    stages.enter('context');

    const region = this.parts.trees?.readNow(snapshot, (tree) => regionAt(tree, offset));
    const { start, end, typed, place } = situationOf(snapshot, request, region);
    const { uri } = request;
    const others = documents.others(snapshot);
    const job: Job = {
      uri,
      place,
      others,
      sequence: pool.of(uri),
      lenders: pool.othersOf(uri),
      recent: { previous: this.trails.get(uri), removed: documents.removedFrom(uri) },
      wantsOthers: false,
      settings,
      startMs,
      stages,
    };
    this.healer.stop(); // only now: typing along a suggestion is no reason to stop
    let onHealed: ((signal: AbortSignal) => Promise<void>) | undefined;
    try {
      const { trimmed, generated } = await this.write(job, snapshot, 'typing', signal);
      cost = { ms: 0, ...generated.cost };
      if (request.explain) explanation = explain(generated, trimmed);
      if (documents.get(uri)?.version !== snapshot.version) return answer('stale');
      if (!trimmed) return answer('empty');
      if (this.isMemorised(trimmed.text)) return answer('memorised');
      const suggestion: Suggestion = {
        id: this.nextId++,
        text: typed + trimmed.text,
        start,
        endExclusive: end + trimmed.replaceAfter,
      };
      this.shown.remember(suggestion, snapshot, offset);
      if (cost.rows !== 'exact') {
        onHealed = (healing) => this.recheck(job, snapshot, suggestion.id, trimmed, healing);
      }
      return answer('generated', suggestion);
    } finally {
      this.healer.start(job.sequence, onHealed);
    }
  }

  /** Ends what runs in idle time. */
  dispose(): void {
    this.healer.stop();
  }

  /** The user took the suggestion: what is on screen now is their text. */
  accepted(_id: number): void {
    this.shown.clear(); // else the rest of it would match what follows
  }

  /** Whether the training corpus has `text`, whatever its line breaks; what stands before it is the user's. */
  private isMemorised(text: string): boolean {
    const { guard, segments } = this.parts;
    return guard?.repeatsCorpus(segments.encode(text.replaceAll('\r\n', '\n'))) ?? false;
  }

  /** What the model writes for `job`, trimmed to what is worth showing. */
  private async write(job: Job, snapshot: DocumentSnapshot, priority: Priority, signal: AbortSignal) {
    const generated = await generate(this.parts, job, priority, signal);
    job.stages.enter('filter');
    this.trails.set(job.uri, generated.trail);
    const trimmed = trim({ ...job.place, generated: generated.text, isCutOff: generated.isCutOff });
    if (!trimmed || !this.parts.trees) return { trimmed, generated };
    const { textBefore, textAfter } = job.place;
    const spot = { snapshot, before: textBefore, after: textAfter.slice(trimmed.replaceAfter) };
    const checked = await withoutBrokenEnd(this.parts.trees, spot, trimmed.text);
    return { trimmed: { ...trimmed, text: checked }, generated };
  }

  /**
   * Writes once more now that the cache is exact. A suggestion that came from moved rows and that the
   * exact ones do not repeat is withdrawn: approximations may be early, they may not stay.
   */
  private async recheck(
    job: Job,
    snapshot: DocumentSnapshot,
    id: number,
    shown: Trimmed,
    signal: AbortSignal,
  ): Promise<void> {
    const { trimmed } = await this.write(job, snapshot, 'background', signal);
    const isCurrent = this.parts.documents.get(snapshot.uri) === snapshot;
    if (!isCurrent || trimmed?.text === shown.text) return;
    this.shown.clear(snapshot.uri);
    this.parts.tracer({ kind: 'withdrawn', uri: snapshot.uri, id });
  }
}

function explain({ text, written }: Generated, trimmed: Trimmed | undefined): Explanation {
  const tokens = written.map(({ probability, endExclusive }) => ({ probability, endExclusive }));
  return { generated: text, tokens, trimmed: trimmed?.text };
}

/** Why no suggestion can be made here at all, if so. */
function refuse(snapshot: DocumentSnapshot, request: CompletionRequest): CompletionOutcome | undefined {
  const { uri, text, version } = snapshot;
  const { offset, settings, trigger } = request;
  if (request.version !== version) return 'stale';
  if (isSecretFile(uri)) return 'secret';
  if (text.length > settings.maxFileSizeKb * 1024) return 'too-large';
  if (text.includes('\0')) return 'binary';
  if (offset < 0 || offset > text.length || isInsideSurrogatePair(text, offset)) return 'bad-position';
  if (trigger === 'automatic' && isInsideWord(text, offset)) return 'mid-word';
  return undefined;
}

/**
 * The place to complete at, as if the editor's selected completion were already typed, and what of
 * the document a suggestion replaces before `replaceAfter` is added.
 */
function situationOf(
  { text, languageId }: DocumentSnapshot,
  { offset, selected }: CompletionRequest,
  region: Region | undefined,
) {
  const start = selected?.start ?? offset;
  const end = Math.max(selected?.endExclusive ?? offset, offset);
  const typed = selected?.text ?? '';
  const textBefore = text.slice(0, start) + typed;
  const place = { textBefore, textAfter: text.slice(end), languageId, ...(region && { region }) };
  return { start, end, typed, place: { ...place, surroundings: surroundingsOf(place) } };
}

function isInsideSurrogatePair(text: string, offset: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, offset - 1), offset + 1));
}

function isInsideWord(text: string, offset: number): boolean {
  return offset > 0 && /^[\p{L}\p{N}_$]{2}$/u.test(text.slice(offset - 1, offset + 1));
}
