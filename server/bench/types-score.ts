/** types-score: the measures of monitor-guided decoding, by the definitions of the paper's own scripts. */

// Agrawal et al. 2023, section 4.2, https://arxiv.org/abs/2306.10763: NIM, the first token is the true
// one; ISM, how far the identifiers agree; PM, how far the tokens agree; each of the text cut where the
// function ends. Theirs come from Pygments' Java lexer; this one knows just as much of three languages.

export interface Scores {
  /** 1 or 0. */
  readonly nextIdentifier: number;
  /** Common prefix of the identifiers, as a share of the true ones. */
  readonly identifiers: number;
  /** Common prefix of the tokens, as a share of the true ones. */
  readonly prefix: number;
}

const keywords = new Set(
  `abstract and as assert async await break case catch class const continue debugger def default del delete do
  elif else enum except export extends False finally for from function global if implements import in
  instanceof interface is lambda let new None nonlocal not null of or pass private protected public raise
  readonly return static super switch this throw True try true false typeof undefined var void while with
  yield`.split(/\s+/),
);

const lexemes =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|#(?![\p{L}_])[^\n]*|"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?|#?[\p{L}_$][\p{L}\p{N}_$]*|\d[\w.]*|=>|[-+*/%&|^=!<>?:]?=+|&&|\|\||\?\?|\?\.|\.\.\.|\S/gu;

/** Tokens without white space and comments. */
export function tokensOf(text: string, languageId: string): string[] {
  const isPython = languageId === 'python';
  return [...text.matchAll(lexemes)]
    .map(([token]) => token)
    .filter((token) => !(isPython ? /^#/.test(token) : /^\/[/*]/.test(token)));
}

export const isIdentifier = (token: string): boolean =>
  /^#?[\p{L}_$][\p{L}\p{N}_$]*$/u.test(token) && !keywords.has(token);

export function scoresOf(generated: string, truth: string, languageId: string): Scores {
  const written = tokensOf(generated, languageId);
  const wanted = tokensOf(truth, languageId);
  const names = wanted.filter(isIdentifier);
  return {
    nextIdentifier: wanted.length > 0 && written[0] === wanted[0] ? 1 : 0,
    identifiers: commonPrefix(written.filter(isIdentifier), names) / Math.max(1, names.length),
    prefix: commonPrefix(written, wanted) / Math.max(1, wanted.length),
  };
}

/** Where the function that `generated` goes on with is over; undefined while it is not. */
export function functionEnd(generated: string, languageId: string, indent: number): number | undefined {
  return languageId === 'python' ? dedentIn(generated, indent) : strayBraceIn(generated);
}

/** The line break before the first line of code that stands further left than the body. */
function dedentIn(text: string, indent: number): number | undefined {
  for (const { index, 1: space = '' } of text.matchAll(/\n([ \t]*)(?=[^\s#])/g)) {
    if (space.length < indent && !isInsideBrackets(text.slice(0, index))) return index;
  }
  return undefined;
}

const isInsideBrackets = (text: string) =>
  (text.match(/[([{]/g)?.length ?? 0) > (text.match(/[)\]}]/g)?.length ?? 0);

/** The first closing brace without an opening one, outside strings and comments. */
function strayBraceIn(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(lexemes)) {
    if (token === '{') depth++;
    else if (token === '}' && --depth < 0) return index;
  }
  return undefined;
}

/** The rest of the statement that stands at the cursor: to the end of the line on which no bracket is open. */
export function firstStatement(generated: string): string {
  let depth = 0;
  for (const { 0: token, index } of generated.matchAll(/["'`](?:\\.|[^"'`\\\n])*["'`]|[([{]|[)\]}]|\n/g)) {
    if (token === '\n' && depth <= 0) return generated.slice(0, index);
    if ('([{'.includes(token)) depth++;
    else if (')]}'.includes(token)) depth--;
  }
  return generated;
}

function commonPrefix(a: readonly string[], b: readonly string[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}
