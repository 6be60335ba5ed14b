/** hideWithdrawn: takes a suggestion off the screen when the server finds that it was wrong. */

import { commands, window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { type WithdrawnParams, withdrawnNotification } from '../../protocol/messages.ts';

export function hideWithdrawn(server: LanguageClient): void {
  server.onNotification(withdrawnNotification, ({ uri }: WithdrawnParams) => {
    const isOnScreen = window.activeTextEditor?.document.uri.toString() === uri;
    if (isOnScreen) void commands.executeCommand('editor.action.inlineSuggest.hide');
  });
}
