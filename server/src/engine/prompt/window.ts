/** Windows: how much of the text before and after the cursor goes into a prompt of a given size. */

// The start of the prefix window decides whether the next request can reuse the cache: if it moved
// with every line typed, every row would be computed anew. So windows start only at lines chosen by
// their own content (content-defined chunking, as in rsync and LBFS, Muthitacharoen et al. 2001,
// section 3.1): the choice needs no memory and survives edits anywhere else in the file.

/** Turns text into tokens; must be cheap for text that it saw before. */
export type Encode = (text: string) => Int32Array;

/** One line in this many may start a window: larger moves the window less often but wastes more of it. */
const linesPerBoundary = 6;

/** Characters per token that no code exceeds for long: only bounds how much text is looked at. */
const maxCharsPerToken = 8;

/** The tokens of the end of `textBefore`, at most `budgetTokens` of them. */
export function prefixWindow(textBefore: string, budgetTokens: number, encode: Encode): Int32Array {
  if (budgetTokens <= 0) return new Int32Array(0);
  const earliest = Math.max(0, textBefore.length - budgetTokens * maxCharsPerToken);
  let start = boundaryAtOrAfter(textBefore, earliest) ?? earliest;
  for (;;) {
    const tokens = encode(textBefore.slice(start));
    const excess = tokens.length - budgetTokens;
    if (excess <= 0) return tokens;
    const next = boundaryAtOrAfter(textBefore, start + excess); // a token is at least one character
    if (next === undefined) return tokens.subarray(excess); // no boundary left: cut where it fits
    start = next;
  }
}

/** The tokens of the start of `textAfter`, at most `budgetTokens` of them, whole lines if any fits. */
export function suffixWindow(textAfter: string, budgetTokens: number, encode: Encode): Int32Array {
  if (budgetTokens <= 0) return new Int32Array(0);
  let text = textAfter.slice(0, budgetTokens * maxCharsPerToken);
  for (;;) {
    const tokens = encode(text);
    const excess = tokens.length - budgetTokens;
    if (excess <= 0) return tokens;
    const cut = text.lastIndexOf('\n', text.length - 1 - excess);
    if (cut <= 0) return tokens.subarray(0, budgetTokens);
    text = text.slice(0, cut);
  }
}

/** The first line start ≥ `offset` that may start a window: the text's start, or a boundary line. */
function boundaryAtOrAfter(text: string, offset: number): number | undefined {
  if (offset <= 0) return 0;
  for (let start = text.indexOf('\n', offset - 1) + 1; start > 0; ) {
    const end = text.indexOf('\n', start);
    if (end < 0) return undefined; // the line that is being typed never is one
    if (isBoundary(text, start, end)) return start;
    start = end + 1;
  }
  return undefined;
}

/** FNV-1a over the line [start, end), of which one in `linesPerBoundary` qualifies. */
function isBoundary(text: string, start: number, end: number): boolean {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % linesPerBoundary === 0;
}
