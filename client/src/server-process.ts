/** createLanguageClient: the language server as a child over node IPC, for documents of every language. */

import { type ExtensionContext, type LogOutputChannel, workspace } from 'vscode';
import { LanguageClient, RevealOutputChannelOn, TransportKind } from 'vscode-languageclient/node';
import type { InitializationOptions } from '../../protocol/messages.ts';
import { createMiddleware, type MiddlewareParts } from './middleware.ts';

/** Text that a person writes; output panels, diffs against git and the like are left alone. */
const schemes = ['file', 'untitled', 'vscode-notebook-cell', 'vscode-vfs'];

/** The server is started again this often within three minutes when it dies. */
const maxRestartCount = 4;

export function createLanguageClient(
  context: ExtensionContext,
  log: LogOutputChannel,
  middleware: MiddlewareParts,
): LanguageClient {
  // Asked at every start: a workspace may have come to be trusted since the last one.
  const initializationOptions = (): InitializationOptions => ({
    embeddedModelFolder: context.asAbsolutePath('model'),
    storageFolder: context.globalStorageUri.fsPath,
    hasStatusItem: true,
    isWorkspaceTrusted: workspace.isTrusted,
    hasSearchDatabase: true,
    hasRemoteAccess: true,
  });
  return new LanguageClient(
    'stet',
    'Stet',
    { module: context.asAbsolutePath('dist/server.cjs'), transport: TransportKind.ipc },
    {
      documentSelector: schemes.map((scheme) => ({ scheme })),
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never, // never in the way of typing
      initializationOptions,
      middleware: createMiddleware(middleware),
      connectionOptions: { maxRestartCount },
    },
  );
}
