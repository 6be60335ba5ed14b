/** missingImports: the imports that a stretch of text lacks, where one module alone can be meant. */

// The compiler's own quick fix says how an import is written: path style, an existing statement that is
// added to, `import type`. A name that two modules export, or none, is left to the person: a wrong import
// is worse than none.

import type ts from 'typescript';
import { type Stretch, statementsAround } from './errors.ts';
import type { Project } from './project.ts';
import type { TextChange } from './wire.ts';

/** `Cannot find name`, with and without a guess at a misspelling. */
const unknownName = new Set([2304, 2552]);

/** Names that are looked for: a suggestion that lacks more is about something else. */
const maxNames = 4;

/** In offsets of `where.text`, in order; none touches the stretch. Undefined while the project does not hold the file. */
export function missingImports(project: Project, fileName: string, where: Stretch): TextChange[] | undefined {
  const { text, start, endExclusive } = where;
  const file = project.file(fileName, text);
  if (!file?.tree.externalModuleIndicator) return undefined; // a script has no imports
  const { frozen, tree } = file;
  const nodes = statementsAround(tree, where);
  const unknown = new Map<string, ts.Diagnostic>();
  for (const error of frozen.errors(nodes)) {
    const { code, start: at = -1, length = 0 } = error;
    const isIn = at >= start && at + length <= endExclusive;
    if (unknownName.has(code) && isIn) unknown.set(text.slice(at, at + length), error);
  }
  if (unknown.size > maxNames) return [];
  const changes = [...unknown.values()].flatMap((error) => {
    const fixes = frozen.importFixes(error);
    const [only] = fixes;
    if (fixes.length !== 1 || only?.changes.length !== 1 || only.commands) return [];
    return (only.changes[0] as ts.FileTextChanges).textChanges.map(({ span, newText }) => ({
      start: span.start,
      endExclusive: span.start + span.length,
      text: newText,
    }));
  });
  const isApart = (change: TextChange) => change.endExclusive <= start || change.start >= endExclusive;
  return changes.every(isApart) ? changes : [];
}
