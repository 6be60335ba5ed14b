/** addMissingImports: imports what an accepted suggestion names, within the undo step of the suggestion. */

import { type Disposable, Position, Range } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  type MissingImportsParams,
  type MissingImportsResponse,
  missingImportsRequest,
} from '../../../protocol/messages.ts';
import type { Acceptance, AcceptedSuggestions } from './accepted-suggestions.ts';

export function addMissingImports(client: LanguageClient, accepted: AcceptedSuggestions): Disposable {
  return accepted.onDidAccept((acceptance) => {
    // What cannot be imported is no error: the text stands, and the language's own quick fix is there.
    addTo(client, acceptance).catch(() => {});
  });
}

async function addTo(client: LanguageClient, { editor, range, version }: Acceptance): Promise<void> {
  const { document } = editor;
  const uri = client.code2ProtocolConverter.asUri(document.uri);
  const { start, end } = range;
  const params: MissingImportsParams = {
    uri,
    version,
    range: {
      start: { line: start.line, character: start.character },
      end: { line: end.line, character: end.character },
    },
  };
  const answer = await client.sendRequest<MissingImportsResponse | null>(missingImportsRequest, params);
  // Somebody who typed on has begun another undo step: into that one the import does not belong.
  if (!answer || document.version !== version || document.isClosed) return;
  await editor.edit(
    (edit) => {
      for (const { range: where, newText } of answer.edits) edit.replace(toRange(where), newText);
    },
    { undoStopBefore: false, undoStopAfter: false },
  );
}

function toRange({ start, end }: MissingImportsParams['range']): Range {
  return new Range(new Position(start.line, start.character), new Position(end.line, end.character));
}
