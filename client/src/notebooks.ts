/** tellNotebooks: tells the server which cells the open notebooks have, and in which order. */

// The cells themselves are documents and are synchronised as such. LSP's own notebook synchronisation
// would take that over and send every cell's text by a second way; only the order is missing, so only
// the order is sent. The server may hear of a cell before or after the cell is opened.

import { Disposable, type NotebookDocument, workspace } from 'vscode';
import { type LanguageClient, State } from 'vscode-languageclient/node';
import { type NotebookParams, notebookNotification } from '../../protocol/messages.ts';

export function tellNotebooks(client: LanguageClient): Disposable {
  const { asUri } = client.code2ProtocolConverter;
  const send = (notebook: NotebookDocument, isOpen: boolean) => {
    if (!client.isRunning()) return; // all are told when it is
    const cells = isOpen ? notebook.getCells().map(({ document }) => asUri(document.uri)) : [];
    const params: NotebookParams = { uri: asUri(notebook.uri), cells };
    client.sendNotification(notebookNotification, params).catch(() => {}); // it ended meanwhile
  };
  const parts = [
    client.onDidChangeState(({ newState }) => {
      if (newState !== State.Running) return;
      for (const notebook of workspace.notebookDocuments) send(notebook, true);
    }),
    workspace.onDidOpenNotebookDocument((notebook) => send(notebook, true)),
    workspace.onDidCloseNotebookDocument((notebook) => send(notebook, false)),
    workspace.onDidChangeNotebookDocument(({ notebook, contentChanges }) => {
      if (contentChanges.length > 0) send(notebook, true);
    }),
  ];
  return Disposable.from(...parts);
}
