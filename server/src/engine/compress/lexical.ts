/** WordScores: BM25 between a query and pieces of code; the cheap filter before any model is asked. */

// Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", section 3.
// Words are identifiers and their parts: `parseCart` is parsecart, parse and cart.

const k1 = 1.2;
const b = 0.5;

/** A name is worth this many occurrences in the code. */
const nameWeight = 3;

/** A piece of code as far as words go. */
export interface WordSource {
  readonly text: string;
  readonly name: string;
}

/** How often a text has each of its words. */
export interface WordCounts {
  readonly times: ReadonlyMap<string, number>;
  /** Of all of them together. */
  readonly length: number;
}

export function countWords(text: string): WordCounts {
  const times = new Map<string, number>();
  const words = wordsOf(text);
  for (const word of words) times.set(word, (times.get(word) ?? 0) + 1);
  return { times, length: words.length };
}

/** One query against one set of pieces; how rare a word is, and how long a piece, is judged by the set. */
export class WordScores {
  /** One for each of `sources`, ≥ 0; 0 where no word is shared. */
  readonly all: Float64Array;
  private readonly weights = new Map<string, number>();
  private readonly meanLength: number;

  /** `counted`: `countWords`, or one that remembers. */
  constructor(
    query: string,
    sources: readonly WordSource[],
    private readonly counted: (text: string) => WordCounts = countWords,
  ) {
    const counts = sources.map((source) => this.counts(source));
    const n = counts.length;
    this.meanLength = counts.reduce((sum, { length }) => sum + length, 0) / Math.max(1, n) || 1;
    for (const word of new Set(wordsOf(query))) {
      const nHolds = counts.reduce((sum, { text, name }) => {
        return sum + (text.times.has(word) || name.times.has(word) ? 1 : 0);
      }, 0);
      if (nHolds > 0) this.weights.set(word, Math.log(1 + (n - nHolds + 0.5) / (nHolds + 0.5)));
    }
    this.all = Float64Array.from(counts, (one) => this.score(one));
  }

  /** Of another text, such as what is left of one of the pieces, on the same scale. */
  of(source: WordSource): number {
    return this.score(this.counts(source));
  }

  private counts(source: WordSource) {
    const text = this.counted(source.text);
    const name = this.counted(source.name);
    return { text, name, length: text.length + nameWeight * name.length };
  }

  private score({ text, name, length }: ReturnType<WordScores['counts']>): number {
    const norm = k1 * (1 - b + (b * length) / this.meanLength);
    let score = 0;
    for (const [word, weight] of this.weights) {
      const n = (text.times.get(word) ?? 0) + nameWeight * (name.times.get(word) ?? 0);
      if (n > 0) score += (weight * n * (k1 + 1)) / (n + norm);
    }
    return score;
  }
}

/** Words so common in code that they tell nothing, whatever the repository. */
const stopWords = new Set(
  'the a an of to in is it and or for if else return const let var new this self def function class import from'.split(
    ' ',
  ),
);

/** Identifiers, lower-cased, and their parts. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [identifier] of text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu)) {
    const parts = identifier
      .split(/[_$]+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u)
      .filter(Boolean);
    if (parts.length > 1) words.push(identifier.toLowerCase());
    for (const part of parts) words.push(part.toLowerCase());
  }
  return words.filter((word) => word.length > 1 && !stopWords.has(word));
}
