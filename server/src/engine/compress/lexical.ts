/** lexicalScores: BM25 between a query and pieces of code; the cheap filter before any model is asked. */

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

/** One score for each of `sources`, ≥ 0; 0 where no word is shared. */
export function lexicalScores(query: string, sources: readonly WordSource[]): Float64Array {
  const wanted = new Set(wordsOf(query));
  const counts = sources.map(({ text, name }) => {
    const count = new Map<string, number>();
    let length = 0;
    const add = (word: string, times: number) => {
      length += times;
      if (wanted.has(word)) count.set(word, (count.get(word) ?? 0) + times);
    };
    for (const word of wordsOf(text)) add(word, 1);
    for (const word of wordsOf(name)) add(word, nameWeight);
    return { count, length };
  });
  const mean = counts.reduce((sum, { length }) => sum + length, 0) / Math.max(1, counts.length) || 1;
  const weights = new Map<string, number>();
  for (const word of wanted) {
    const n = counts.reduce((sum, { count }) => sum + (count.has(word) ? 1 : 0), 0);
    weights.set(word, Math.log(1 + (counts.length - n + 0.5) / (n + 0.5)));
  }
  return Float64Array.from(counts, ({ count, length }) => {
    let score = 0;
    for (const [word, n] of count) {
      score += ((weights.get(word) as number) * n * (k1 + 1)) / (n + k1 * (1 - b + (b * length) / mean));
    }
    return score;
  });
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
