/** Words: text cut into the words that search compares: identifiers split, ASCII letters lower-cased. */

// One rule for queries and code, and for both ways of finding: the encoder was trained on these words
// (training/stetlm/encoder.py, `words`), and every store's lexical index is filled with them. Stemming is
// the store's own business, on both sides alike: its engine knows how.

/** Letters in a row that are longer are data (base64, hashes), not words. */
export const maxWordChars = 32;

/** `getHTTPServer_v2` is get, HTTP, Server, v, 2. Everything beyond ASCII counts as a small letter. */
export const wordPattern = '[A-Z]+(?![^\\x00-\\x60\\x7b-\\x7f])|[A-Z]?[^\\x00-\\x60\\x7b-\\x7f]+|[0-9]+';

const word = new RegExp(wordPattern, 'g');

/** Runs that no word crosses the end of. */
const run = /[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+/g;

/** What programmers call one name: runs joined by `_` and `$`. */
const identifier = /[^\x00-\x23\x25-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+/g;

/** Distinct pieces kept split: code repeats itself. About 10 MB when full. */
const maxRemembered = 50_000;

/** The words of `text` in order; those of more than {@link maxWordChars} code points are left out. */
export function splitWords(text: string): string[] {
  return wordsIn(text, run, splitRun);
}

/**
 * The words that BM25 counts: as {@link splitWords}, and after the words of an identifier that has more
 * than one also all of them as one (`parse_config` and `parseConfig` are parse, config, parseconfig), so
 * that a whole identifier is worth more than its parts.
 */
export function lexicalWords(text: string): string[] {
  return wordsIn(text, identifier, splitIdentifier);
}

function wordsIn(text: string, pieces: RegExp, split: (piece: string) => readonly string[]): string[] {
  const words: string[] = [];
  for (const [piece] of text.matchAll(pieces)) for (const found of split(piece)) words.push(found);
  return words;
}

const splitRun = remembered((piece) =>
  (piece.match(word) ?? []).filter(isShort).map((found) => found.replace(/[A-Z]+/g, (s) => s.toLowerCase())),
);

const splitIdentifier = remembered((piece) => {
  const words = splitWords(piece);
  const whole = words.join('');
  return words.length > 1 && whole.length <= 2 * maxWordChars ? [...words, whole] : words;
});

function isShort(found: string): boolean {
  return (
    found.length <= maxWordChars || (found.length <= 2 * maxWordChars && [...found].length <= maxWordChars)
  );
}

/** `split`, its answers remembered until there are too many of them. */
function remembered(split: (piece: string) => readonly string[]): (piece: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (piece) => {
    let words = known.get(piece);
    if (words) return words;
    words = split(piece);
    if (piece.length > 2 * maxWordChars) return words;
    if (known.size >= maxRemembered) known.clear();
    known.set(piece, words);
    return words;
  };
}
