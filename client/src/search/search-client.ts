/** SearchClient: asks the server for code and hears of its index; streams what comes in between. */

import { type CancellationToken, CancellationTokenSource, EventEmitter } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  type IndexActionParams,
  type IndexActionResult,
  type IndexStatusParams,
  indexActionRequest,
  indexStatusNotification,
  type SearchParams,
  type SearchResponse,
  type SearchUpdateParams,
  searchRequest,
  searchUpdateNotification,
} from '../../../protocol/messages.ts';

/** What to find: words, or code to find the like of. */
export type SearchSubject = Pick<SearchParams, 'query' | 'similarTo'>;

/** As many as a person looks through, and a tree shows at once. */
export const nResults = 50;

const failed: SearchResponse = {
  results: [],
  note: 'The search failed. “Stet: Show Log” says why.',
  ms: 0,
};

export class SearchClient {
  private nSearches = 0;
  private readonly listeners = new Map<number, (update: SearchUpdateParams) => void>();
  private readonly changed = new EventEmitter<IndexStatusParams>();
  private current: IndexStatusParams | undefined;
  readonly onDidChangeStatus = this.changed.event;

  constructor(private readonly server: LanguageClient) {
    server.onNotification(searchUpdateNotification, (update: SearchUpdateParams) =>
      this.listeners.get(update.searchId)?.(update),
    );
    server.onNotification(indexStatusNotification, (status: IndexStatusParams) => {
      this.current = status;
      this.changed.fire(status);
    });
  }

  /** Undefined until the server has said something. */
  get status(): IndexStatusParams | undefined {
    return this.current;
  }

  /**
   * The final results; earlier ones go to `onUpdate`. Undefined when it was cancelled. Never rejects: what
   * goes wrong is the response's note.
   */
  async search(
    subject: SearchSubject,
    options: {
      readonly limit?: number;
      readonly token?: CancellationToken;
      readonly onUpdate?: (update: SearchUpdateParams) => void;
    } = {},
  ): Promise<SearchResponse | undefined> {
    const searchId = ++this.nSearches;
    const token = options.token ?? new CancellationTokenSource().token;
    if (options.onUpdate) this.listeners.set(searchId, options.onUpdate);
    try {
      const params: SearchParams = { ...subject, searchId, limit: options.limit ?? nResults };
      const response: SearchResponse | null = await this.server.sendRequest(searchRequest, params, token);
      return token.isCancellationRequested ? undefined : (response ?? failed);
    } catch {
      return token.isCancellationRequested ? undefined : failed;
    } finally {
      this.listeners.delete(searchId);
    }
  }

  /** Undefined when it went well, else what did not and the way out. */
  async act(action: IndexActionParams['action']): Promise<string | undefined> {
    const params: IndexActionParams = { action };
    try {
      const result: IndexActionResult | null = await this.server.sendRequest(indexActionRequest, params);
      return result ? result.error : failed.note;
    } catch {
      return failed.note;
    }
  }
}
