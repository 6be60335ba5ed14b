/** Compressor: the whole story of a small prompt out of many files: cut, rank, choose, write, check. */

// LongCodeZip (Shi et al. 2025, arXiv 2510.00446) with an editor's means: syntax trees instead of
// regular expressions, words before the model so that few pieces need it, and one choice over all
// forms of all pieces (whole, blocks, skeleton) instead of a ratio per function. What is written is
// counted and parsed before it is believed.

import type { Clock } from '../base/ports.ts';
import type { Parsers } from '../syntax/parsers.ts';
import { hashOf } from '../text/hash.ts';
import type { SegmentTokenizer } from '../tokens/retokenize.ts';
import { type Candidate, candidatesOf, type Source } from './candidates.ts';
import { choosable, choose, type Scored } from './choose.ts';
import type { Ranker } from './rank.ts';
import { Readings } from './readings.ts';
import { type Choice, gapMarker, type Kept, render } from './render.ts';
import type { CompressedPart, CompressFile, CompressRequest, CompressResult } from './request.ts';
import { score } from './score.ts';
import { TextFacts } from './text-facts.ts';

export interface CompressorParts {
  readonly segments: SegmentTokenizer;
  readonly clock: Clock;
  /** Absent: words alone rank. */
  readonly ranker?: Ranker;
  /** Whether the model is asked where a request does not say. */
  readonly asksModel?: boolean;
  /** Absent: files are cut by paragraphs. */
  readonly parsers?: Parsers;
  /** What the method is measured without; nothing when absent. */
  readonly without?: readonly ('skeletons' | 'blocks')[];
}

/** Imports that take more of the budget than this are given up for code. */
const maxImportShare = 0.15;

/** Pieces that are tried for the room that the knapsack left, because it counts each piece for itself. */
const maxFillTries = 24;

/** Files beyond these are left out, with a note. */
const maxFiles = 5000;
const maxChars = 20_000_000;

export class Compressor {
  private readonly readings: Readings;
  private readonly facts: TextFacts;

  constructor(private readonly parts: CompressorParts) {
    const { clock, parsers, segments, without } = parts;
    this.readings = new Readings(clock, parsers, !without?.includes('blocks'));
    this.facts = new TextFacts(segments);
  }

  /** Rejects with the signal's reason; everything else has an answer, if an empty one. */
  async compress(request: CompressRequest, signal: AbortSignal): Promise<CompressResult> {
    const { clock } = this.parts;
    const startMs = clock.nowMs();
    signal.throwIfAborted();
    const { sources, nLeftOut } = await this.read(request.files, signal);
    const candidates = sources.flatMap(candidatesOf);
    const scored = await score(request, candidates, { ...this.parts, facts: this.facts }, signal);
    const budget = Math.max(0, Math.floor(request.budgetTokens));
    const whole = sources.map(({ file }) => ({ path: file.path, text: file.text }));
    const nTokensBefore = this.facts.nTokens(layOut(sources, whole));
    const all = everything(candidates);
    // Written out, each file ends with a line break: what fits exactly may then fit no longer.
    const fitsWhole = nTokensBefore <= budget && this.sizeOf(sources, all) <= budget;
    const choice = fitsWhole ? all : this.fit(sources, scored, budget, request);
    const files = this.write(sources, choice);
    const text = layOut(sources, files);
    const note = noteOf(text, candidates.length, nLeftOut, budget);
    return {
      text,
      nTokens: this.count(text),
      nTokensBefore,
      files,
      parts: scored.map((one) => described(one, choice)),
      ...(note !== undefined && { note }),
      ms: clock.nowMs() - startMs,
    };
  }

  /** The outline of every file. */
  private async read(files: readonly CompressFile[], signal: AbortSignal) {
    const sources: Source[] = [];
    let room = maxChars;
    for (const file of files.slice(0, maxFiles)) {
      room -= file.text.length;
      if (room < 0) break;
      const { text, ...reading } = await this.readings.of(file.languageId, file.text);
      sources.push({ file: { ...file, text }, ...reading });
      signal.throwIfAborted();
    }
    return { sources, nLeftOut: files.length - sources.length };
  }

  /** The best choice whose text is within the budget when it is written out and counted. */
  private fit(
    sources: readonly Source[],
    scored: readonly Scored[],
    budget: number,
    { previous = [] }: CompressRequest,
  ): Choice {
    const pieces = choosable(scored, this.chooseOptions(previous));
    const sizeOf = (choice: Choice) => this.sizeOf(sources, choice);
    let room = budget;
    for (let round = 0; round < 8; round++) {
      const choice = choose(pieces, room);
      const excess = sizeOf(choice) - budget;
      if (excess <= 0) return this.filledUp(sources, scored, choice, budget);
      room -= Math.max(excess, 4);
    }
    return this.trimmed(sources, scored, budget, Math.max(0, room));
  }

