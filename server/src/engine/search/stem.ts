/** stemOf: an English word without its endings, as SQLite's FTS5 cuts them off, so that words can be counted as it finds them. */

// Porter 1980, "An algorithm for suffix stripping" (https://tartarus.org/martin/PorterStemmer/), by the
// tables of FTS5's porter tokenizer, which leaves words alone that have fewer than 3 or over 64 letters.
// Deviation: `unicode61`, which runs before it there, also takes accents off; words with them are rare in code.

const shortest = 3;
const longest = 64;

type Rule = readonly [ending: string, replacement: string];

const step2: readonly Rule[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['logi', 'log'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
];

const step3: readonly Rule[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
];

const step4 = 'al ance ence er ic able ible ant ement ment ent ou ism ate iti ous ive ize'.split(' ');

/** `word` is lower case. Its stem need not be a word: `properties` is `properti`. */
export function stemOf(word: string): string {
  if (word.length < shortest || word.length > longest) return word;
  let stem = withoutPlural(word);
  stem = withoutTense(stem);
  if (stem.endsWith('y') && hasVowel(stem.slice(0, -1))) stem = `${stem.slice(0, -1)}i`;
  stem = replaced(stem, step2);
  stem = replaced(stem, step3);
  return withoutFinalE(withoutSuffix(stem));
}

function withoutPlural(word: string): string {
  if (!word.endsWith('s')) return word;
  if (word.endsWith('sses') || word.endsWith('ies')) return word.slice(0, -2);
  return word.endsWith('ss') ? word : word.slice(0, -1);
}

function withoutTense(word: string): string {
  if (word.endsWith('eed')) return measureOf(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const ending = ['ed', 'ing'].find((one) => word.endsWith(one));
  if (ending === undefined) return word;
  const stem = word.slice(0, -ending.length);
  if (!hasVowel(stem)) return word;
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (/([^aeiouylsz])\1$/.test(stem)) return stem.slice(0, -1);
  return measureOf(stem) === 1 && endsShort(stem) ? `${stem}e` : stem;
}

/** The longest ending that fits decides, whether it may be replaced or not. */
function replaced(word: string, rules: readonly Rule[]): string {
  const fitting = rules.filter(([ending]) => word.endsWith(ending));
  const rule = fitting.sort((a, b) => b[0].length - a[0].length)[0];
  if (!rule) return word;
  const stem = word.slice(0, -rule[0].length);
  return measureOf(stem) > 0 ? stem + rule[1] : word;
}

function withoutSuffix(word: string): string {
  const ending = step4.filter((one) => word.endsWith(one)).sort((a, b) => b.length - a.length)[0];
  if (ending !== undefined) {
    const stem = word.slice(0, -ending.length);
    return measureOf(stem) > 1 ? stem : word;
  }
  const isNoun = /[st]ion$/.test(word) && measureOf(word.slice(0, -3)) > 1;
  return isNoun ? word.slice(0, -3) : word;
}

function withoutFinalE(word: string): string {
  let stem = word;
  if (stem.endsWith('e')) {
    const rest = stem.slice(0, -1);
    const measure = measureOf(rest);
    if (measure > 1 || (measure === 1 && !endsShort(rest))) stem = rest;
  }
  return stem.endsWith('ll') && measureOf(stem.slice(0, -1)) > 1 ? stem.slice(0, -1) : stem;
}

const isVowelAt = (word: string, at: number): boolean =>
  'aeiou'.includes(word[at] as string) || (word[at] === 'y' && at > 0 && !isVowelAt(word, at - 1));

function hasVowel(word: string): boolean {
  for (let at = 0; at < word.length; at++) if (isVowelAt(word, at)) return true;
  return false;
}

/** Porter's m: how often a vowel is followed by a consonant. */
function measureOf(word: string): number {
  let measure = 0;
  for (let at = 1; at < word.length; at++) if (isVowelAt(word, at - 1) && !isVowelAt(word, at)) measure++;
  return measure;
}

/** Porter's *o: it ends in consonant, vowel, consonant, the last of which is not w, x or y. */
function endsShort(word: string): boolean {
  const n = word.length;
  if (n < 3 || 'wxy'.includes(word[n - 1] as string)) return false;
  return !isVowelAt(word, n - 3) && isVowelAt(word, n - 2) && !isVowelAt(word, n - 1);
}
