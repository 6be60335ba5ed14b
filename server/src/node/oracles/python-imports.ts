/** pythonImports: the imports that a stretch of Python lacks, where pyright knows one module alone for a name. */

// Pyright has no quick fix for it (Pylance has), but its list of completions offers names of modules that
// it has read, each with the edit that would import it. It has read what the open files import, and what
// that imports; of a name that it does not find there it says nothing, and nothing is imported.

import { LineIndex } from '../../engine/text/line-index.ts';
import type { LspDiagnostic } from './diagnostics.ts';
import type { LspOracle } from './lsp-oracle.ts';
import { type Position, positionAt } from './overlay.ts';
import type { ImportsQuery, TextChange } from './typescript/wire.ts';

/** Names that are looked for: a suggestion that lacks more is about something else. */
const maxNames = 4;

const unknownName = 'reportUndefinedVariable';

/** Of the completions that pyright offers, as on the wire. */
interface Offered {
  readonly label?: unknown;
  readonly labelDetails?: { readonly description?: unknown };
  readonly additionalTextEdits?: readonly {
    readonly range: { readonly start: Position; readonly end: Position };
    readonly newText: string;
  }[];
}

/** In offsets of the query's text, in order; none touches the stretch. Undefined: no answer in time. */
export async function pythonImports(
  oracle: LspOracle,
  query: ImportsQuery,
  signal: AbortSignal,
): Promise<readonly TextChange[] | undefined> {
  const { uri, text, start, endExclusive } = query;
  const index = new LineIndex(text);
  const textDocument = { uri };
  return oracle.consult(query, signal, async (ask) => {
    const report = await ask<{ items?: readonly LspDiagnostic[] } | null>('textDocument/diagnostic', {
      textDocument,
    });
    const names = new Map<string, number>(); // each with where it ends
    for (const { code, range } of report?.items ?? []) {
      if (code !== unknownName || !range?.start || !range.end) continue;
      const [from, to] = [offsetAt(index, range.start), offsetAt(index, range.end)];
      if (from >= start && to <= endExclusive) names.set(text.slice(from, to), to);
    }
    if (names.size > maxNames) return [];
    const changes: TextChange[] = [];
    for (const [name, end] of names) {
      const position = positionAt(index, end);
      const params = { textDocument, position, context: { triggerKind: 1 } };
      const list = await ask<{ items?: readonly Offered[] } | readonly Offered[] | null>(
        'textDocument/completion',
        params,
      );
      changes.push(...onlyImport(itemsOf(list), name, index));
    }
    changes.sort((a, b) => a.start - b.start);
    const isApart = (change: TextChange, i: number) =>
      (change.endExclusive <= start || change.start >= endExclusive) &&
      change.endExclusive <= (changes[i + 1]?.start ?? text.length);
    return changes.every(isApart) ? changes : [];
  });
}

/** The edits of the one module that exports `name`; none where there are several. */
function onlyImport(offered: readonly Offered[], name: string, index: LineIndex): TextChange[] {
  const imports = offered.filter(
    ({ label, additionalTextEdits }) => label === name && (additionalTextEdits?.length ?? 0) > 0,
  );
  const [only] = imports;
  if (imports.length !== 1 || !isImportable(String(only?.labelDetails?.description ?? ''))) return [];
  return (only?.additionalTextEdits ?? []).map(({ range, newText }) => ({
    start: offsetAt(index, range.start),
    endExclusive: offsetAt(index, range.end),
    text: newText,
  }));
}

/** Not `_typeshed`, which is there for checkers only, nor `typing_extensions`, which pyright knows also where it is not installed. */
const isImportable = (module: string) => !/(?:^|\.)_|^typing_extensions$/.test(module);

function itemsOf(list: { items?: readonly Offered[] } | readonly Offered[] | null): readonly Offered[] {
  if (Array.isArray(list)) return list;
  return (list as { items?: readonly Offered[] } | null)?.items ?? [];
}

const offsetAt = (index: LineIndex, { line, character }: Position) => index.startOf(line) + character;
