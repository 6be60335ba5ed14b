/** Repetition: finds where a generated text began to go round in circles. */

// Small models loop: the same line, the same few lines or the same phrase, until the limit. A true
// text repeats itself too (a table of zeros, a row of dashes), so the less a unit says, the more
// often it may come.

/** Lines that may be one turn of a loop: more than a suggestion has twice, with the settings' defaults. */
const maxPeriodLines = 16;

/** Statements that may be one turn of a row of statements of the same kinds. */
const maxPeriodShapes = 4;

/** Letters and digits that make a line worth counting: `}` and `);` may well follow each other. */
const minLineWeight = 3;

/** Characters that may be one turn of a loop within a line. */
const maxPeriodChars = 64;

/** Lists do hold equal entries: lines that end in a comma are a loop only when they come this often. */
const nListTurns = 4;

/** A phrase of at least this many letters and digits may come twice in a row; a third time is a loop. */
const minPhraseWeight = 8;

/** A phrase with a name in it (`0; i < `) is a loop when it comes this often. */
const nNamingTurns = 5;

/** A phrase that says less is a loop once it has filled this many characters. */
const maxFillerChars = 100;

/** The index of the first line that begins the second turn of a loop; undefined when there is none. */
export function repeatedLine(lines: readonly string[]): number | undefined {
  for (let end = 2; end <= lines.length; end++) {
    for (let period = 1; period <= maxPeriodLines && 2 * period <= end; period++) {
      const nTurns = /,\s*$/.test(lines[end - 1] as string) ? nListTurns : 2;
      const second = end - (nTurns - 1) * period;
      if (second < period || !isRepeated(lines, second, end, period)) continue;
      if (weightOf(lines.slice(end - period, end).join('')) >= minLineWeight) return second;
    }
  }
  return undefined;
}

/** The length of `line` after the first turn of a phrase that it ends in repeating; undefined when it does not. */
export function repeatedPhrase(line: string): number | undefined {
  for (let period = 1; period <= maxPeriodChars && 3 * period <= line.length; period++) {
    let start = line.length - period;
    while (start > 0 && line.charCodeAt(start - 1) === line.charCodeAt(start - 1 + period)) start--;
    const repeated = line.length - start;
    if (repeated < 3 * period) continue;
    const phrase = line.slice(-period);
    const isTelling = weightOf(phrase) >= minPhraseWeight;
    const isNaming = /\p{L}/u.test(phrase) && weightOf(phrase) >= 2 && repeated >= nNamingTurns * period;
    if (isTelling || isNaming || repeated >= maxFillerChars) return start + period;
    return undefined; // longer periods are multiples
  }
  return undefined;
}

/** Statements that do come in rows: nobody writes one import. */
const rowStatements = /^\s*(import|from|export|using|use|#include|require|case)\b/;

/** Letters and digits that one turn must have: closing brackets have a kind too. */
const minShapeWeight = 6;

/**
 * For each line, how many turns of one to `maxPeriodShapes` statements of the same kinds stand right
 * before the turn that it ends: 0 for most lines. Entries of lists, which end in a comma, do repeat.
 */
export function shapeRepeats(lines: readonly string[]): number[] {
  const shapes = lines.map(shapeOf);
  return lines.map((_, i) => {
    let most = 0;
    for (let period = 1; period <= maxPeriodShapes && 2 * period <= i + 1; period++) {
      const turn = lines.slice(i + 1 - period, i + 1);
      if (turn.some((line) => /,\s*$/.test(line) || rowStatements.test(line))) continue;
      if (weightOf(turn.join('')) < minShapeWeight) continue;
      let start = i + 1 - period; // the turns [start, i] are all alike
      while (start >= period && isRepeated(shapes, start, start + period, period)) start -= period;
      most = Math.max(most, (i + 1 - period - start) / period);
    }
    return most;
  });
}

/** A statement without its names, texts and numbers. */
function shapeOf(line: string): string {
  return line
    .replace(/(["'`])(?:\\.|(?!\1).)*\1/g, 's')
    .replace(/\d+(?:\.\d+)?/g, 'n')
    .replace(/[A-Za-z_$][\w$]*/g, 'w');
}

/** True when the lines [second, end) each equal the one `period` before. */
function isRepeated(lines: readonly string[], second: number, end: number, period: number): boolean {
  for (let i = second; i < end; i++) if (lines[i] !== lines[i - period]) return false;
  return true;
}

/** How much a text says: its letters and digits. */
function weightOf(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
}
