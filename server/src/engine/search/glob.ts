/** globSource: a glob pattern as a regular expression, written so that every store's engine reads it alike. */

// The embedded store matches with JavaScript's engine, PostgreSQL with its own. So only what both have
// is written: groups, classes, `*`, `?`, `|`, anchors; no look-around, no `\p`, no flags.

/**
 * The source of an expression for absolute paths with forward slashes. `*` and `?` stay within a
 * folder, `**` does not, `{a,b}` and `[a-c]` are as in editors. A pattern that starts with `/` is
 * matched from the path's start, every other one from any folder on; what it names may be a folder,
 * which stands for all below it. Braces or brackets that do not close stand for themselves.
 */
export function globSource(glob: string): string {
  const pattern = glob
    .replace(/^\.\//, '')
    .replace(/\/+$/, '')
    .replace(/\*{3,}/g, '**')
    .replace(/(\*\*\/){2,}/g, '**/'); // each would be tried with each share of a path
  const start = pattern.startsWith('/') ? '^' : '(^|/)';
  return `${start}${translate(pattern)}(/|$)`;
}

function translate(pattern: string): string {
  let source = '';
  for (let i = 0; i < pattern.length; ) {
    const rest = pattern.slice(i);
    const [token, translated] = nextToken(rest);
    source += translated;
    i += token.length;
  }
  return source;
}

/** The pattern's first token, and what stands for it. */
function nextToken(rest: string): readonly [string, string] {
  if (rest.startsWith('**/')) return ['**/', '(.*/)?'];
  if (rest.startsWith('**')) return ['**', '.*'];
  if (rest.startsWith('*')) return ['*', '[^/]*'];
  if (rest.startsWith('?')) return ['?', '[^/]'];
  const braces = /^\{([^{}]*)\}/.exec(rest);
  if (braces) return [braces[0], `(${(braces[1] as string).split(',').map(translate).join('|')})`];
  const brackets = /^\[(!?)((?:[^\]/\\[-](?:-[^\]/\\[-])?)+)\]/.exec(rest);
  if (brackets && hasOrderedRanges(brackets[2] as string)) {
    return [brackets[0], `[${brackets[1] ? '^/' : ''}${(brackets[2] as string).replace(/\^/g, '\\^')}]`];
  }
  const [character] = rest as unknown as [string];
  return [character, character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&')];
}

/** `[z-a]` is no class but an error, in both engines. */
function hasOrderedRanges(members: string): boolean {
  return [...members.matchAll(/(.)-(.)/g)].every(([, low, high]) => (low as string) <= (high as string));
}