  /** What is left of the budget: imports of what is kept, where they are cheap, and the best pieces that still fit. */
  private filledUp(
    sources: readonly Source[],
    scored: readonly Scored[],
    choice: Choice,
    budget: number,
  ): Choice {
    const sizeOf = (filled: Choice) => this.sizeOf(sources, filled);
    let best = choice;
    let size = sizeOf(choice);
    const withImports = withImportsOf(sources, choice);
    const importSize = sizeOf(withImports);
    if (importSize <= budget && importSize - size <= budget * maxImportShare)
      [best, size] = [withImports, importSize];
    const dropped = scored.filter(({ candidate }) => !choice.has(candidate.part.id));
    const order = dropped.sort((a, b) => b.score - a.score).slice(0, maxFillTries);
    for (const { candidate } of order) {
      if (this.facts.nTokens(candidate.text) > budget - size) continue;
      const more = new Map(best).set(candidate.part.id, { form: 'full' });
      const moreSize = sizeOf(more);
      if (moreSize <= budget) [best, size] = [more, moreSize];
    }
    return best;
  }

  private chooseOptions(previous: readonly string[]) {
    const without = this.parts.without ?? [];
    const forms = [
      ...(without.includes('skeletons') ? [] : (['skeleton'] as const)),
      ...(without.includes('blocks') ? [] : (['blocks'] as const)),
    ];
    return { count: (text: string) => this.facts.nTokens(text), previous: new Set(previous), forms };
  }

  /** The last resort: gives up the least valuable parts until it fits. */
  private trimmed(
    sources: readonly Source[],
    scored: readonly Scored[],
    budget: number,
    room: number,
  ): Choice {
    const choice = new Map(choose(choosable(scored, this.chooseOptions([])), room));
    const byScore = [...scored].sort((one, other) => one.score - other.score);
    for (const { candidate } of byScore) {
      if (this.sizeOf(sources, choice) <= budget) break;
      choice.delete(candidate.part.id);
    }
    return choice;
  }

  /** The kept text of each file, checked: a file that would parse worse than before loses its blocks, then itself. */
  private write(sources: readonly Source[], choice: Choice): { path: string; text: string }[] {
    return sources.flatMap((source) => {
      const { file, outline } = source;
      let text = render(file.text, file.languageId, outline, choice);
      if (text && !this.parses(source, text)) {
        text = render(file.text, file.languageId, outline, coarser(choice));
        if (text && !this.parses(source, text)) text = '';
      }
      return text ? [{ path: file.path, text }] : [];
    });
  }

  private readonly verdicts = new Map<string, boolean>();

  /** Whether `text` has no more errors than the file that it was made of. */
  private parses({ file, nErrors: nBefore }: Source, text: string): boolean {
    if (nBefore === undefined) return true;
    const key = hashOf(`${file.languageId}\n${text}`);
    const known = this.verdicts.get(key);
    if (known !== undefined) return known;
    const nAfter = this.readings.nErrors(file.languageId, text);
    const verdict = nAfter === undefined || nAfter <= nBefore;
    if (this.verdicts.size > 1000) this.verdicts.clear();
    this.verdicts.set(key, verdict);
    return verdict;
  }

  private sizeOf(sources: readonly Source[], choice: Choice): number {
    return this.count(layOut(sources, this.write(sources, choice)));
  }

  /** Of a text that nobody asks about again. */
  private count(text: string): number {
    return this.parts.segments.encode(text).length;
  }
}

/** All files under a comment with their path each. */
function layOut(sources: readonly Source[], files: readonly { path: string; text: string }[]): string {
  const languageOf = new Map(sources.map(({ file }) => [file.path, file.languageId]));
  return files
    .map(({ path, text }) => {
      const marker = gapMarker(languageOf.get(path) ?? 'plaintext').replace('…', path);
      return `${marker}\n${text}`;
    })
    .join('\n');
}

function everything(candidates: readonly Candidate[]): Choice {
  const choice = new Map<string, Kept>();
  for (const { part, source } of candidates) {
    choice.set(part.id, { form: 'full' });
    for (const top of source.outline) choice.set(top.id, { form: 'full' });
  }
  return choice;
}

/** Imports of a file are worth nothing alone, and kept with anything of it. */
function withImportsOf(sources: readonly Source[], choice: Choice): Choice {
  const full = new Map(choice);
  for (const { outline } of sources) {
    const isKept = outline.some((part) => part.role !== 'imports' && hasKept(part, choice));
    if (isKept) for (const part of outline) if (part.role === 'imports') full.set(part.id, { form: 'full' });
  }
  return full;
}

function hasKept(part: Source['outline'][number], choice: Choice): boolean {
  return choice.has(part.id) || part.parts.some((inner) => hasKept(inner, choice));
}

/** Without blocks, whose statements might need each other. */
function coarser(choice: Choice): Choice {
  return new Map([...choice].map(([id, kept]) => [id, kept.form === 'blocks' ? { form: 'full' } : kept]));
}

function described({ candidate, score: worth }: Scored, choice: Choice): CompressedPart {
  const { part, source } = candidate;
  const { id, kind, name, start, endExclusive } = part;
  const form = choice.get(id)?.form ?? 'dropped';
  return { id, path: source.file.path, kind, name, start, endExclusive, form, score: worth };
}

function noteOf(text: string, nCandidates: number, nLeftOut: number, budget: number): string | undefined {
  if (nLeftOut > 0)
    return `${nLeftOut} files were left out: there were too many, or they were too large together.`;
  if (nCandidates === 0) return 'There is no code in these files.';
  if (text === '') return `No piece of these files fits into ${budget} tokens. Allow more.`;
  return undefined;
}
