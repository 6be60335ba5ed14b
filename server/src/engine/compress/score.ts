/** score: what each piece is worth for a query: words first, then the model on the best by words. */

import type { Clock } from '../base/ports.ts';
import { LineIndex } from '../text/line-index.ts';
import type { SegmentTokenizer } from '../tokens/retokenize.ts';
import type { Candidate } from './candidates.ts';
import type { Scored } from './choose.ts';
import { WordScores } from './lexical.ts';
import { maxPieceTokens, maxQueryTokens, type Passage, passageOf, type Ranker } from './rank.ts';
import type { CompressRequest } from './request.ts';
import type { TextFacts } from './text-facts.ts';

/** Pieces that the model is asked about at most, the best by words. */
const maxAsked = 16;

/** Tokens that the model reads at most for one request: about 2 s for the embedded model on two cores. */
const maxAskedTokens = 6000;

/** Of the query, what is compared with pieces: its end. */
const maxQueryChars = 2000;

/** How much a nat of AMI counts beside the best score by words, which is 1; tuned in the compression benchmark. */
const amiWeight = 0.5;

/** How much the best of the index's results counts beside the best score by words, which is 1; flat from 0.5 to 2. */
const hitWeight = 1;

/** Nobody is worth nothing: what is left of the budget is better used than not. */
const floor = 0.001;

interface ScoreParts {
  readonly segments: SegmentTokenizer;
  readonly facts: TextFacts;
  readonly clock: Clock;
  readonly ranker?: Ranker;
  readonly asksModel?: boolean;
}

/** Scores > 0, in the order of `candidates`. */
export async function score(
  { query, usesModel }: CompressRequest,
  candidates: readonly Candidate[],
  { segments, facts, clock, ranker, asksModel }: ScoreParts,
  signal: AbortSignal,
): Promise<Scored[]> {
  const asked = query.slice(-maxQueryChars).replaceAll('\r\n', '\n');
  const nameOf = ({ part, source }: Candidate) => `${part.name} ${source.file.path}`;
  const lexical = new WordScores(
    asked,
    candidates.map((candidate) => ({ text: candidate.text, name: nameOf(candidate) })),
    (text) => facts.words(text),
  );
  const words = lexical.all;
  const best = words.reduce((max, value) => Math.max(max, value), 0) || 1;
  const hits = hitScores(candidates);
  const scored: Scored[] = candidates.map((candidate, i) => ({
    candidate,
    score: floor + (words[i] as number) / best + hitWeight * (hits[i] as number),
    lost: (text) => ((words[i] as number) - lexical.of({ text, name: nameOf(candidate) })) / best,
  }));
  if (!ranker || !(usesModel ?? asksModel) || asked.trim() === '') return scored;

  const passage = passageOf(asked, segments.encode(asked));
  const order = [...scored.keys()].sort((a, b) => scoreAt(scored, b) - scoreAt(scored, a) || a - b);
  let room = maxAskedTokens;
  for (const i of order.slice(0, maxAsked)) {
    await clock.yieldToHost();
    signal.throwIfAborted();
    const one = scored[i] as Scored;
    const piece = pieceOf(one.candidate, segments);
    room -= Math.min(piece.tokens.length, maxPieceTokens) + Math.min(passage.tokens.length, maxQueryTokens);
    if (room < 0) break;
    const { ami, surprise } = await ranker.look(piece, passage, signal);
    scored[i] = { ...one, score: Math.max(floor, one.score + amiWeight * ami), surprise };
  }
  return scored;
}

const scoreAt = (scored: readonly Scored[], i: number) => (scored[i] as Scored).score;

/** What the index found, for each candidate: the best of its results that overlap it, at most 1. */
function hitScores(candidates: readonly Candidate[]): number[] {
  const all = new Set(candidates.flatMap(({ source }) => source.file.hits ?? []));
  const best = [...all].reduce((max, { score }) => Math.max(max, score), 0) || 1;
  const sources = new Set(candidates.map(({ source }) => source).filter(({ file }) => file.hits));
  const lines = new Map([...sources].map((source) => [source, new LineIndex(source.file.text)]));
  return candidates.map(({ source, part }) => {
    const index = lines.get(source);
    if (!index || !source.file.hits) return 0;
    const start = index.lineAt(part.start);
    const end = index.lineAt(Math.max(part.start, part.endExclusive - 1));
    const own = source.file.hits.filter((hit) => hit.startLine <= end && start <= hit.endLine);
    return Math.max(0, ...own.map((hit) => hit.score)) / best;
  });
}

function pieceOf({ part, text, source }: Candidate, segments: SegmentTokenizer): Passage {
  const tokens = segments.encode(`${source.file.path}\n${text}`);
  return { id: part.id, tokens, isLong: part.parts.length >= 3 };
}
