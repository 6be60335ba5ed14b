/** finishAccepted: after a suggestion was taken, imports what it names and formats its lines, within its undo step. */

import { type Disposable, Position, Range } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  type MissingImportsParams,
  type MissingImportsResponse,
  missingImportsRequest,
} from '../../../protocol/messages.ts';
import { linesAfter } from './accepted-lines.ts';
import type { Acceptance, AcceptedSuggestions } from './accepted-suggestions.ts';
import { formatAccepted } from './format-accepted.ts';

export function finishAccepted(client: LanguageClient, accepted: AcceptedSuggestions): Disposable {
  return accepted.onDidAccept((acceptance) => {
    // What cannot be done is no error: the text stands, and the editor's own commands are there.
    finish(client, acceptance).catch(() => {});
  });
}

/** One after the other: each is for the document that the one before it left. */
async function finish(client: LanguageClient, acceptance: Acceptance): Promise<void> {
  const { editor, range, version } = acceptance;
  const imports = await missingImports(client, acceptance).catch(() => []);
  const isChanged = imports.length > 0 && (await addImports(acceptance, imports));
  const lines = linesAfter(range, isChanged ? imports : []);
  await formatAccepted(editor, lines, version + (isChanged ? 1 : 0));
}

async function missingImports(
  client: LanguageClient,
  { editor: { document }, range: { start, end }, version }: Acceptance,
): Promise<MissingImportsResponse['edits']> {
  const params: MissingImportsParams = {
    uri: client.code2ProtocolConverter.asUri(document.uri),
    version,
    range: {
      start: { line: start.line, character: start.character },
      end: { line: end.line, character: end.character },
    },
  };
  const answer = await client.sendRequest<MissingImportsResponse | null>(missingImportsRequest, params);
  return answer?.edits ?? [];
}

/** False where the document is another by now: somebody who typed on has begun another undo step. */
async function addImports(
  { editor, version }: Acceptance,
  edits: MissingImportsResponse['edits'],
): Promise<boolean> {
  const { document } = editor;
  if (document.version !== version || document.isClosed) return false;
  return editor.edit(
    (edit) => {
      for (const { range, newText } of edits) edit.replace(toRange(range), newText);
    },
    { undoStopBefore: false, undoStopAfter: false },
  );
}

function toRange({ start, end }: MissingImportsParams['range']): Range {
  return new Range(new Position(start.line, start.character), new Position(end.line, end.character));
}
