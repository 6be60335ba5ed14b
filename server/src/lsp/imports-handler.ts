/** importsOf: the edits that import what an accepted suggestion names and does not have. */

import type { MissingImportsParams, MissingImportsResponse } from '../../../protocol/messages.ts';
import type { Settings } from '../../../protocol/settings.ts';
import type { Documents } from './documents.ts';
import { isRange } from './from-lsp.ts';

/** Static analysis of the document's language; no edits where nobody knows. Offsets in UTF-16 units of `text`. */
export type MissingImports = (
  query: {
    readonly uri: string;
    readonly languageId: string;
    readonly text: string;
    readonly start: number;
    readonly endExclusive: number;
  },
  signal: AbortSignal,
) => Promise<readonly { readonly start: number; readonly endExclusive: number; readonly text: string }[]>;

interface Parts {
  readonly documents: Documents;
  readonly missingImports: MissingImports;
}

/** Null where it is turned off, where nobody knows, and where the document is another by now. */
export async function importsOf(
  { documents, missingImports }: Parts,
  settings: Settings,
  params: unknown,
  signal: AbortSignal,
): Promise<MissingImportsResponse | null> {
  const { uri, version, range } = (params ?? {}) as Partial<MissingImportsParams>;
  if (!settings['completion.autoImport'] || uri === undefined || !isRange(range)) return null;
  const document = documents.get(uri);
  // A cell's names may come from the cells above it, which nobody looks at here.
  if (!document || document.version !== version || documents.isCell(uri)) return null;
  const text = document.getText();
  const [start, endExclusive] = [document.offsetAt(range.start), document.offsetAt(range.end)];
  const query = { uri: document.uri, languageId: document.languageId, text, start, endExclusive };
  const changes = await missingImports(query, signal);
  if (document.version !== version || changes.length === 0) return null;
  return {
    edits: changes.map((change) => ({
      range: { start: document.positionAt(change.start), end: document.positionAt(change.endExclusive) },
      newText: change.text,
    })),
  };
}
