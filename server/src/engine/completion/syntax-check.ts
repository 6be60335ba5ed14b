/** withoutBrokenEnd: cuts the last lines of a suggestion when the document parses better without them. */

// The stop rules work on text alone, because around a cursor code is unfinished. A finished suggestion
// of several lines is another matter: the parser sees it in its place, and lines that only add errors
// (the beginning of the next function, a bracket too many) are not worth showing.

import { nErrors } from '../syntax/errors.ts';
import type { Trees } from '../syntax/trees.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';

/** Where a suggested text goes: the document is `before` + text + `after`. */
export interface Spot {
  readonly snapshot: DocumentSnapshot;
  readonly before: string;
  readonly after: string;
}

/**
 * The longest beginning of `text`, in whole lines, with the fewest syntax errors in the document.
 * All of it when it is one line, or when there is no grammar or the file is too large.
 */
export async function withoutBrokenEnd(trees: Trees, spot: Spot, text: string): Promise<string> {
  const lines = text.split('\n');
  if (lines.length === 1) return text;
  const { uri, languageId, version } = spot.snapshot;
  const errorsOf = (candidate: string) => {
    const document = spot.before + candidate + spot.after;
    // A document of its own: the tree of the real one stays what it is.
    return trees.read(new DocumentSnapshot(`${uri}#suggested`, languageId, version, document), nErrors);
  };
  let best = text;
  let fewest = await errorsOf(text);
  for (let nLine = lines.length - 1; nLine > 0 && fewest !== undefined && fewest > 0; nLine--) {
    const candidate = lines.slice(0, nLine).join('\n').trimEnd();
    const n = candidate === '' ? undefined : await errorsOf(candidate);
    if (n !== undefined && n < fewest) [best, fewest] = [candidate, n];
  }
  return best;
}
