/** Player: plays a typing session in a file of its own, with the editor's own keys, and measures. */

import {
  CancellationError,
  type CancellationToken,
  commands,
  languages,
  Range,
  Selection,
  TabInputText,
  type TextDocument,
  type TextEditor,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { AskEvent, EditEvent, SessionEvent } from '../../../protocol/session.ts';
import { stagesOf } from '../stages.ts';
import { reasonOf } from '../trace/reasons.ts';
import type { LoggedRequest, RequestLog } from '../trace/request-log.ts';
import { commentMark } from './file-session.ts';
import type { Answered } from './report.ts';

/** Who waits longer for an answer asks again. */
const asksAgainMs = 4000;
const pause = (ms: number) => new Promise<false>((resolve) => setTimeout(() => resolve(false), ms));
/** The benchmark ends when there is no answer for so long. */
const answersWithinMs = 60_000;

/** The benchmark cannot go on; the message says why. */
export class InterruptedError extends Error {}

/**
 * Plays until the end, the limit or the cancellation; whatever happens, the file in `folder` is gone
 * afterwards. It is a file with a name of its own and not an untitled document, because the editor
 * gives the names of those again while it still holds the last one that had it.
 */
export async function playSession(
  session: readonly SessionEvent[],
  folder: Uri,
  log: RequestLog,
  token: CancellationToken,
  nQuestion: number,
): Promise<Answered[]> {
  const [open] = session;
  if (open?.kind !== 'open') throw new InterruptedError('The session does not begin with a file.');
  // A first line of its own, since an answer that is known from another play is no measurement.
  const mark = `${commentMark(open.languageId)} play ${++nPlayed} of Stet's benchmark\n`;
  const file = Uri.joinPath(
    folder,
    `${nPlayed}-${open.name.replace(/^.*[\\/]/, '').replace(/[^\w.-]/g, '_')}`,
  );
  await workspace.fs.writeFile(file, new TextEncoder().encode(mark + open.text));
  let document: TextDocument | undefined;
  try {
    document = await workspace.openTextDocument(file);
    if (document.languageId !== open.languageId)
      document = await languages.setTextDocumentLanguage(document, open.languageId);
    throwIfCancelled(token);
    const editor = await window.showTextDocument(document, { preview: false });
    await commands.executeCommand('workbench.action.focusActiveEditorGroup');
    const player = new Player(editor, log, token);
    const measurements: Answered[] = [];
    for (const event of session.slice(1).map((played) => moved(played, mark.length))) {
      throwIfCancelled(token);
      if (event.kind === 'edit') player.pending.push(event);
      if (event.kind !== 'complete') continue;
      const asked = open.isRedacted ? { ...event, truth: '' } : event;
      measurements.push(await player.ask(asked, measurements.length === 0));
      if (measurements.length >= nQuestion) break;
    }
    player.requireFocus(); // who left during the last answer is not to be taken back
    return measurements;
  } finally {
    if (document) await discard(document);
    await workspace.fs.delete(file);
  }
}

let nPlayed = 0;

/** The event behind a first line of so many characters. */
function moved(event: SessionEvent, by: number): SessionEvent {
  if (event.kind === 'open') return event;
  if (event.kind === 'complete') return { ...event, offset: event.offset + by };
  return { ...event, start: event.start + by, endExclusive: event.endExclusive + by };
}

class Player {
  /** Edits of the session that are not in the document yet. */
  readonly pending: EditEvent[] = [];

  constructor(
    private readonly editor: TextEditor,
    private readonly log: RequestLog,
    private readonly token: CancellationToken,
  ) {}

  async ask({ offset, truth, isJump }: AskEvent, isFirst: boolean): Promise<Answered> {
    const { document } = this.editor;
    const key = this.takeKey(offset);
    for (const edit of this.pending.splice(0)) await this.apply(edit);
    const before = document.getText();
    const start = offset - key.length;
    this.requireFocus();
    const cursor = document.positionAt(start);
    this.editor.selection = new Selection(cursor, cursor);
    this.editor.revealRange(this.editor.selection);
    const request = await this.press(key);
    // An editor that closes brackets of itself has typed more than the session did.
    const wanted = before.slice(0, start) + key + before.slice(start);
    if (document.getText() !== wanted) await this.replaceAll(wanted);
    return measurementOf(request, truth, isFirst ? 'opened' : isJump ? 'jump' : 'typing');
  }

  /** Takes the character off the last edit that ends at `offset`, so that it can be typed. */
  private takeKey(offset: number): string {
    const last = this.pending.at(-1);
    if (!last || last.start !== last.endExclusive || last.start + last.text.length !== offset) return '';
    const key = [...last.text].at(-1) ?? '';
    if (key === '\n' || key === '\r' || key === '') return '';
    this.pending[this.pending.length - 1] = { ...last, text: last.text.slice(0, -key.length) };
    return key;
  }

  /**
   * Types `key`, or asks where there is none, and waits for the request that came of it. The editor
   * gives requests up for reasons of its own, so it is asked again now and then, as a person would;
   * one that is still under way is not asked twice, and counts from when it was.
   */
  private async press(key: string): Promise<LoggedRequest> {
    const trigger = () => commands.executeCommand('editor.action.inlineSuggest.trigger');
    this.requireFocus();
    const answered = this.nextRequest(performance.now());
    answered.catch(() => {}); // it may end by cancellation before it is awaited
    await (key === '' ? trigger() : commands.executeCommand('type', { text: key }));
    const isOver = answered.then(() => true);
    while (!(await Promise.race([isOver, pause(asksAgainMs)]))) {
      this.requireFocus();
      await commands.executeCommand('workbench.action.focusActiveEditorGroup');
      await trigger();
    }
    const request = await answered;
    if (request) return request;
    throw new InterruptedError('No answer came. “Stet: Show Log” may say why.');
  }

  /** The first finished request about the document since then; undefined when none comes. */
  private nextRequest(sinceMs: number): Promise<LoggedRequest | undefined> {
    const uri = this.editor.document.uri.toString();
    return new Promise((resolve, reject) => {
      const end = (finish: () => void) => {
        clearTimeout(timer);
        added.dispose();
        cancelled.dispose();
        finish();
      };
      const timer = setTimeout(() => end(() => resolve(undefined)), answersWithinMs);
      const cancelled = this.token.onCancellationRequested(() => end(() => reject(new CancellationError())));
      const added = this.log.onDidAdd((request) => {
        const isOurs = request.uri === uri && request.requestedMs >= sinceMs;
        const isFinal = request.outcome !== 'cancelled' && request.outcome !== 'stale';
        if (isOurs && isFinal) end(() => resolve(request));
      });
      if (this.token.isCancellationRequested) end(() => reject(new CancellationError()));
    });
  }

  private async apply({ start, endExclusive, text }: EditEvent): Promise<void> {
    if (start === endExclusive && text === '') return;
    const { document } = this.editor;
    const range = new Range(document.positionAt(start), document.positionAt(endExclusive));
    await this.edit(range, text);
  }

  private async replaceAll(text: string): Promise<void> {
    const { document } = this.editor;
    await this.edit(new Range(document.positionAt(0), document.positionAt(document.getText().length)), text);
  }

  private async edit(range: Range, text: string): Promise<void> {
    const options = { undoStopBefore: false, undoStopAfter: false };
    if (await this.editor.edit((edit) => edit.replace(range, text), options)) return;
    throw new InterruptedError("The benchmark's document was closed.");
  }

  requireFocus(): void {
    if (window.activeTextEditor?.document === this.editor.document) return;
    throw new InterruptedError('Another editor became active, so the benchmark ended.');
  }
}

function measurementOf(request: LoggedRequest, truth: string, kind: Answered['kind']): Answered {
  const { outcome, trace, text } = request;
  const stages = stagesOf(request);
  const firstLine = text?.split('\n')[0];
  return {
    kind,
    outcome,
    ms: Object.values(stages).reduce((a, b) => a + b, 0),
    stages,
    ...(truth.trim() !== '' && {
      isHit: reasonOf(outcome).isShown && firstLine !== undefined && firstLine === truth.replace(/\r$/, ''),
    }),
    ...(trace && { trace }),
  };
}

function throwIfCancelled(token: CancellationToken): void {
  if (token.isCancellationRequested) throw new CancellationError();
}

/** Gives the document's changes up and closes it, and shows again what was shown before. */
async function discard(document: TextDocument): Promise<void> {
  const shown = window.activeTextEditor?.document;
  // The command closes what is active, which the editor says of a document only some time after it is shown.
  for (let nTries = 0; (document.isDirty || isOpen(document)) && nTries < maxDiscardTries; nTries++) {
    await window.showTextDocument(document, { preview: false });
    if (window.activeTextEditor?.document === document)
      await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    else await pause(discardPauseMs);
  }
  if (shown && shown !== document && !shown.isClosed) await window.showTextDocument(shown);
}

const maxDiscardTries = 50;
const discardPauseMs = 100;

/** Whether a tab shows the document. */
function isOpen({ uri }: TextDocument): boolean {
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.some(({ input }) => input instanceof TabInputText && input.uri.toString() === uri.toString());
}
