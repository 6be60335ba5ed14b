/** Recorder: “Stet: Record Typing Session”, from one press of the command to the next. */

// Nothing is recorded unless asked for, of one document only, and it goes where the user says.

import {
  type Disposable,
  StatusBarAlignment,
  type StatusBarItem,
  type TextEditor,
  ThemeColor,
  Uri,
  window,
  workspace,
} from 'vscode';
import { formatSession } from '../../../protocol/session.ts';
import type { RequestLog } from '../trace/request-log.ts';
import { SessionWriter } from './session-writer.ts';

/** Names of files that hold secrets: these are not recorded, redacted or not. The names in which the engine suggests nothing. */
const secretNames = [
  /(^|\/)\.env[^/]*$/i,
  /\.(env|pem|key|p12|pfx|jks|keystore|kdbx|asc|gpg|ppk|crt|cer|der)[#~]?$/i,
  /(^|\/)\.(npmrc|pypirc|netrc|pgpass|htpasswd|git-credentials)[#~]?$/i,
  /(^|\/)(secrets?|credentials?|id_(rsa|dsa|ecdsa|ed25519))(\.[^/]*)?[#~]?$/i,
];

interface Recording {
  readonly uri: string;
  readonly writer: SessionWriter;
  readonly item: StatusBarItem;
  readonly subscriptions: readonly Disposable[];
}

export class Recorder implements Disposable {
  private recording: Recording | undefined;

  constructor(private readonly requests: RequestLog) {}

  /** Starts, or stops and asks where to. */
  async toggle(): Promise<void> {
    if (this.recording) return this.stop();
    const editor = window.activeTextEditor;
    if (!editor) return void window.showInformationMessage('Stet: open the file to type in first.');
    if (secretNames.some((names) => names.test(editor.document.uri.path))) {
      return void window.showWarningMessage(
        "Stet: the file's name says that it holds secrets, so it is not recorded.",
      );
    }
    const isRedacted = await askHow();
    if (isRedacted !== undefined) this.start(editor, isRedacted);
  }

  dispose(): void {
    this.end();
  }

  private start({ document }: TextEditor, isRedacted: boolean): void {
    const startMs = performance.now();
    const uri = document.uri.toString();
    const writer = new SessionWriter({
      name: workspace.asRelativePath(document.uri),
      languageId: document.languageId,
      text: document.getText(),
      isRedacted,
    });
    const item = window.createStatusBarItem('stet.recording', StatusBarAlignment.Right, 99);
    item.name = 'Stet: recording';
    item.text = '$(record) Recording';
    item.tooltip = 'Stet records what is typed in this file. Click to stop.';
    item.command = 'stet.recordSession';
    item.backgroundColor = new ThemeColor('statusBarItem.errorBackground');
    item.show();
    const subscriptions = [
      workspace.onDidChangeTextDocument((event) => {
        if (event.document !== document) return;
        // Changes of one event are given from the end of the text to its start.
        for (const { rangeOffset, rangeLength, text } of event.contentChanges) {
          writer.edit(rangeOffset, rangeOffset + rangeLength, text, performance.now() - startMs);
        }
        if (writer.isFull) void this.stop();
      }),
      this.requests.onDidAdd((request) => {
        const isAnswered = request.outcome !== 'cancelled' && request.outcome !== 'stale';
        if (request.uri !== uri || !isAnswered) return;
        if (request.documentVersion !== document.version) return; // more was typed since
        writer.ask(request.offset, request.requestedMs - startMs);
      }),
      workspace.onDidCloseTextDocument((closed) => {
        if (closed === document) void this.stop();
      }),
    ];
    this.recording = { uri, writer, item, subscriptions };
  }

  private async stop(): Promise<void> {
    const writer = this.end();
    if (!writer) return;
    const start = workspace.workspaceFolders?.[0]?.uri;
    const file = await window.showSaveDialog({
      title: 'Where the typing session goes',
      filters: { 'JSON lines': ['jsonl'] },
      ...(start && { defaultUri: Uri.joinPath(start, 'typing-session.jsonl') }),
    });
    if (!file) return;
    await workspace.fs.writeFile(file, new TextEncoder().encode(formatSession(writer.finish())));
    void window.showInformationMessage(
      `Stet: ${writer.nQuestion} questions recorded. “Stet: Benchmark” and \`npm run bench -- replay\` play them.`,
    );
  }

  private end(): SessionWriter | undefined {
    const { recording } = this;
    this.recording = undefined;
    recording?.item.dispose();
    for (const subscription of recording?.subscriptions ?? []) subscription.dispose();
    return recording?.writer;
  }
}

async function askHow(): Promise<boolean | undefined> {
  const items = [
    {
      label: '$(eye-closed) Redacted',
      detail: 'Letters and digits are replaced. Times can be measured with it, hits cannot.',
      isRedacted: true,
    },
    {
      label: '$(eye) With its text',
      detail: "The file's text and all that you type in it. Keep it to yourself if the code is yours alone.",
      isRedacted: false,
    },
  ];
  const picked = await window.showQuickPick(items, {
    title: 'Stet: Record Typing Session',
    placeHolder: 'Recorded in memory until you stop; then you say where the file goes',
  });
  return picked?.isRedacted;
}
