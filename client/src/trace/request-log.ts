/** RequestLog: every request for a suggestion as the editor saw it, from the key to the items handed over. */

// The server's trace of a request arrives on the same connection before its answer, so the trace that
// came last when the answer is there is the request's own. What the editor gave up has none.

import {
  type CancellationToken,
  EventEmitter,
  type InlineCompletionItem,
  type Position,
  type ProviderResult,
  type TextDocument,
  workspace,
} from 'vscode';
import type { RegretParams, TraceParams } from '../../../protocol/messages.ts';

/** One request. Times in milliseconds of the extension host's clock, which is monotonic. */
export interface LoggedRequest {
  readonly id: number;
  readonly uri: string;
  readonly languageId: string;
  /** 0-based. */
  readonly line: number;
  readonly character: number;
  readonly offset: number;
  /** The document's when the question was asked. */
  readonly documentVersion: number;
  /** When it was, for people. */
  readonly at: Date;
  /** The last change of the document before it, if it came at once; absent when the user asked. */
  readonly keydownMs?: number;
  readonly requestedMs: number;
  /** When the items went to the editor. */
  readonly answeredMs: number;
  /** The server's outcome, or `cancelled` (the editor moved on), or `off` (nothing is suggested here). */
  readonly outcome: string;
  /** Absent where the server did not finish, or did not begin. */
  readonly trace?: TraceParams;
  /** What was suggested. */
  readonly text?: string;
  /** What was typed there afterwards, as far as it was measured. */
  readonly regret?: RegretParams['regret'];
}

/** As many as a person looks back at. */
const maxRequests = 50;
/** A change longer ago than this is not what the request came of. */
const sameKeyMs = 1500;

/** What the editor asks. */
export interface Question {
  readonly document: TextDocument;
  readonly position: Position;
  /** While typing, as opposed to a command. */
  readonly isAutomatic: boolean;
  readonly token: CancellationToken;
}

type Answer = InlineCompletionItem[] | { readonly items: InlineCompletionItem[] };

export class RequestLog {
  private readonly added = new EventEmitter<LoggedRequest>();
  readonly onDidAdd = this.added.event;
  private readonly learned = new EventEmitter<void>();
  /** More is known of a request than when it was added. */
  readonly onDidLearn = this.learned.event;
  private readonly requests: LoggedRequest[] = [];
  private readonly changedMs = new Map<string, number>();
  private lastTrace: TraceParams | undefined;
  private nextId = 1;
  private readonly subscriptions = [
    this.added,
    this.learned,
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) this.changedMs.set(document.uri.toString(), performance.now());
    }),
    workspace.onDidCloseTextDocument(({ uri }) => this.changedMs.delete(uri.toString())),
  ];

  /** Newest last. */
  get all(): readonly LoggedRequest[] {
    return this.requests;
  }

  trace(trace: TraceParams): void {
    this.lastTrace = trace;
  }

  regret({ uri, version, offset, regret }: RegretParams): void {
    const at = this.requests.findIndex(
      (one) => one.documentVersion === version && one.offset === offset && sameUri(uri, one.uri),
    );
    if (at < 0) return;
    this.requests[at] = { ...(this.requests[at] as LoggedRequest), regret };
    this.learned.fire();
  }

  /** The middleware of the language client: passes the request on and notes what came of it. */
  async watch<T extends Answer>(
    question: Question,
    next: () => ProviderResult<T>,
  ): Promise<T | null | undefined> {
    const asked = this.asked(question);
    const before = this.lastTrace;
    let answer: T | null | undefined;
    try {
      answer = await next();
      return answer;
    } finally {
      // The server answers a request that the editor cancelled with an error, and without a trace.
      const isCancelled = question.token.isCancellationRequested;
      const isOwn = this.lastTrace !== before && sameUri(this.lastTrace?.uri, asked.uri);
      const trace = isOwn && !isCancelled ? this.lastTrace : undefined;
      const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
      const text = items[0]?.insertText;
      this.add({
        ...asked,
        answeredMs: performance.now(),
        outcome: isCancelled ? 'cancelled' : (trace?.outcome ?? 'off'),
        ...(trace && { trace }),
        ...(text !== undefined && { text: typeof text === 'string' ? text : text.value }),
      });
    }
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private asked({ document, position, isAutomatic }: Question) {
    const requestedMs = performance.now();
    const uri = document.uri.toString();
    const changedMs = this.changedMs.get(uri);
    const isOfKey = isAutomatic && changedMs !== undefined && requestedMs - changedMs < sameKeyMs;
    return {
      id: this.nextId++,
      uri,
      languageId: document.languageId,
      line: position.line,
      character: position.character,
      offset: document.offsetAt(position),
      documentVersion: document.version,
      at: new Date(),
      ...(isOfKey && { keydownMs: changedMs }),
      requestedMs,
    };
  }

  private add(request: LoggedRequest): void {
    this.requests.push(request);
    if (this.requests.length > maxRequests) this.requests.shift();
    this.added.fire(request);
  }
}

/** The server writes URIs a little differently (`%3A`). */
function sameUri(a: string | undefined, b: string): boolean {
  return a !== undefined && decodeURIComponent(a) === decodeURIComponent(b);
}
