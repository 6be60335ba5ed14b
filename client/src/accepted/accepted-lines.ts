/** Lines of an accepted text: where they are after an import was added, and which edits keep to them; pure. */

/** As LSP and VS Code have it: 0-based lines, UTF-16 characters. */
export interface Span {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

/** Both inclusive. */
export interface Lines {
  readonly first: number;
  readonly last: number;
}

/** The lines of `accepted` once `edits` are made, none of which touches it. */
export function linesAfter(
  accepted: Span,
  edits: readonly { readonly range: Span; readonly newText: string }[],
): Lines {
  const { start, end } = accepted;
  const isBefore = ({ range: { end: to } }: { readonly range: Span }) =>
    to.line < start.line || (to.line === start.line && to.character <= start.character);
  const nAdded = edits
    .filter(isBefore)
    .reduce((sum, { range, newText }) => sum + nBreaks(newText) - (range.end.line - range.start.line), 0);
  return { first: start.line + nAdded, last: end.line + nAdded };
}

const nBreaks = (text: string) => text.split('\n').length - 1;

/** Whether every edit is about these lines alone; the break behind the last one belongs to none of them. */
export function isWithin({ first, last }: Lines, edits: readonly { readonly range: Span }[]): boolean {
  return edits.every(({ range: { start, end } }) => start.line >= first && end.line <= last);
}
