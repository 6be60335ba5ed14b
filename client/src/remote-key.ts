/** attachRemoteKey: the key of a model on another machine, kept in the editor's secret storage and nowhere else. */

import { commands, type Disposable, type ExtensionContext, window, workspace } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { type RemoteAccess, type RemoteAccessParams, remoteAccessRequest } from '../../protocol/messages.ts';

/** By origin, so that another server in the setting does not get this one's key. */
const secretOf = (origin: string) => `remoteKey:${origin}`;

/** The server asks for it when `stet.completion.backend` is `remote`; it is sent nowhere else. */
export function attachRemoteKey(context: ExtensionContext, server: LanguageClient): Disposable[] {
  server.onRequest(remoteAccessRequest, async ({ origin }: RemoteAccessParams): Promise<RemoteAccess> => {
    const key = await context.secrets.get(secretOf(origin));
    const proxy = workspace.getConfiguration('http').get<string>('proxy');
    return { ...(key && { key }), ...(proxy && { proxy }) };
  });
  return [
    commands.registerCommand('stet.setRemoteKey', () => setRemoteKey(context)),
    commands.registerCommand('stet.clearRemoteKey', () => clearRemoteKey(context)),
  ];
}

async function setRemoteKey(context: ExtensionContext): Promise<void> {
  const origin = await namedOrigin();
  if (origin === undefined) return;
  const key = await window.showInputBox({
    title: 'Set Remote Key',
    prompt: `The key that ${origin} wants. It is kept in the editor’s secret storage.`,
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[\x21-\x7e]+$/.test(text) ? undefined : 'A key has no blanks and no letters beyond ASCII.',
  });
  if (!key) return;
  await context.secrets.store(secretOf(origin), key);
  await commands.executeCommand('stet.restartServer'); // which asks for it again
}

async function clearRemoteKey(context: ExtensionContext): Promise<void> {
  const origin = await namedOrigin();
  if (origin === undefined) return;
  await context.secrets.delete(secretOf(origin));
  await commands.executeCommand('stet.restartServer');
}

/** The server's that the setting names; says so where it names none. */
async function namedOrigin(): Promise<string | undefined> {
  const url = workspace.getConfiguration('stet').get<string>('completion.remoteUrl') ?? '';
  if (URL.canParse(url)) return new URL(url).origin;
  const open = 'Open Setting';
  const picked = await window.showInformationMessage(
    'Stet: a key is for one server. Name it in stet.completion.remoteUrl first.',
    open,
  );
  if (picked) await commands.executeCommand('workbench.action.openSettings', 'stet.completion.remoteUrl');
  return undefined;
}
