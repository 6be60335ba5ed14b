/** searchDatabase: the connection string of a search database, kept in the editor's secret storage. */

import { commands, type ExtensionContext, window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { searchDatabaseRequest } from '../../../protocol/messages.ts';

const secretKey = 'searchDatabase';

/** The server asks for it when `stet.search.backend` is `postgres`; it is sent nowhere else. */
export function answerSearchDatabase(context: ExtensionContext, server: LanguageClient): void {
  server.onRequest(searchDatabaseRequest, async () => (await context.secrets.get(secretKey)) ?? null);
}

export async function setSearchDatabase(context: ExtensionContext): Promise<void> {
  const url = await window.showInputBox({
    title: 'Set Search Database',
    prompt: 'Connection string of a PostgreSQL database with pgvector; empty to forget the one that is kept.',
    placeHolder: 'postgres://user:password@host:5432/database',
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text === '' || /^postgres(ql)?:\/\/\S+$/.test(text) ? undefined : 'It starts with postgres://',
  });
  if (url === undefined) return;
  if (url === '') await context.secrets.delete(secretKey);
  else await context.secrets.store(secretKey, url);
  await commands.executeCommand('stet.restartServer'); // which asks for it again
}
