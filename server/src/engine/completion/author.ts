/** Author: has the model write at a place, and makes of it an answer: trimmed, checked, and how sure it is. */

import type { Priority } from '../base/lane.ts';
import { Lru } from '../base/lru.ts';
import type { Stages } from '../base/stages.ts';
import type { SequencePool } from '../model/pool.ts';
import type { Trees } from '../syntax/trees.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import type { Answer, Candidate } from './answers.ts';
import { type Calibration, surePoints } from './confidence.ts';
import type { OpenDocuments } from './documents.ts';
import { type Generated, type GenerateParts, generate, type Job, type Passage } from './generate.ts';
import type { MemoryGuard } from './memory-guard.ts';
import { generateRemotely, type RemoteModel } from './remote.ts';
import type { CompletionSettings, Explanation } from './request.ts';
import type { Situation } from './situation.ts';
import { withoutBrokenEnd } from './syntax-check.ts';
import { type Trimmed, trim } from './trim.ts';

export interface AuthorParts extends GenerateParts {
  readonly documents: OpenDocuments;
  readonly pool: SequencePool;
  /** Absent where there is no tree-sitter: suggestions are then not checked for syntax. */
  readonly trees?: Trees;
  /** Absent where the model folder has none: nobody then knows what the model was trained on. */
  readonly guard?: MemoryGuard;
  /** Absent for models that it was not fitted for: they are taken at their word. */
  readonly calibration?: Calibration;
  /** Writes in the stead of the local model where there is one. */
  readonly remote?: RemoteModel;
}

/** What is to be written. */
export interface Task {
  /** The document; its syntax is checked with the text in place. */
  readonly snapshot: DocumentSnapshot;
  readonly place: Situation['place'];
  readonly settings: CompletionSettings;
  /** Texts to choose from that are wanted beside the likeliest. */
  readonly nOthers: number;
  /** Told all that is written so far. */
  readonly onText?: (text: string) => void;
  readonly startMs: number;
  readonly stages: Stages;
}

/** What became of it. */
export interface Written {
  readonly answer: Answer;
  readonly cost: Generated['cost'];
  readonly explanation: Explanation;
}

/** Documents whose last suggestion is remembered for drafts. */
const nTrails = 8;

export class Author {
  private readonly trails = new Lru<string, Int32Array>(nTrails);

  constructor(private readonly parts: AuthorParts) {}

  /** Rejects with the signal's reason when aborted. */
  async write(task: Task, priority: Priority, signal: AbortSignal): Promise<Written> {
    const { snapshot, nOthers } = task;
    const { documents, remote } = this.parts;
    const others = othersOf(documents, snapshot);
    const generated = remote
      ? await generateRemotely(this.parts, remote, { ...task, others }, signal)
      : await generate(this.parts, this.jobOf(task, others), priority, signal);
    task.stages.enter('filter');
    if (priority === 'typing') this.trails.set(snapshot.uri, generated.trail);
    const { trimmed, typeError } = await this.typeChecked(task, await this.trimmed(task, generated), signal);
    if (priority === 'typing') this.learnBaseline(task); // for the next one
    const cost = { ...generated.cost, ...(typeError !== undefined && { typeError }) };
    const explanation = explain(generated, trimmed);
    const nWanted = 1 + nOthers;
    const none = (nothing: NonNullable<Answer['nothing']>): Written => ({
      answer: { candidates: [], nothing, nWanted },
      cost,
      explanation,
    });
    if (!trimmed) return none(typeError === undefined ? 'empty' : 'ill-typed');
    if (this.isMemorised(trimmed.text)) return none('memorised');
    const candidates: Candidate[] = [this.candidate(generated, trimmed)];
    for (const other of generated.others) {
      const { trimmed: text } = await this.typeChecked(task, await this.trimmed(task, other), signal);
      const isNew = text && !this.isMemorised(text.text) && candidates.every((one) => one.text !== text.text);
      if (isNew) candidates.push(this.candidate(other, text));
    }
    return { answer: { candidates, nWanted }, cost, explanation };
  }

