/** chunk-doc: what a documentation comment says, without its markers. */

/** Longer documentation is cut: a chunk's doc is for ranking and for one glance. */
const maxDocLength = 2000;

/** The text of the comments in `source` (comments, attributes and white space only), as plain lines. */
export function commentText(source: string): string {
  const lines: string[] = [];
  let isInBlock = false;
  for (const raw of source.slice(0, 2 * maxDocLength).split('\n')) {
    let line = raw.trim();
    if (isInBlock) {
      isInBlock = !line.includes('*/');
      line = line.replace(/\*\/.*$/, '').replace(/^\*+ ?/, '');
    } else if (line.startsWith('/*')) {
      isInBlock = !line.includes('*/', 2);
      line = line.replace(/^\/\*+!? ?/, '').replace(/\*\/.*$/, '');
    } else if (/^(?:\/\/|#(?![![]))/.test(line)) {
      line = line.replace(/^(?:\/\/[/!]?|#+) ?/, '');
    } else if (line.startsWith('#!')) {
      line = '';
    } else {
      continue; // a decorator or an attribute
    }
    lines.push(line.trimEnd());
  }
  return tidied(lines);
}

/** The text of a Python docstring, given the string with its quotes. */
export function docstringText(source: string): string {
  const text = source.replace(/^[a-zA-Z]*("""|'''|"|')/, '').replace(/("""|'''|"|')$/, '');
  return tidied(text.slice(0, maxDocLength).split('\n'));
}

function tidied(lines: readonly string[]): string {
  return lines
    .map((line) => line.replace(/<\/?(?:summary|remarks|para|returns)>/g, '').trim()) // of C#'s XML
    .join('\n')
    .trim()
    .slice(0, maxDocLength);
}