  private jobOf({ snapshot, ...task }: Task, others: Job['others']): Job {
    const { documents, pool } = this.parts;
    const { uri } = snapshot;
    const home = documents.homeOf(uri);
    return {
      ...task,
      uri,
      others,
      sequence: pool.of(home),
      lenders: pool.othersOf(home),
      recent: { previous: this.trails.get(uri), removed: documents.removedFrom(uri) },
    };
  }

  /** A cell is judged as the end of what stands before it: alone it would lack every name of the cells above. */
  private learnBaseline({ snapshot, place }: Task): void {
    const { uri, languageId, text } = snapshot;
    const preceding = place.textBefore.slice(0, place.documentStart ?? 0);
    void this.parts.types?.learnBaseline({ uri, languageId, text: preceding + text });
  }

  private candidate({ text: generated, tokens }: Passage, { text, replaceAfter }: Trimmed): Candidate {
    // Nobody knows how sure a model elsewhere is: it is taken at its word.
    if (this.parts.remote)
      return { text, replaceAfter, points: [{ endExclusive: text.length, probability: 1 }] };
    return { text, replaceAfter, points: surePoints(text, generated, tokens, this.parts.calibration) };
  }

  /** Whether the training corpus has `text`, whatever its line breaks; what stands before it is the user's. */
  private isMemorised(text: string): boolean {
    const { guard, segments } = this.parts;
    return guard?.repeatsCorpus(segments.encode(text.replaceAll('\r\n', '\n'))) ?? false;
  }

  /** What is worth showing of a text. */
  private async trimmed(
    { place, snapshot }: Task,
    { text, isCutOff }: Passage,
  ): Promise<Trimmed | undefined> {
    const trimmed = trim({ ...place, generated: text, isCutOff });
    if (!trimmed || !this.parts.trees) return trimmed;
    const { textBefore, textAfter, documentStart } = place;
    const spot = {
      snapshot,
      before: textBefore.slice(documentStart),
      after: textAfter.slice(trimmed.replaceAfter),
    };
    return { ...trimmed, text: await withoutBrokenEnd(this.parts.trees, spot, trimmed.text) };
  }

  /** What stands before the first error that `trimmed` would bring into the document; all of it if none. */
  private async typeChecked(
    { place, snapshot, settings, stages }: Task,
    trimmed: Trimmed | undefined,
    signal: AbortSignal,
  ): Promise<{ trimmed: Trimmed | undefined; typeError?: string }> {
    const { types } = this.parts;
    if (!types || !trimmed || settings.typeCheck === false) return { trimmed };
    const stage = stages.enter('oracle');
    const { languageId, textBefore: before, textAfter } = place;
    const spot = { uri: snapshot.uri, languageId, before, after: textAfter.slice(trimmed.replaceAfter) };
    const error = await types.firstError(spot, trimmed.text, signal);
    stages.enter(stage);
    if (!error) return { trimmed };
    const lineStart = trimmed.text.lastIndexOf('\n', error.offset) + 1;
    const kept = trimmed.text.slice(0, lineStart).trimEnd();
    return { trimmed: trim({ ...place, generated: kept, isCutOff: true }), typeError: error.message };
  }
}

function explain({ text, tokens }: Passage, trimmed: Trimmed | undefined): Explanation {
  return {
    generated: text,
    tokens: tokens.map(({ probability, endExclusive }) => ({ probability, endExclusive })),
    trimmed: trimmed?.text,
  };
}

/** The file touched last, what is related in files that are not open, and the other open files. */
export function othersOf(documents: OpenDocuments, snapshot: DocumentSnapshot): readonly DocumentSnapshot[] {
  const [first, ...rest] = documents.others(snapshot);
  return [...(first ? [first] : []), ...documents.relatedTo(snapshot.uri), ...rest];
}
